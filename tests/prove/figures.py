"""Figures over a year of work: each is the number that SQL finds, and the same when it is counted from nothing."""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.cells import LARGEST_ERROR, FigureCells, Spread, Sums
from dtm_contact.figures.counting import CountingContext, count_days, periods_of
from dtm_contact.figures.definitions import FIGURES, Basis, Figure, FigureKind, Unit
from dtm_contact.figures.listing import CountedCase, cases_behind
from dtm_contact.figures.overview import FigureSpan, Grain, Place
from dtm_contact.store import Store, open_store
from tests.prove import figures_sql
from tests.prove.figures_store import CALENDARS, OFFICES, PARIS, Writer, places_of, put
from tests.store.fresh import fresh_store

RESIDENCES = tuple((f"R{number:03d}", OFFICES[number % 5]) for number in range(1, 57))
_OFFICE_OF = dict(RESIDENCES)
_DAYS_OF_A_PASS = 62
_DAYS_OF_A_YEAR = 365
_MONTHS_LISTED = 2
_OFFICES_LISTED = ("pantin", "agence", None)
_ROUNDING = 0.02
"""Minutes by which SQLite's day numbers are rounded."""


@dataclass(slots=True)
class Outcome:
    """What a trial showed; `faults`: each figure that differed, and where."""

    cases: int
    events: int = 0
    numbers: int = 0
    quantiles: int = 0
    lists: int = 0
    worst: float = 0.0
    fill: float = 0.0
    rebuild: float = 0.0
    again: float = 0.0
    sql: float = 0.0
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"figures over {self.cases:,} cases with {self.events:,} events, made in {self.fill:.0f} s"
        yield f"  counted from nothing in {self.rebuild:.1f} s, once more in {self.again:.1f} s"
        yield f"  by SQL in {self.sql:.0f} s"
        yield f"  numbers held against SQL, by day, office, residence and topic: {self.numbers:,}"
        yield f"  medians and 90th percentiles: {self.quantiles:,}, the farthest {self.worst:.2%} off"
        yield f"  lists of cases held against their number: {self.lists:,}"
        yield from (f"  FAULT {fault}" for fault in self.faults[:20])


def made_store(store: Store, cases: int, first: date, days: int, random: Random) -> datetime:
    """Fill an empty store with so many cases; return its now."""
    writer = Writer(random, places_of(RESIDENCES), first, days)
    put(store, writer.write(cases))
    return writer.end


def grounds(now: datetime) -> CountingContext:
    """Return what counting needs beside such a store."""
    return CountingContext(TimeContext(PARIS, now, CALENDARS), _OFFICE_OF)


def prove_figures(
    folder: Path, cases: int, random: Random, days: int = 365, first: date = date(2025, 12, 8)
) -> Outcome:
    """Make a store, count it, count it by SQL, hold the two against each other, and count it once more."""
    outcome = Outcome(cases)
    url = f"sqlite:///{folder}/figures.db"
    fresh_store(url)
    with open_store(url) as store:
        began = time.monotonic()
        now = made_store(store, cases, first, days, random)
        outcome.fill = time.monotonic() - began
        last = first + timedelta(days=days)
        began = time.monotonic()
        found = count_days(store, first, last, grounds(now))
        store.figures.put(periods_of(store, found, now))
        outcome.rebuild = time.monotonic() - began
        hold_against_sql(store, found, now, outcome)
        hold_balance(found, outcome)
        hold_lists(store, found, now, outcome)
        began = time.monotonic()
        _count_again(store, found, now, outcome)
        outcome.again = time.monotonic() - began
        _hold_weeks_and_months(store, found, outcome)
    return outcome


def _count_again(store: Store, found: Mapping[date, FigureCells], now: datetime, outcome: Outcome) -> None:
    """Count the last weeks as every night does, the last day as every few minutes; all again where that is short."""
    first, last = min(found), max(found)
    passes = [(max(first, last - timedelta(days=_DAYS_OF_A_PASS)), last), (last, last)]
    if (last - first).days < _DAYS_OF_A_YEAR:
        passes += [(first, last), (first, first + timedelta(days=20))]
    for since, until in passes:
        for day, cells in count_days(store, since, until, grounds(now)).items():
            if (cells.keys, cells.measures, cells.octets) != (found[day].keys, found[day].measures, found[day].octets):
                outcome.faults.append(f"{day} counted from {since} to {until} differs")


def _hold_weeks_and_months(store: Store, found: Mapping[date, FigureCells], outcome: Outcome) -> None:
    first, last = min(found), max(found)
    for grain in ("week", "month"):
        kept = store.figures.periods(grain, first - timedelta(days=31), last)
        for measure in ("opened", "closed", "calls_unserved"):
            whole = sum(_total(FigureCells.unpack(each.keys, each.measures, each.cells), measure) for each in kept)
            if whole != sum(_total(cells, measure) for cells in found.values()):
                outcome.faults.append(f"{measure} by {grain} differs from that by day")


def _total(cells: FigureCells, measure: str) -> int:
    return cells.whole()[measure]


