"""Which cases are behind a figure: those that add something to its number where they are counted once more.

The store finds cases among which they are; each of those is counted as the figure was, up to when that was counted, and
for the period and place that are asked for: the same cases as the number's, whatever became of them since.
"""

import math
import time as clock
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dtm_contact.figures.case_facts import UNSERVED, CaseFacts
from dtm_contact.figures.cells import Tally
from dtm_contact.figures.counting import CountingContext, case_rows
from dtm_contact.figures.definitions import INCIDENT_TOPICS, Basis, Better, Figure, FigureKind, Unit
from dtm_contact.figures.overview import Place
from dtm_contact.store import Case, Store
from dtm_contact.store.figure_cases import CasesWanted, HomeRow
from dtm_contact.store.figures import FigureRows

_AT_LEAST: Final = 20
_AT_MOST: Final = 400
"""So many cases at least, and at the most, are looked at at once."""
_SPARE: Final = 1.1
"""So many times as many cases are looked at as are likely to be needed."""
_OF_INCIDENTS: Final = 110
"""So many cases of incidents are looked at at once."""
_FEW_OF_DAYS: Final = 20
_MOST_DAYS: Final = 32
"""Days whose incidents are looked for at once."""
_MOMENT: Final = timedelta(microseconds=1)
"""What happened at the very moment of counting was counted."""
_MOST: Final = 1_000_000

_Found = tuple[int, CaseFacts, int, int]
"""A case that is counted: its id, what it is, how often, and how often in the part of a share."""


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A case behind a figure.

    Attributes:
        case: as it is now.
        times: how often it is counted: of messages or transfers, one case may add several.
        parts: of a share, how often it is of the part that is told, and not only of the whole.
        first_answer, waited: when a person answered first, and how long it had waited as that is counted; None: nobody.
        met_due: whether a person answered in time; None where that is to come.
    """

    case: Case
    times: int
    parts: int
    first_answer: datetime | None
    waited: timedelta | None
    met_due: bool | None


@dataclass(frozen=True, slots=True)
class CaseList:
    """Some of the cases behind a figure.

    Attributes:
        cases: what waits with the oldest first, all else with the latest.
        after: the id of the case after which to go on where others follow, or may; None where these are the last.
        is_cut: the time was over before as many were found as were asked for, or all: others may follow.
    """

    cases: Sequence[CountedCase]
    after: int | None
    is_cut: bool = False


def cases_behind(  # noqa: PLR0913 - what is listed, and which part of it
    store: Store,
    figure: Figure,
    place: Place,
    days: tuple[date, date],
    grounds: CountingContext,
    *,
    after: int | None = None,
    limit: int = _MOST,
    seconds: float | None = None,
    only_faulty: bool = False,
) -> CaseList:
    """Return the cases that are counted in a figure.

    Args:
        store: holds them.
        figure: which; not one of `Basis.COUNTED_ONLY`.
        place: in these alone.
        days: the first and the last day of the period.
        grounds: what counting needs; its time is when the latest day was counted.
        after: the id of the case that the list goes on after; None for its head.
        limit: how many at the most.
        only_faulty: of a share, those alone by which it is worse (`Figure.faulty_words`), counted as such.
        seconds: about how long to look for them: then those are returned that were found; None: until there are enough.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    looking = _Looking(figure, place, days, grounds, only_faulty and bool(figure.faulty_words))
    if looking.last < looking.first:
        return CaseList((), None)
    with store.database.reading() as connection:
        rows = FigureRows(connection)
        rows.search.seconds = seconds
        page = looking.incident_page if figure.basis is Basis.INCIDENTS else looking.page
        return page(rows, after, limit)


def _listed(rows: FigureRows, found: Sequence[_Found], after: int | None, *, is_cut: bool = False) -> CaseList:
    cases = rows.cases([number for number, _, _, _ in found])
    listed = []
    for number, facts, times, parts in found:
        first = facts.first_answer
        waited = None if first is None else facts.waited_until(first)
        listed.append(CountedCase(cases[number], times, parts, first, waited, facts.met_due))
    return CaseList(listed, after, is_cut)


