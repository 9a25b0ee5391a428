"""Intervals, quantiles off histograms, and what stands out: held against numbers from elsewhere."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.figures.cells import LARGEST_ERROR, Division, FigureCells, Spread, added, bin_of, merged, timed
from dtm_contact.figures.comparing import (
    Value,
    byar,
    drawn,
    gap_of,
    is_relevant,
    is_worse,
    ranks,
    value_of,
    wilson,
)
from dtm_contact.figures.definitions import BY_ID, FIGURES
from dtm_contact.figures.scanning import SMALLEST, ComparedCounts, Runs, at_least, evidence
from dtm_contact.figures.telling import format_drawn
from tests.prove.program import chance as made


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)],
)
def test_wilson_is_as_in_the_books(part: int, whole: int, low: float, high: float) -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.67), (1, 0.01, 5.57), (10, 4.79, 18.39), (100, 81.36, 121.63)]
)
def test_byar_is_near_the_exact_interval(count: int, low: float, high: float) -> None:
    assert byar(count) == pytest.approx((low, high), abs=0.1)


def test_a_binomial_tail_is_exact_also_where_it_is_tiny() -> None:
    assert at_least(9, 1, 0.5) == pytest.approx(11 / 1024)
    assert at_least(0, 5, 0.3) == pytest.approx(1.0)
    assert at_least(40, 0, 0.1) == pytest.approx(1e-40)
    # So unlikely that it is told as 0: at once, and not after as many steps as there are cases.
    assert at_least(20_000, 10**9, 1e-9) == 0.0


def test_the_run_that_is_told_is_the_one_in_which_the_place_is_worse() -> None:
    whole, good, bad = np.full(12, 100), 10, 40
    shares = np.array([good] * 5 + [bad] * 3 + [good] * 4)
    compared = ComparedCounts(shares[None], whole[None], np.full((1, 12), good), whole[None])
    runs = Runs.ending(range(12))
    ((run, strength),) = (each for each in compared.worst(runs, 0.05) if each)
    assert (runs.first[run], runs.last[run]) == (5, 7)
    assert strength > runs.least_evidence
    assert compared.worst(Runs.ending([11]), 0.05) == [None]  # its last period is not worse
    assert compared.worst(runs, 0.31) == [None]


def test_evidence_needs_enough_on_both_sides() -> None:
    few, many = np.array(SMALLEST - 1), np.array(SMALLEST)
    assert evidence(few, few, many * 0, many) == -np.inf
    assert evidence(many, many, few * 0, few) == -np.inf
    assert evidence(many, many, many * 0, many) > 7


@given(st.lists(st.floats(0, 500_000), min_size=1, max_size=300), st.sampled_from((0.5, 0.9)))
def test_a_quantile_off_a_histogram_is_as_near_as_is_said(minutes: list[float], part: float) -> None:
    counts = Counter(timed("first_answer", timedelta(minutes=each)) for each in minutes)
    exact = sorted(minutes)[max(1, -int(-part * len(minutes) // 1)) - 1]
    found = Spread.of(counts, "first_answer").quantile(part)
    assert found is not None
    assert abs(found - exact) <= max(1.0, exact * LARGEST_ERROR * 1.001)


def test_the_bins_follow_each_other() -> None:
    bins = [bin_of(minute) for minute in range(2000)]
    assert bins == sorted(bins)
    assert bins[0] == 0 < bins[1]


def packed(**counts: int) -> FigureCells:
    return FigureCells.pack({("o", "r", "t"): counts})


def test_of_several_days_the_last_stock_holds_and_the_rest_is_added_up() -> None:
    days = [
        packed(opened=2, open=7, oldest=9),
        packed(opened=3, open=5),
        FigureCells.pack({("p", "", ""): {"open": 1}}),
    ]
    whole = merged(days).counted()
    assert whole == {("o", "r", "t"): {"opened": 5}, ("p", "", ""): {"open": 1}}


@given(st.integers(0, 2**31))
def test_packing_keeps_everything_and_parts_add_up(seed: int) -> None:
    chance = made(seed)
    counted = {
        (chance.choice("ab"), chance.choice("rs"), chance.choice("tuv")): Counter(
            {name: chance.randrange(5) for name in ("opened", "closed", "first_answer:3")}
        )
        for _ in range(8)
    }
    cells = FigureCells.pack(counted)
    again = FigureCells.unpack([list(key) for key in cells.keys], list(cells.measures), cells.octets)
    assert again.counted() == {key: +counts for key, counts in counted.items() if +counts}
    by_office = again.by(Division.OFFICE)
    assert (
        added(by_office.values()) == again.whole() == +sum((Counter(counts) for counts in counted.values()), Counter())
    )


def test_cells_of_something_else_are_refused() -> None:
    cells = packed(opened=1)
    with pytest.raises(ValueError, match="other keys"):
        FigureCells.unpack([], [], cells.octets)


def test_few_cases_are_not_compared() -> None:
    figure = BY_ID["in_time"]
    few = value_of(figure, {"due": SMALLEST - 1, "due_met": 1})
    many = value_of(figure, {"due": 4000, "due_met": 3600})
    assert not few.is_comparable
    assert not is_worse(figure, few, many)
    assert gap_of(figure, {"a": few, "b": many}) is None


def test_the_gap_is_sure_where_the_intervals_do_not_touch() -> None:
    figure = BY_ID["in_time"]
    values = {"a": value_of(figure, {"due": 400, "due_met": 360}), "b": value_of(figure, {"due": 400, "due_met": 300})}
    gap = gap_of(figure, values)
    assert gap is not None
    assert (gap.best, gap.worst, gap.is_sure) == ("a", "b", True)
    near = {**values, "b": value_of(figure, {"due": 400, "due_met": 355})}
    assert not (gap_of(figure, near) or gap).is_sure


def test_what_waits_is_compared_by_its_share_of_the_open_cases() -> None:
    figure = BY_ID["late"]
    busy, idle = value_of(figure, {"late": 60, "open": 1200}, 1000), value_of(figure, {"late": 40, "open": 80}, 4000)
    gap = gap_of(figure, {"busy": busy, "idle": idle})
    assert gap is not None
    assert (gap.best, gap.worst, gap.worst_number, gap.is_sure) == ("busy", "idle", 50, True)
    assert is_worse(figure, idle, busy)


@pytest.mark.parametrize("name", [figure.id for figure in FIGURES if figure.is_rated and not figure.judged_of])
def test_how_much_there_is_to_do_is_shown_and_nobody_judged_by_it(name: str) -> None:
    figure = BY_ID[name]
    measure = "arrivals.email" if name == "arrivals" else figure.measure
    much, little = value_of(figure, {measure: 900}, 1000), value_of(figure, {measure: 90}, 1000)
    assert much.rate == 900
    assert not is_worse(figure, much, little)
    assert not is_worse(figure, little, much)
    assert gap_of(figure, {"much": much, "little": little}) is None
    assert figure.weight == 0


def test_a_place_without_dwellings_has_no_rate_and_none_is_drawn() -> None:
    figure = BY_ID["opened"]
    agency = value_of(figure, {"opened": 2900})
    assert agency.rate is None
    assert drawn(figure, agency) is None
    assert format_drawn(figure, agency) == "–"


def test_a_share_of_nothing_and_a_median_of_none_are_no_number() -> None:
    assert value_of(BY_ID["in_time"], {}) == Value(None, 0)
    assert value_of(BY_ID["first_answer_median"], {}) == Value(None, 0)
    assert ranks(0.5, 1) == (1, 1)


@pytest.mark.parametrize(
    ("name", "one", "two", "told"),
    [
        ("in_time", 70.0, 74.9, False),
        ("in_time", 70.0, 75.0, True),
        ("first_answer_median", 60.0, 74.0, False),
        ("first_answer_median", 60.0, 75.0, True),
        ("first_answer_median", 600.0, 650.0, False),
        ("alarm_look_median", 5.0, 10.0, True),
    ],
)
def test_what_differs_by_too_little_to_act_on_is_alike(name: str, one: float, two: float, *, told: bool) -> None:
    assert is_relevant(BY_ID[name], one, two) is is_relevant(BY_ID[name], two, one) is told


def test_a_place_is_worse_only_by_enough_to_matter() -> None:
    figure = BY_ID["in_time"]
    whole = value_of(figure, {"due": 90_000, "due_met": 81_000})
    assert not is_worse(figure, value_of(figure, {"due": 90_000, "due_met": 77_500}), whole)
    assert is_worse(figure, value_of(figure, {"due": 90_000, "due_met": 76_000}), whole)