def hold_lists(store: Store, found: Mapping[date, FigureCells], now: datetime, outcome: Outcome) -> None:
    """Hold the cases that the desk lists behind each figure against its number, by month, in one office and in all."""
    listed = [figure for figure in FIGURES if figure.basis is not Basis.COUNTED_ONLY and figure.unit is not Unit.DAYS]
    months = sorted({day.replace(day=1) for day in found})
    for figure, month, office in product(listed, months[-_MONTHS_LISTED:], _OFFICES_LISTED):
        span, place = FigureSpan.of(Grain.MONTH, month), Place(office=office)
        cases = cases_behind(store, figure, place, (span.first, span.last), grounds(now)).cases
        days = [day for day in found if span.first <= day <= span.last]
        counted = [found[day].whole(place.where) for day in ([max(days)] if figure.kind is FigureKind.STOCK else days)]
        number = sum(_listed_number(figure, counts) for counts in counted)
        # An incident is of several cases; what is in no case has none to list.
        times = number if figure.basis is Basis.INCIDENTS and cases else sum(case.times for case in cases)
        outcome.lists += 1
        if times != number:
            outcome.faults.append(f"{figure.id} of {month} at {office}: {times} listed and not {number}")
        _hold_parts(figure, cases, counted, outcome)


def _listed_number(figure: Figure, counts: Sums) -> int:
    if figure.kind is FigureKind.QUANTILE:
        return Spread.of(counts, figure.measure).count
    # The calls that are answered here lie in no case.
    lone = counts["calls_answered"] if figure.id == "arrivals" else 0
    return (
        sum(counts[name] for name in ((figure.whole,) if figure.whole else figure.sum_of or (figure.measure,))) - lone
    )


def _hold_parts(figure: Figure, cases: Sequence[CountedCase], counted: Sequence[Sums], outcome: Outcome) -> None:
    if figure.kind is FigureKind.SHARE:
        part, number = sum(case.parts for case in cases), sum(counts[figure.measure] for counts in counted)
        if part != number:
            outcome.faults.append(f"{figure.id}: {part} listed as its part and not {number}")


def hold_balance(found: Mapping[date, FigureCells], outcome: Outcome) -> None:
    """Hold the open cases of each day, office, residence and topic against those before, with what came and went."""
    before: Mapping[tuple[str, str, str], Counter[str]] = {}
    for day, cells in sorted(found.items()):
        counted = cells.counted()
        for key in before.keys() | counted.keys():
            was, counts = before.get(key, Counter[str]())["open"], counted.get(key, Counter[str]())
            came = counts["opened"] + counts["reopened"] + counts["handed_in"]
            went = counts["closed"] + counts["merged"] + counts["handed_away"]
            outcome.numbers += 1
            if was + came - went != counts["open"]:
                outcome.faults.append(f"{day} {key}: {was} + {came} - {went} open, and not {counts['open']}")
        before = counted


def hold_against_sql(store: Store, found: Mapping[date, FigureCells], now: datetime, outcome: Outcome) -> None:
    """Count all figures by SQL, and note where they differ."""
    began = time.monotonic()
    text, days = figures_sql.as_text(now), sorted(found)
    measured = {day: cells.counted() for day, cells in found.items()}
    with store.database.engine.connect() as connection:
        outcome.events = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        figures_sql.prepare(connection, days, text, _OFFICE_OF)
        by_sql = figures_sql.counted(connection, text)
        for measure, expected in by_sql.items():
            mine = Counter(
                {
                    (day.isoformat(), *key): counts[measure]
                    for day, keys in measured.items()
                    for key, counts in keys.items()
                    if counts[measure]
                }
            )
            theirs = Counter(
                {place: count for place, count in expected.items() if count and date.fromisoformat(place[0]) in found}
            )
            outcome.numbers += len(theirs)
            if mine != theirs:
                differing = sorted((at for at in mine.keys() | theirs.keys() if mine[at] != theirs[at]), key=str)
                some = [f"{place} {mine[place]} and not {theirs[place]}" for place in differing[:3]]
                outcome.faults.append(f"{measure}: {len(differing)} differ: {'; '.join(some)}")
        for measure, expected_spans in figures_sql.durations(connection):
            _hold_durations(measure, expected_spans, measured, outcome)
        uncounted = {figure.measure for figure in FIGURES if figure.kind is not FigureKind.QUANTILE} - {"arrivals"}
        uncounted -= by_sql.keys()
        outcome.faults += [f"{measure} is not counted by SQL" for measure in sorted(uncounted)]
    outcome.sql = time.monotonic() - began


def _hold_durations(
    measure: str,
    expected: Mapping[tuple[str, str, str, str], list[float]],
    measured: Mapping[date, Mapping[tuple[str, str, str], Counter[str]]],
    outcome: Outcome,
) -> None:
    mine: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    theirs: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for day, keys in measured.items():
        for key, counts in keys.items():
            spans = Counter({name: count for name, count in counts.items() if name.startswith(f"{measure}:")})
            for group in _groups(day.isoformat(), *key):
                mine[group].update(spans)
    for place, minutes in expected.items():
        if date.fromisoformat(place[0]) in measured:
            for group in _groups(*place):
                theirs[group].extend(minutes)
    for group in mine.keys() | theirs.keys():
        _hold_spread(f"{measure} of {group}", Spread.of(mine[group], measure), sorted(theirs[group]), outcome)


def _hold_spread(name: str, spread: Spread, exact: list[float], outcome: Outcome) -> None:
    outcome.numbers += 1
    if spread.count != len(exact):
        outcome.faults.append(f"{name}: {spread.count} and not {len(exact)}")
        return
    for part in (0.5, 0.9) if exact else ():
        true = exact[max(1, math.ceil(part * len(exact))) - 1]
        outcome.quantiles += 1
        off = abs((spread.quantile(part) or 0.0) - true)
        if true >= 1:
            outcome.worst = max(outcome.worst, off / true)
        if off > max(1.0, true * LARGEST_ERROR + _ROUNDING):
            outcome.faults.append(f"{name}: {spread.quantile(part)} and not {true}")


def _groups(day: str, office: str, residence: str, topic: str) -> tuple[tuple[str, ...], ...]:
    month = day[:7]
    return (month,), (month, office), (month, office, topic), ("", residence), (day,)