@dataclass(frozen=True)
class _Looking:
    figure: Figure
    place: Place
    days: tuple[date, date]
    grounds: CountingContext
    only_faulty: bool

    @property
    def first(self) -> date:
        """The first day that is counted: of what stands at a moment, the last alone."""
        return self.last if self.figure.kind is FigureKind.STOCK else self.days[0]

    @property
    def last(self) -> date:
        """The last day that is counted."""
        return min(self.days[1], self.grounds.times.day(self.grounds.times.now))

    def _start_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.grounds.times.zone).astimezone(UTC)

    def _wanted(self, after: int | None) -> CasesWanted:
        figure = self.figure
        end = self.grounds.times.end_of(self.last)
        # Under a former topic lie cases that have another one now.
        by_former = figure.basis is Basis.CORRECTED
        since, until = self._start_of(self.first), end + _MOMENT
        called = self.grounds.times.calls_over(since, end) if figure.basis is Basis.CALL_BACKS else ()
        if called:
            since, until = min(each.since for each in called), max(each.until for each in called)
        return CasesWanted(
            since,
            until,
            figure.basis.value,
            figure.events,
            tuple(sorted(UNSERVED)) if figure.basis in {Basis.UNSERVED, Basis.CALL_BACKS} else (),
            figure.urgent,
            figure.answered,
            end - timedelta(days=figure.silent) if figure.silent else None,
            self.place.office,
            self.grounds.times.now,
            self.place.residence,
            None if by_former else self.place.topic,
            former_topic=self.place.topic if by_former else None,
            called=called,
            is_late=self.only_faulty and figure.basis is Basis.DUE and figure.better is Better.MORE,
            is_first=figure.basis is Basis.EVENTS and figure.kind is FigureKind.QUANTILE,
            oldest_first=figure.kind is FigureKind.STOCK,
            after=after,
        )

    def _facts(self, rows: FigureRows, ids: Sequence[int]) -> dict[int, CaseFacts]:
        """Return cases by their ids, with as much of them as the figure is counted from."""
        basis = self.figure.basis
        contacts = basis in {Basis.CONTACTS, Basis.UNSERVED, Basis.CALL_BACKS}
        alarms = basis in {Basis.CRIED, Basis.LABELLED}
        found = case_rows(rows, ids, contacts=contacts, alarms=alarms)
        return {each.case.id: CaseFacts(each, self.grounds.times) for each in found}

    def page(self, rows: FigureRows, after: int | None, limit: int) -> CaseList:
        """Return the cases that are counted, from the one after another on.

        Most are: so many are looked at at once as are likely to be needed, by how many of those before were counted.
        """
        found: list[_Found] = []
        looked, count = 0, _likely(limit, 1.0)
        while True:
            began = clock.monotonic()
            some = rows.search.among(self._wanted(after), count)
            facts = self._facts(rows, some.ids)
            for number in some.ids:
                times, parts = self._counted(facts[number])
                if times and len(found) == limit:
                    return _listed(rows, found, found[-1][0])
                if times:
                    found.append((number, facts[number], times, parts))
            if some.after is None or rows.search.is_over:
                return _listed(rows, found, some.after, is_cut=some.after is not None and len(found) < limit)
            looked, after = looked + len(some.ids), some.after
            count = _likely(limit + 1 - len(found), max(1, len(found)) / max(1, looked))
            # No more than there is time for, as long as those before took.
            count = max(_AT_LEAST, min(count, rows.search.fitting(max(1, len(some.ids)), began)))

    def _counted(self, facts: CaseFacts) -> tuple[int, int]:
        """Return how often a case is counted here, and how often in the part of a share."""
        tally = Tally.of_one(self.first, self.last)
        if self.figure.kind is FigureKind.STOCK:
            facts.count_stock(tally)
        else:
            facts.count_happened(tally)
        measures, times, part = _measures(self.figure), 0, 0
        for counted in tally.days.values():
            for key, counts in counted.items():
                if all(wanted in (None, name) for wanted, name in zip(self.place.where, key, strict=True)):
                    times += sum(count for name, count in counts.items() if name.partition(":")[0] in measures)
                    part += counts.get(self.figure.measure, 0)
        if self.only_faulty:
            faulty = self.figure.faulty(times, part)
            return faulty, 0 if self.figure.better is Better.MORE else faulty
        return times, part

    def incident_page(self, rows: FigureRows, after: int | None, limit: int) -> CaseList:
        """Return the cases of incidents from the one after another on, the latest first."""
        found: list[_Found] = []
        rows.search.begin()
        for each in self._incident_cases(rows, after):
            if isinstance(each, date):
                edge = rows.search.earliest(self._start_of(each)) if rows.search.is_over else None
                # Where only the day of the case that it began after was looked at, the days before are, too.
                if edge is not None and edge != after:
                    return _listed(rows, found, edge, is_cut=True)
            elif len(found) == limit:
                return _listed(rows, found, found[-1][0])
            else:
                found.append(each)
        return _listed(rows, found, None)

    def _incident_cases(self, rows: FigureRows, after: int | None) -> Iterator[_Found | date]:
        """Yield the cases of each incident, the latest first; and each day up to which all were yielded.

        An incident is of one day, so that days are looked at from the last on: one by one where there are many, and
        ever more at once where there are few, since of one residence there may be none for months.
        """
        last, count = self.last, 1
        opened_at = None if after is None else rows.search.opened_at(after)
        if after is not None:
            if opened_at is None:
                return
            last = min(last, self.grounds.times.day(opened_at))
        while last >= self.first:
            began = clock.monotonic()
            first, known = max(self.first, last - timedelta(days=count - 1)), dict[int, CaseFacts]()
            found = sorted(
                (row for each in self._incidents_of(rows, first, last, known) for row in each),
                key=lambda row: (row.opened_at, row.id),
                reverse=True,
            )
            if opened_at is not None:
                found = [row for row in found if (row.opened_at, row.id) < (opened_at, after)]
            for at in range(0, len(found), _OF_INCIDENTS):
                some = [row.id for row in found[at : at + _OF_INCIDENTS]]
                known |= self._facts(rows, [number for number in some if number not in known])
                for number in some:
                    yield number, known[number], 1, 0
            yield first
            last = first - timedelta(days=1)
            more = max(1, min(_MOST_DAYS, 2 * count, rows.search.fitting(count, began)))
            count = more if len(found) < _FEW_OF_DAYS else 1

    def _incidents_of(
        self, rows: FigureRows, first: date, last: date, known: dict[int, CaseFacts]
    ) -> Iterator[Sequence[HomeRow]]:
        """Yield the incidents of some days that are asked for; what is looked at of their cases is put into `known`."""
        wanted = CasesWanted(
            self._start_of(first), self.grounds.times.end_of(last) + _MOMENT, Basis.OPENED.value,
            residence=self.place.residence, topic=self.place.topic, topics=INCIDENT_TOPICS,
        )  # fmt: skip
        groups = defaultdict[tuple[date, str, str], list[HomeRow]](list)
        for row in rows.search.homes_of(wanted):
            groups[self.grounds.times.day(row.opened_at), row.residence_id, row.topic].append(row)
        several = [each for each in groups.values() if len({row.dwelling_id for row in each}) > 1]
        must_be_over = self.figure.kind is FigureKind.QUANTILE
        if must_be_over:
            again = rows.search.opened_again_since(self.grounds.times.now)
            several = [each for each in several if all(row.state == "closed" or row.id in again for row in each)]
        if self.place.office is not None:
            begun = {min(each, key=lambda row: row.opened_at).id: each for each in several}
            of_office = replace(wanted, office=self.place.office, counted_at=self.grounds.times.now)
            known |= self._facts(rows, sorted(rows.search.lying_at(list(begun), of_office)))
            several = [each for number, each in begun.items() if number in known and self._began_here(known[number])]
        if must_be_over:
            known |= self._facts(rows, [row.id for each in several for row in each if row.id not in known])
            several = [each for each in several if all(known[row.id].last_closed is not None for row in each)]
        yield from several

    def _began_here(self, facts: CaseFacts) -> bool:
        return facts.key_at(facts.opened_at)[0] == self.place.office


def _likely(missing: int, share: float) -> int:
    """Return how many cases are to be looked at for those that are missing, of which such a share is counted."""
    return min(_AT_MOST, max(_AT_LEAST, math.ceil(_SPARE * missing / share)))


def _measures(figure: Figure) -> frozenset[str]:
    """Return the measures of which a case must add something to be listed."""
    if figure.kind is FigureKind.SHARE:
        return frozenset({figure.whole})
    if figure.unit is Unit.DAYS:
        # The greatest age of all is told: all of those that it is the greatest of are listed.
        return frozenset({"open"})
    return frozenset(figure.sum_of or (figure.measure,))
