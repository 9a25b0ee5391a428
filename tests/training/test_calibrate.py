"""What is learned of agents' words on alarms, what is refused, and what a hostile or careless set of labels may do."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from math import exp

import numpy as np
import pytest

from dtm_contact.model import Alarm, AlarmLevel, AlarmSource
from dtm_contact.store import AlarmLabel
from dtm_contact.topics import DangerLimits, Reader
from dtm_contact.topics.model import BY_OUTAGE, DANGER, NOBODY

pytest.importorskip("sklearn", reason="scikit-learn (the group training) is not installed")

from training.calibrate import (
    LEAST_LABELS,
    LEAST_OF_A_KIND,
    Recalibration,
    Said,
    TooLittleSaidError,
    check,
    kept_aside,
    last_words,
    recalibrate,
    worth,
)

LIMITS = DangerLimits(0.7, 0.1)
AT = datetime(2026, 11, 24, tzinfo=UTC)


def invented(count: int, *, stretch: float = 1.0, shift: float = 0.0, seed: int = 7) -> list[Said]:
    """Return labels of a site where the true log-odds are those of the model, stretched and shifted."""
    chance = random.Random(seed)  # noqa: S311 - it makes data
    found = []
    for number in range(count):
        odds = chance.uniform(-2.2, 4.0)
        danger = chance.random() < 1 / (1 + exp(-(stretch * odds + shift)))
        found.append(Said(f"2026-{number:06}", 1 / (1 + exp(-odds)), danger))
    return found


def shown(said: Sequence[Said]) -> list[float]:
    return [each.probability for each in said]


def label(case: str, score: float | None, danger: bool) -> AlarmLabel:  # noqa: FBT001 - what it is about
    alarm = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, score, 0.7)
    return AlarmLabel(case, AT, "anne", "no_danger", alarm, danger)


def test_a_site_with_fewer_dangers_lowers_the_probabilities_and_rings_less_in_vain() -> None:
    learned, aside = kept_aside(invented(600, shift=-2.0))
    found = recalibrate(learned, shown(learned), LIMITS)
    assert found.shift == pytest.approx(-2.0, abs=0.5)
    assert found.stretch == pytest.approx(1.0, abs=0.25)
    before, after = (worth(aside, p, LIMITS) for p in (np.array(shown(aside)), found.probability(shown(aside))))
    assert after.loss < before.loss
    assert after.false_woken < before.false_woken
    assert after.dangers == before.dangers


def test_a_site_as_the_model_thinks_changes_nothing_much() -> None:
    said = invented(600)
    found = recalibrate(said, shown(said), LIMITS)
    assert found.probability([0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.07)


def test_few_labels_move_less_than_many() -> None:
    few = invented(60, shift=-2.0)
    many = few * 10
    assert abs(recalibrate(few, shown(few), LIMITS).shift) < abs(recalibrate(many, shown(many), LIMITS).shift)


def test_probabilities_never_change_their_order() -> None:
    said = invented(200, stretch=0.6, shift=-1.0)
    told = recalibrate(said, shown(said), LIMITS).probability([0.0, 0.01, 0.3, 0.7, 0.99, 1.0])
    assert list(told) == sorted(told)
    assert all(0 < each < 1 for each in told)


def test_a_label_counts_for_the_cases_of_its_band_that_nobody_labelled() -> None:
    """Where agents click on dangers alone, what is possible and never labelled still tells how rare they are."""
    said = [Said(f"{n}", 0.2, n % 2 == 0) for n in range(60)] + [Said(f"c{n}", 0.9, n % 5 > 0) for n in range(60)]
    alike = recalibrate(said, shown(said), LIMITS)
    many_certain = recalibrate(said, [*shown(said), *[0.9] * 300], LIMITS)
    assert float(many_certain.probability([0.9])[0]) != pytest.approx(float(alike.probability([0.9])[0]), abs=1e-4)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], f"{LEAST_LABELS} are needed"),
        (invented(3), "agents said of 3 alarms"),
        ([Said(f"{n}", 0.5, True) for n in range(500)], "others than dangers"),
        ([Said(f"{n}", 0.5, False) for n in range(500)], "of 500 labels 0 are dangers"),
        ([Said(f"{n}", 0.5, n < LEAST_OF_A_KIND - 1) for n in range(500)], f"{LEAST_OF_A_KIND} of each kind"),
    ],
)
def test_too_little_is_refused_with_what_is_wanted(said: list[Said], reason: str) -> None:
    with pytest.raises(TooLittleSaidError, match=reason):
        check(said)


def test_labels_that_contradict_the_model_are_refused() -> None:
    upside_down = [Said(each.case_number, each.probability, not each.danger) for each in invented(400, stretch=2.0)]
    with pytest.raises(TooLittleSaidError, match="contradict the model"):
        recalibrate(upside_down, shown(upside_down), LIMITS)


def test_labels_by_chance_are_refused() -> None:
    chance = random.Random(3)  # noqa: S311 - it makes data
    said = [Said(each.case_number, each.probability, chance.random() < 0.5) for each in invented(800)]
    with pytest.raises(TooLittleSaidError, match="contradict the model"):
        recalibrate(said, shown(said), LIMITS)


@pytest.mark.parametrize("probability", [0.0, 1.0, 0.5])
def test_labels_all_of_one_probability_do_no_harm(probability: float) -> None:
    said = [Said(f"{n}", probability, n % 3 == 0) for n in range(90)]
    try:
        found = recalibrate(said, shown(said), LIMITS)
    except TooLittleSaidError:
        return
    assert np.isfinite([found.stretch, found.shift]).all()


def test_the_last_word_on_a_case_counts_once_by_the_probability_before_any_word() -> None:
    said = last_words(
        [
            label("2", 0.4, False),
            label("1", 0.3, False),
            label("2", 0.4, True),
            label("3", None, True),
            label("2", 0.9, False),
        ]
    )
    assert said == [Said("1", 0.3, False), Said("2", 0.4, False)]


def test_the_same_cases_are_kept_aside_each_time() -> None:
    said = invented(300)
    learned, aside = kept_aside(said)
    assert (learned, aside) == kept_aside(said[::-1][::-1])
    assert 60 < len(aside) < 140
    assert not {each.case_number for each in learned} & {each.case_number for each in aside}


def test_a_worse_proposal_is_called_worse() -> None:
    said = [Said("1", 0.8, True), Said("2", 0.2, False)]
    today = worth(said, np.array([0.8, 0.2]), LIMITS)
    assert not today.is_worse_than(today)
    assert worth(said, np.array([0.05, 0.2]), LIMITS).is_worse_than(today)
    assert worth(said, np.array([0.8, 0.75]), LIMITS).is_worse_than(today)
    assert not worth(said, np.array([0.9, 0.05]), LIMITS).is_worse_than(today)
    assert "missed 0" in str(today)


def test_the_model_judges_as_the_labels_were_judged(reader: Reader) -> None:
    changed = Recalibration(0.8, -1.0).of(reader.model, 90)
    for name in (DANGER, BY_OUTAGE):
        scores = [0.3] * len(reader.model.calibrations[name].slopes)
        kept = reader.model.calibrations[name].probability(scores)
        expected = float(Recalibration(0.8, -1.0).probability([kept])[0])
        assert changed.calibrations[name].probability(scores) == pytest.approx(expected, abs=1e-6)
    assert changed.about["calibrated"] == {"stretch": 0.8, "shift": -1.0, "labels": 90}
    assert NOBODY not in changed.calibrations or changed.calibrations[NOBODY] == reader.model.calibrations[NOBODY]
    assert changed.columns == reader.model.columns
