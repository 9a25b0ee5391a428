"""Which cases are behind a figure: those that add something to its number where they are counted once more.

The store finds cases among which they are; each of those is counted as the figure was, up to when that was counted, and
for the period and place that are asked for: the same cases as the number's, whatever became of them since.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dtm_contact.figures.case_facts import CaseFacts
from dtm_contact.figures.cells import Tally
from dtm_contact.figures.counting import CountingContext, case_rows
from dtm_contact.figures.definitions import INCIDENT_TOPICS, Basis, Figure, FigureKind, Unit
from dtm_contact.figures.overview import Place
from dtm_contact.store import Case, Store
from dtm_contact.store.figures import CasesWanted, FigureRows, HomeRow

_AT_ONCE: Final = 200
_MOMENT: Final = timedelta(microseconds=1)
"""What happened at the very moment of counting was counted."""
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A case behind a figure.

    Attributes:
        case: as it is now.
        times: how often it is counted: of messages or transfers, one case may add several.
        is_part: of a share, whether it is of the part that is told, and not only of the whole.
        first_answer, waited: when a person answered first, and how long it had waited as that is counted; None: nobody.
        met_due: whether a person answered in time; None where that is to come.
    """

    case: Case
    times: int
    is_part: bool
    first_answer: datetime | None
    waited: timedelta | None
    met_due: bool | None


@dataclass(frozen=True, slots=True)
class CaseList:
    """Some of the cases behind a figure.

    Attributes:
        cases: what waits with the oldest first, all else with the latest.
        after: the id of the last of them where others follow; None where these are the last.
    """

    cases: Sequence[CountedCase]
    after: int | None


def cases_behind(  # noqa: PLR0913 - what is listed, and which part of it
    store: Store,
    figure: Figure,
    place: Place,
    days: tuple[date, date],
    grounds: CountingContext,
    *,
    after: int | None = None,
    limit: int = _MOST,
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

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    looking = _Looking(figure, place, days, grounds)
    if looking.last < looking.first:
        return CaseList((), None)
    with store.database.reading() as connection:
        rows = FigureRows(connection)
        found: list[tuple[int, CaseFacts, int, bool]] = []
        for each in (
            looking.incident_cases(rows, after) if figure.basis is Basis.INCIDENTS else looking.all(rows, after)
        ):
            if len(found) == limit:
                return _listed(rows, found, has_more=True)
            found.append(each)
        return _listed(rows, found, has_more=False)


def _listed(rows: FigureRows, found: Sequence[tuple[int, CaseFacts, int, bool]], *, has_more: bool) -> CaseList:
    cases = rows.cases([number for number, _, _, _ in found])
    listed = []
    for number, facts, times, is_part in found:
        first = facts.first_answer
        waited = None if first is None else facts.waited_until(first)
        listed.append(CountedCase(cases[number], times, is_part, first, waited, facts.met_due))
    return CaseList(listed, found[-1][0] if has_more else None)


@dataclass(frozen=True)
class _Looking:
    figure: Figure
    place: Place
    days: tuple[date, date]
    grounds: CountingContext

    @property
    def first(self) -> date:
        """The first day that is counted: of what stands at a moment, the last alone."""
        return self.last if self.figure.kind is FigureKind.STOCK else self.days[0]

    @property
    def last(self) -> date:
        """The last day that is counted."""
        return min(self.days[1], self.grounds.times.day(self.grounds.times.now))

    def _wanted(self, after: int | None) -> CasesWanted:
        times, counter = self.grounds.times, self.figure.counter
        start = datetime.combine(self.first, time.min, times.zone).astimezone(UTC)
        # Under a former topic lie cases that have another one now.
        topic = None if counter is not None and counter.by_former_topic else self.place.topic
        return CasesWanted(
            start,
            times.end_of(self.last) + _MOMENT,
            self.figure.basis.value,
            self.figure.events,
            self.place.office,
            self.place.residence,
            topic,
            oldest_first=self.figure.kind is FigureKind.STOCK,
            after=after,
        )

    def all(self, rows: FigureRows, after: int | None) -> Iterator[tuple[int, CaseFacts, int, bool]]:
        """Yield each case that is counted: its id, what it is, how often, and whether it is of the part of a share."""
        while ids := rows.among(self._wanted(after), _AT_ONCE):
            order = {number: at for at, number in enumerate(ids)}
            counted = sorted(case_rows(rows, ids), key=lambda each: order[each.case.id])
            for each in counted:
                facts = CaseFacts(each, self.grounds.times)
                times, part = self._counted(facts)
                if times:
                    yield each.case.id, facts, times, part > 0
            after = ids[-1]

    def _counted(self, facts: CaseFacts) -> tuple[int, int]:
        """Return how often a case is counted here, and how often in the part of a share."""
        tally = Tally.of(self.first, self.last)
        facts.count(tally)
        measures, times, part = _measures(self.figure), 0, 0
        for counted in tally.days.values():
            for key, counts in counted.items():
                if all(wanted in (None, name) for wanted, name in zip(self.place.where, key, strict=True)):
                    times += sum(count for name, count in counts.items() if name.partition(":")[0] in measures)
                    part += counts.get(self.figure.measure, 0)
        return times, part

    def incident_cases(self, rows: FigureRows, after: int | None) -> Iterator[tuple[int, CaseFacts, int, bool]]:
        """Yield the cases of each incident; the latest first."""
        wanted = self._wanted(None)
        wanted = CasesWanted(
            wanted.start, wanted.end, Basis.OPENED.value,
            residence=wanted.residence, topic=wanted.topic, topics=INCIDENT_TOPICS,
        )  # fmt: skip
        groups = defaultdict[tuple[date, str, str], list[HomeRow]](list)
        for row in rows.homes_of(wanted):
            groups[self.grounds.times.day(row.opened_at), row.residence_id, row.topic].append(row)
        several = [each for each in groups.values() if len({row.dwelling_id for row in each}) > 1]
        ids = [row.id for each in several for row in each]
        facts = {each.case.id: CaseFacts(each, self.grounds.times) for each in case_rows(rows, ids)}
        listed = [row for each in several if self._is_asked(each, facts) for row in each]
        for row in sorted(listed, key=lambda row: (row.opened_at, row.id), reverse=True):
            if after is None:
                yield row.id, facts[row.id], 1, False
            elif row.id == after:
                after = None

    def _is_asked(self, incident: Sequence[HomeRow], facts: dict[int, CaseFacts]) -> bool:
        first = min(incident, key=lambda row: row.opened_at)
        if self.place.office not in (None, facts[first.id].key_at(first.opened_at)[0]):
            return False
        is_over = all(facts[row.id].last_closed is not None for row in incident)
        return is_over or self.figure.kind is not FigureKind.QUANTILE


def _measures(figure: Figure) -> frozenset[str]:
    """Return the measures of which a case must add something to be listed."""
    if figure.kind is FigureKind.SHARE:
        return frozenset({figure.whole})
    if figure.unit is Unit.DAYS:
        # The greatest age of all is told: all of those that it is the greatest of are listed.
        return frozenset({"open"})
    return frozenset(figure.sum_of or (figure.measure,))
