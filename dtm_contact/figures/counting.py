"""Counting days of a store: one walk over the cases that may add something to them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dtm_contact.figures.case_facts import UNSERVED, CaseFacts, CaseRows, Incidents, TimeContext, is_incoming
from dtm_contact.figures.cells import FigureCells, Tally, merged, weeks_and_months
from dtm_contact.figures.definitions import INCIDENT_TOPICS, base_of, measure_digests
from dtm_contact.store import Store
from dtm_contact.store.figures import CaseRow, ContactRow, EventRow, FigureRows, Period

_OUTCOMES = tuple(sorted(UNSERVED))
_ASIDE = frozenset({"automatic", "spam"})
_ERASABLE = ("opened", "set_aside", "calls_answered")
"""Measures of which a store holds less than was counted only where something was erased since."""


@dataclass(frozen=True, slots=True)
class CountingContext:
    """What counting needs beside the store.

    Attributes:
        times: the zone, the time, when each queue is open.
        offices: the office that works each residence, for calls of no case.
    """

    times: TimeContext
    offices: Mapping[str, str]


def count_days(store: Store, first: date, last: date, grounds: CountingContext) -> dict[date, FigureCells]:
    """Count the days from one to another, both included, from what the store holds now.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    times, tally = grounds.times, Tally.of(first, last)
    start = datetime.combine(first, time.min, times.zone).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, times.zone).astimezone(UTC)
    incidents = Incidents(times)
    with store.database.reading() as connection:
        rows = FigureRows(connection)
        for case in case_rows(rows, rows.cases_of(start, end, times.calls_over(start, min(end, times.now)), _OUTCOMES)):
            facts = CaseFacts(case, times)
            facts.count(tally)
            if case.case.topic in INCIDENT_TOPICS and start <= case.case.opened_at < end:
                incidents.look_at(case.case, facts.key_at(case.case.opened_at)[0], facts.last_closed)
        for contact in rows.contacts_without_case(start, end):
            _count_lone(tally, contact, grounds)
    incidents.count(tally)
    return {day: FigureCells.pack(counted) for day, counted in tally.days.items()}


def case_rows(
    rows: FigureRows, ids: Sequence[int], *, contacts: bool = True, alarms: bool = True
) -> Iterator[CaseRows]:
    """Yield what the store holds of some cases, by their ids, in the order of those.

    Args:
        rows: reads the store.
        ids: the cases.
        contacts: whether their contacts are read.
        alarms: whether what was said of alarms is, and when a case was read at the desk.
    """
    for cases, events, came, labels in rows.chunks(ids, contacts=contacts, alarms=alarms):
        read_at = rows.read_at(_dangers(cases, events, labels)) if alarms else {}
        for case in cases:
            yield CaseRows(
                case,
                events.get(case.id, []),
                came.get(case.id, []),
                labels.get(case.id, []),
                read_at.get(case.number, []),
            )


def _dangers(
    cases: Sequence[CaseRow], events: Mapping[int, Sequence[EventRow]], labels: Mapping[int, object]
) -> set[str]:
    """Return the numbers of the cases that were ever a danger: few, and of others nobody asks when they were read."""
    found = {case.number for case in cases if case.priority == "P1" or case.id in labels}
    return found | {case.number for case in cases if any(_alarms(event.data) for event in events.get(case.id, ()))}


def _alarms(data: Mapping[str, object]) -> bool:
    return data.get("alarm") == "certain" or "alarm_level" in (data.get("changed") or ())  # type: ignore[operator]


def _count_lone(tally: Tally, contact: ContactRow, grounds: CountingContext) -> None:
    """Count a contact of no case: what was set aside, and the calls that were answered."""
    residence = contact.residence_id or ""
    key = grounds.offices.get(residence, ""), residence, contact.topic or ""
    day = grounds.times.day(contact.came_at)
    if contact.channel.is_spoken:
        if contact.outcome is not None and is_incoming(contact.channel, contact.outcome):
            tally.add(day, key, "arrivals.phone")
            if contact.outcome == "answered":
                tally.add(day, key, "calls_answered")
    elif contact.kind in _ASIDE:
        tally.add(day, key, "set_aside")


def periods_of(store: Store, days: Mapping[date, FigureCells], now: datetime) -> list[Period]:
    """Return days that were counted as the store keeps them, with the weeks and months that they lie in.

    The other days of those weeks and months are taken from the store.
    """
    by = definitions_text()
    found = [_period("day", day, cells, now)._replace(definitions=by) for day, cells in sorted(days.items())]
    for grain, first, of_it in weeks_and_months(days):
        kept = {each.first_day: each for each in store.figures.periods("day", of_it[0], of_it[-1])}
        parts = []
        for day in of_it:
            if day in days:
                parts.append(days[day])
            elif day in kept:
                parts.append(FigureCells.unpack(kept[day].keys, kept[day].measures, kept[day].cells))
        found.append(_period(grain, first, merged(parts), now))
    return found


def definitions_text() -> str:
    """Return by which definition each measure is counted now, as the store keeps it with each day."""
    return json.dumps(measure_digests(), sort_keys=True)


def backfilled(store: Store, counts: Mapping[date, FigureCells]) -> dict[date, FigureCells]:
    """Return days that were counted before some figures were, with those measures; all else of them as it was.

    What was counted long ago stays: its cases may lie elsewhere since, or their persons be erased. Of a measure that is
    newer than the day, or counted otherwise since, what the store still holds is counted; where that is less than there
    was, a measure that was counted then stays as it was, too.

    Args:
        store: holds what was counted then.
        counts: the same days, counted now.
    """
    now_by, text, found = measure_digests(), definitions_text(), dict[date, FigureCells]()
    for period in store.figures.periods("day", min(counts), max(counts)) if counts else ():
        if period.definitions == text or period.first_day not in counts:
            continue
        counted_by = json.loads(period.definitions or "{}")
        newer = {name for name, digest in now_by.items() if counted_by.get(name) != digest}
        then, now = FigureCells.unpack(period.keys, period.measures, period.cells), counts[period.first_day]
        if is_erased_from(then, now):
            newer -= counted_by.keys()
        before, fresh = then.counted(), now.counted()
        found[period.first_day] = FigureCells.pack(
            {
                key: {
                    **{name: count for name, count in before.get(key, {}).items() if base_of(name) not in newer},
                    **{name: count for name, count in fresh.get(key, {}).items() if base_of(name) in newer},
                }
                for key in {*before, *fresh}
            }
        )
    return found


def is_erased_from(then: FigureCells, now: FigureCells) -> bool:
    """Return whether of a day more was counted than the store holds now."""
    before, left = then.whole(), now.whole()
    return any(before[name] > left[name] for name in _ERASABLE)


def _period(grain: str, first: date, cells: FigureCells, now: datetime) -> Period:
    return Period(grain, first, now, [list(key) for key in cells.keys], list(cells.measures), cells.octets)
