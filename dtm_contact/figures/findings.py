"""What stands out in a period: where, since when and for whom, of offices, of residences and of all together.

Each is a run of periods in a row (`scanning`) in which a place was worse than others at the same time, or than it was
itself before, beyond chance and by enough to matter. A period alone shows too little, and a year hides what is bad in
a few of its months: so every run up to the period is looked at, and of a year every run that ends in it.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, partial
from typing import Final

import numpy as np

from dtm_contact.figures.cells import Division, Sums, Where, minutes_of
from dtm_contact.figures.comparing import Value, is_relevant, judged, least_of, value_of
from dtm_contact.figures.courses import AT, MEASURES, CourseCounts
from dtm_contact.figures.definitions import FIGURES, Better, Figure, FigureKind
from dtm_contact.figures.scanning import (
    BY_CHANCE,
    EVIDENCE,
    SMALLEST,
    ComparedCounts,
    Runs,
    evidence,
    holds,
    standard_errors,
)

MOST_PARTS: Final = 2
"""A finding names so many topics or residences at the most, by which it is so."""
LEAST_GROWTH: Final = 0.1
"""What waits has grown where it did by such a part of what it was, and by `scanning.SMALLEST` cases."""
_MOST_READ: Final = 3
_LARGE: Final = 1e9
_Cases = tuple[np.ndarray, np.ndarray]
"""Bad cases, and of how many, by period: the last axis."""
_FIGURES: Final = sorted((figure for figure in FIGURES if figure.weight), key=lambda figure: -figure.weight)


class Against(StrEnum):
    """What a place is compared with."""

    OTHERS = "others"
    """The other offices, at the same time."""
    REST = "rest"
    """The other residences of its office, at the same time."""
    BEFORE = "before"
    """Itself, in the periods before."""
    STANDARD = "standard"
    """What is to be reached everywhere."""
    USUAL = "usual"
    """As many cases as the periods before brought."""
    ELSEWHERE = "elsewhere"
    """As many cases as the other residences brought by as many dwellings, at the same time."""


class Beginning(StrEnum):
    """What is known of the time before something is so."""

    SEEN = "seen"
    """It was not so in the period before."""
    FIRST_COUNTED = "first counted"
    """Nothing is counted before."""
    FIRST_LOOKED_AT = "first looked at"
    """Periods before are counted, and not looked at: it may have been so in them."""


@dataclass(frozen=True, slots=True)
class FindingPeriod:
    """The periods in a row in which something is so.

    Attributes:
        first: the first day of the first of them.
        last: that of the last; None where it is so to this day.
        beginning: what is known of the time before.
    """

    first: date
    last: date | None
    beginning: Beginning = Beginning.SEEN


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure by which a place is worse: its number, and that of what it is compared with.

    Attributes:
        length: of how many periods it is.
        latest: its value in the latest of several periods, as tables have it; None where there is one period alone, or
            where that has too few cases to tell.
        added: of what has grown over several periods, by how much it grew in the latest; else None.
        is_of_all: whether it is of all topics, where it stands with a finding of one.
        period: since when, where that is not what the finding says.
    """

    figure: Figure
    mine: float
    other: float
    length: int = 1
    latest: Value | None = None
    added: float | None = None
    is_of_all: bool = False
    period: FindingPeriod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFinding:
    """Something that stands out.

    Attributes:
        office, residence: where; "" for all offices.
        offices: of all offices, or of a topic in all: those where it is so; empty where it is so in every one.
        topic: of this topic alone; "" for any.
        topics, residences: of whose cases it is so above all; empty where it is so of all alike.
        period: since when.
        shown: by which figure.
        others: further figures by which the same place was worse in the same time.
        against: what it is compared with.
        run: the place of that time among the runs that were scanned.
        until: the first day of the last period of that time.
        evidence: in standard errors.
    """

    office: str = ""
    residence: str = ""
    offices: tuple[str, ...] = ()
    topic: str = ""
    topics: tuple[str, ...] = ()
    residences: tuple[str, ...] = ()
    period: FindingPeriod
    shown: Shown
    others: tuple[Shown, ...] = ()
    against: Against
    run: int
    until: date
    evidence: float


@dataclass(frozen=True)
class Scene:
    """What is looked at.

    Attributes:
        course: the counts, by period.
        durations: what was counted of each office in the same periods, durations among it; empty for none.
        within: gives of one period, by its place, the same by topic or residence within some keys.
        ends: the periods, by their places, at which a run may end; the last of them is the latest.
        passed: how much of each period has passed, from 0 to 1.
        home: the office of each residence.
        dwellings: how many each residence has.
        where: which cases are looked at.
        settled: the place of the first period that is compared with: those before are of a store that was filling up.
        beginning: what is known of the time before the first of the periods.
        apart: the figures, by their ids, by which no places are compared: too much of them is of no office.
    """

    course: CourseCounts
    durations: Sequence[Mapping[str, Sums]]
    within: Callable[[int, Division, Where], Mapping[str, Sums]]
    ends: range
    passed: Sequence[float]
    home: Mapping[str, str]
    dwellings: Mapping[str, int]
    where: Where
    settled: int = 0
    beginning: Beginning = Beginning.FIRST_COUNTED
    apart: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that was found: its place among the runs, and its evidence."""

    run: int
    evidence: float


def find(scene: Scene) -> list[FigureFinding]:
    """Return what stands out: in all offices, in offices, in residences."""
    if not len(scene.ends):
        return []
    finder = _Finder(scene)
    residences = finder.residences()
    offices = finder.offices({each.residence for each in residences})
    named = {residence for each in offices for residence in each.residences}
    residences = [each for each in residences if scene.where[1] is not None or each.residence not in named]
    apart = finder.everywhere()
    if any(scene.where[:2]):
        # Of one place it is said once: that it is worse than others tells more than that it is worse than before.
        told = {shown.figure.id for each in (*offices, *residences) for shown in (each.shown, *each.others)}
        apart = [each for each in apart if each.against is not Against.BEFORE or each.shown.figure.id not in told]
    return [*apart, *offices, *residences]


@dataclass
class _Finder:
    scene: Scene
    runs: Runs = field(init=False)

    figures: list[Figure] = field(init=False)
    shares: list[Figure] = field(init=False)

    def __post_init__(self) -> None:
        self.runs = Runs.ending(self.scene.ends)
        self.figures = [figure for figure in _FIGURES if figure.id not in self.scene.apart]
        self.shares = [figure for figure in self.figures if figure.kind is not FigureKind.QUANTILE]

    # What is counted, by place, of the topic that is asked for.

    @cached_property
    def _topics(self) -> np.ndarray:
        topic = self.scene.where[Division.TOPIC]
        return np.array([topic in (None, each) for each in self.scene.course.topics], bool)

    @cached_property
    def _by_office(self) -> np.ndarray:
        return np.asarray(self.scene.course.by_office[:, self._topics].sum(axis=1))

    @cached_property
    def _by_residence(self) -> np.ndarray:
        return np.asarray(self.scene.course.by_residence[:, self._topics].sum(axis=1))

    @cached_property
    def _homes(self) -> np.ndarray:
        """Of each residence, where its office stands."""
        place = {office: at for at, office in enumerate(self.scene.course.offices)}
        return np.array([place.get(self.scene.home.get(each, ""), -1) for each in self.scene.course.residences], int)

    @cached_property
    def _of_homes(self) -> np.ndarray:
        """Of each office, what was counted of its residences."""
        return np.stack(
            [self._by_residence[self._homes == at].sum(axis=0) for at in range(len(self.scene.course.offices))]
        )

    def _between(self, run: int) -> slice:
        return slice(int(self.runs.first[run]), int(self.runs.last[run]) + 1)

    def _until(self, run: int) -> date:
        return self.scene.course.periods[int(self.runs.last[run])]

    def _period(self, run: int, whole: np.ndarray) -> FindingPeriod:
        """Return a run; it lasts to this day where what follows is too little to say otherwise."""
        first, last, latest = int(self.runs.first[run]), int(self.runs.last[run]), self.scene.ends[-1]
        periods = self.scene.course.periods
        is_over = last < latest and whole[last + 1 : latest + 1].max() >= SMALLEST
        return FindingPeriod(periods[first], periods[last] if is_over else None, self._beginning(first))

    def _settled(self, figure: Figure) -> int:
        """Return the first period that a figure is compared with; what is silent for long grows for as long again.

        In a store that began empty nothing is silent at first, then ever more, until what is answered late has come to
        its usual share.
        """
        settled, periods = self.scene.settled, self.scene.course.periods
        if not figure.silent or not 0 < settled < len(periods):
            return settled
        since = periods[settled] + timedelta(days=figure.silent)
        return sum(first < since for first in periods)

    def _beginning(self, first: int) -> Beginning:
        """Return what is known of the time before something that is so since a period, by its place."""
        return Beginning.SEEN if first else self.scene.beginning

    def _shown_in(self, figure: Figure, counts: np.ndarray, other: np.ndarray | None, run: int) -> Shown:
        return self._shown(figure, run, counts, other)

    def _shown(self, figure: Figure, run: int, counts: np.ndarray, other: np.ndarray | None) -> Shown:
        """Return a share of a run, and that of what it is compared with; None: with itself before."""
        between = self._between(run)
        rest = counts[self._settled(figure) : between.start] if other is None else other[between]
        mine, theirs = (_percent(figure, each) for each in (counts[between], rest))
        length = between.stop - between.start
        last = dict(zip(MEASURES, counts[between.stop - 1].tolist(), strict=True))
        return Shown(figure, mine, theirs, length, judged(figure, value_of(figure, last)) if length > 1 else None)

    def _holds(self, figure: Figure, run: int, counts: np.ndarray, other: np.ndarray | None) -> bool:
        """Return whether by a share a place is worse in each period of a run."""
        between = self._between(run)
        rest = counts[self._settled(figure) : between.start] if other is None else other[between]
        bad, whole = (part.sum() for part in _bad(figure, rest))
        return holds(*_bad(figure, counts[between]), bad / max(1, whole) + _least_share(figure) / 2)

    # Offices.

    def offices(self, residences: Collection[str]) -> list[FigureFinding]:
        """Return where an office, or a topic at an office, is worse than the other offices.

        Args:
            residences: those that were found: what one of them explains alone is told of it.
        """
        asked, residence, topic = self.scene.where
        if residence is not None:
            return []
        found: list[FigureFinding] = []
        for at, office in enumerate(self.scene.course.offices):
            if asked in (None, office):
                found += self._office(at, office, residences, by_topic=topic is None)
        return sorted(found, key=lambda each: (-each.shown.figure.weight, -each.evidence))

    def _office(self, at: int, office: str, residences: Collection[str], *, by_topic: bool) -> list[FigureFinding]:
        found: list[FigureFinding] = []
        names = self.scene.course.residences
        apart = [place for place in np.flatnonzero(self._homes == at).tolist() if names[place] in residences]
        for figure in self.figures:
            whole = self._scanned_offices[figure.id][at]
            topics = self._scanned_topics[figure.id].get(at, {}) if by_topic else {}
            if whole is not None and not self._is_of_a_part(figure, at, whole, topics, apart):
                shown_in = partial(self._shown_of_office, figure, at)
                if figure.kind is FigureKind.QUANTILE:
                    holds_in = partial(self._holds_slow, figure, at)
                else:
                    holds_in = partial(self._holds, figure, counts=self._by_office[at], other=self._others(at))
                found = self._take(found, self._office_finding(figure, at, office, whole), shown_in, holds_in)
                continue
            strongest = sorted(topics.items(), key=lambda each: -each[1].evidence)[:MOST_PARTS]
            for topic, run in strongest:
                if self._is_of_a_residence(figure, at, topic, run, apart):
                    continue
                shown_in = partial(self._shown_of_topic, figure, at, topic)
                of_topic = self.scene.course.by_office[:, self.scene.course.topics.index(topic)]
                rest = of_topic.sum(axis=0) - of_topic[at]
                holds_in = partial(self._holds, figure, counts=of_topic[at], other=rest)
                found = self._take(found, self._topic_finding(figure, at, office, topic, run), shown_in, holds_in)
        return found

    def _others(self, at: int) -> np.ndarray:
        return np.asarray(self._by_office.sum(axis=0) - self._by_office[at])

    def _take(
        self,
        found: list[FigureFinding],
        new: FigureFinding,
        shown_in: Callable[[int], Shown],
        holds_in: Callable[[int], bool],
    ) -> list[FigureFinding]:
        """Add a finding; where one of the same place and time stands there already, as a further figure of it.

        A further figure is told of the time of the first where it was worse in all of that; else it has its own time.

        Args:
            found: those of the same office, residence, or of all.
            new: one more.
            shown_in: gives its numbers in another run.
            holds_in: says whether it was worse in each period of another run.
        """
        for at, each in enumerate(found):
            is_of_all = bool(each.topic) and not new.topic and new.topics == (each.topic,)
            if (each.topic != new.topic and not is_of_all) or not _overlap(each.period, new.period):
                continue
            is_of_run = each.period.first == self.scene.course.periods[int(self.runs.first[each.run])]
            is_alike = is_of_run and holds_in(each.run)
            shown = shown_in(each.run) if is_alike else replace(new.shown, period=new.period)
            shown = replace(shown, is_of_all=is_of_all)
            if _is_worse_by_enough(shown):
                return [*found[:at], replace(each, others=(*each.others, shown)), *found[at + 1 :]]
        return [*found, new]

    @cached_property
    def _scanned_offices(self) -> dict[str, list[_Found | None]]:
        found = {}
        for figure in self.figures:
            if figure.kind is FigureKind.QUANTILE:
                compared = _compared(figure, *self._slow(figure))
            else:
                bad, whole = _bad(figure, self._by_office)
                compared = _compared(figure, (bad, whole), (bad.sum(axis=0) - bad, whole.sum(axis=0) - whole))
            found[figure.id] = [each and _Found(*each) for each in compared.worst(self.runs, _least_share(figure))]
            if figure.kind is FigureKind.QUANTILE:
                found[figure.id] = [
                    each if each and self._differs(figure, at, each.run) else None
                    for at, each in enumerate(found[figure.id])
                ]
        return found

    @cached_property
    def _bins(self) -> dict[str, np.ndarray]:
        """Of each duration how many lie in each bin, by office, period and bin."""
        course = self.scene.course
        found = {}
        for measure in {figure.measure for figure in self.figures if figure.kind is FigureKind.QUANTILE}:
            told = [
                (office, period, *counts.columns.bins[measure], counts.numbers)
                for period, counted in enumerate(self.scene.durations)
                for office, name in enumerate(course.offices)
                if (counts := counted.get(name)) is not None and measure in counts.columns.bins
            ]
            width = max((int(bins[-1]) + 1 for _, _, bins, _, _ in told), default=1)
            found[measure] = np.zeros((len(course.offices), len(course.periods), width), np.int64)
            for office, period, bins, at, numbers in told:
                found[measure][office, period, bins] = numbers[at]
        return found

    def _slow(self, figure: Figure) -> tuple[_Cases, _Cases]:
        """Return of each office how many durations were longer than is usual at the others, and of all; and theirs."""
        bins = self._bins[figure.measure]
        every = bins.sum(axis=0)
        mine: list[_Cases] = []
        other: list[_Cases] = []
        for office, counts in enumerate(bins):
            first = self._usual_bin(figure, office) + 1
            for told, part in ((mine, counts), (other, every - counts)):
                told.append((part[:, first:].sum(axis=-1), part.sum(axis=-1)))
        (slow, whole), (other_slow, other_whole) = (np.array(each).swapaxes(0, 1) for each in (mine, other))
        return (slow, whole), (other_slow, other_whole)

    def _usual_bin(self, figure: Figure, office: int) -> int:
        bins = self._bins[figure.measure].sum(axis=1)
        return _bin_at(bins.sum(axis=0) - bins[office], figure.quantile)

    def _differs(self, figure: Figure, office: int, run: int) -> bool:
        shown = self._shown_duration(figure, office, run)
        return is_relevant(figure, shown.mine, shown.other)

    def _holds_slow(self, figure: Figure, office: int, run: int) -> bool:
        """Return whether in each period of a run more of an office's durations were long than of the others'."""
        between, ((slow, whole), (other_slow, other_whole)) = self._between(run), self._slow(figure)
        other = other_slow[office, between].sum() / max(1, other_whole[office, between].sum())
        return holds(slow[office, between], whole[office, between], other + _LEAST_SLOW / 2)

    def _shown_duration(self, figure: Figure, office: int, run: int) -> Shown:
        bins, between = self._bins[figure.measure], self._between(run)
        of_run = bins[:, between].sum(axis=1)
        mine, other = (
            minutes_of(_bin_at(counts, figure.quantile)) if counts.any() else 0.0
            for counts in (of_run[office], of_run.sum(axis=0) - of_run[office])
        )
        length, last = between.stop - between.start, bins[office, between.stop - 1]
        counted = {f"{figure.measure}:{at}": int(last[at]) for at in np.flatnonzero(last)}
        return Shown(figure, mine, other, length, judged(figure, value_of(figure, counted)) if length > 1 else None)

    @cached_property
    def _scanned_topics(self) -> dict[str, dict[int, dict[str, _Found]]]:
        """Of each share and office, the topics by which it is worse than the same topic at the other offices."""
        found: dict[str, dict[int, dict[str, _Found]]] = {figure.id: {} for figure in self.figures}
        offices, topics = len(self.scene.course.offices), self.scene.course.topics
        for figure in self.shares:
            bad, whole = _bad(figure, self.scene.course.by_office)
            size = offices * len(topics), len(self.scene.course.periods)
            others = (bad.sum(axis=0) - bad).reshape(size), (whole.sum(axis=0) - whole).reshape(size)
            compared = _compared(figure, (bad.reshape(size), whole.reshape(size)), others)
            for at, each in enumerate(compared.worst(self.runs, _least_share(figure))):
                office, topic = divmod(at, max(1, len(topics)))
                if each is not None and topics[topic]:
                    found[figure.id].setdefault(office, {})[topics[topic]] = _Found(*each)
        return found

    def _is_of_a_part(
        self, figure: Figure, office: int, found: _Found, topics: Mapping[str, _Found], residences: Sequence[int]
    ) -> bool:
        """Return whether an office is worse by one topic, or one residence, alone: without it, it is not."""
        if figure.kind is FigureKind.QUANTILE:
            return False
        course, others = self.scene.course, self._by_office.sum(axis=0) - self._by_office[office]
        parts = [course.by_office[office, course.topics.index(topic)] for topic in topics]
        parts += [self._by_residence[at] for at in residences]
        return any(not self._is_worse(figure, found.run, self._by_office[office] - part, others) for part in parts)

    def _is_of_a_residence(
        self, figure: Figure, office: int, topic: str, found: _Found, residences: Sequence[int]
    ) -> bool:
        """Return whether a topic at an office is worse by one residence alone."""
        at = self.scene.course.topics.index(topic)
        counts = self.scene.course.by_office[:, at]
        others = counts.sum(axis=0) - counts[office]
        parts = [self.scene.course.by_residence[each, at] for each in residences]
        return any(not self._is_worse(figure, found.run, counts[office] - part, others) for part in parts)

    def _is_worse(self, figure: Figure, run: int, counts: np.ndarray, other: np.ndarray) -> bool:
        mine, theirs = (_mean(figure, _bad(figure, each), self._between(run)) for each in (counts, other))
        return _is_shown(mine, theirs, _least_share(figure)) >= EVIDENCE

    def _shown_of_office(self, figure: Figure, at: int, run: int) -> Shown:
        if figure.kind is FigureKind.QUANTILE:
            return self._shown_duration(figure, at, run)
        return self._shown(figure, run, self._by_office[at], self._by_office.sum(axis=0) - self._by_office[at])

    def _shown_of_topic(self, figure: Figure, at: int, topic: str, run: int) -> Shown:
        counts = self.scene.course.by_office[:, self.scene.course.topics.index(topic)]
        return self._shown(figure, run, counts[at], counts.sum(axis=0) - counts[at])

    def _office_finding(self, figure: Figure, at: int, office: str, found: _Found) -> FigureFinding:
        if figure.kind is FigureKind.QUANTILE:
            whole = self._slow(figure)[0][1][at]
            topics, residences = (
                self._slow_parts(figure, found.run, office, part) for part in (Division.TOPIC, Division.RESIDENCE)
            )
        else:
            whole = _bad(figure, self._by_office[at])[1]
            topics = self._worse_parts(figure, found.run, self.scene.course.by_office[at], self.scene.course.topics)
            mine = self._homes == at
            names = [name for name, is_mine in zip(self.scene.course.residences, mine, strict=True) if is_mine]
            residences = self._worse_parts(figure, found.run, self._by_residence[mine], names)
        return FigureFinding(
            office=office,
            topics=() if self.scene.where[Division.TOPIC] is not None else topics,
            residences=residences,
            period=self._period(found.run, whole),
            shown=self._shown_of_office(figure, at, found.run),
            against=Against.OTHERS,
            run=found.run,
            until=self._until(found.run),
            evidence=found.evidence,
        )

    def _topic_finding(self, figure: Figure, at: int, office: str, topic: str, found: _Found) -> FigureFinding:
        counts = self.scene.course.by_office[:, self.scene.course.topics.index(topic)]
        mine = self._homes == at
        names = [name for name, is_mine in zip(self.scene.course.residences, mine, strict=True) if is_mine]
        of_topic = self.scene.course.by_residence[mine, self.scene.course.topics.index(topic)]
        return FigureFinding(
            office=office,
            topic=topic,
            residences=self._worse_parts(figure, found.run, of_topic, names),
            period=self._period(found.run, _bad(figure, counts[at])[1]),
            shown=self._shown_of_topic(figure, at, topic, found.run),
            against=Against.OTHERS,
            run=found.run,
            until=self._until(found.run),
            evidence=found.evidence,
        )

    def _worse_parts(self, figure: Figure, run: int, counts: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
        """Return the topics or residences that are worse than the rest of the place in a run, the most so first."""
        if not len(counts):
            return ()
        between = self._between(run)
        bad, whole = (each[:, between].sum(axis=1) for each in _bad(figure, counts))
        if figure.kind is FigureKind.STOCK:
            bad, whole = bad / (between.stop - between.start), whole / (between.stop - between.start)
        return _strongest(bad, whole, names, _least_share(figure))

    def _slow_parts(self, figure: Figure, run: int, office: str, part: Division) -> tuple[str, ...]:
        """Return the same of a duration, in the last periods of a run: what is kept by bin is much."""
        at = self.scene.course.offices.index(office)
        usual, slow = self._usual_bin(figure, at), dict[str, np.ndarray]()
        where: Where = (office, None, self.scene.where[Division.TOPIC])
        between = self._between(run)
        for period in range(max(between.start, between.stop - _MOST_READ), between.stop):
            for name, counts in self.scene.within(period, part, where).items():
                slow[name] = slow.get(name, np.zeros(2)) + np.array(_slower(counts, figure, usual))
        if part is Division.RESIDENCE:
            slow = {name: counts for name, counts in slow.items() if self.scene.home.get(name) == office}
        if not slow:
            return ()
        bad, whole = np.array(list(slow.values())).T
        return _strongest(bad, whole, list(slow), _least_share(figure))

    # Residences.

    def residences(self) -> list[FigureFinding]:
        """Return the residences that are worse than the other residences of their office."""
        office, residence, _ = self.scene.where
        found: dict[str, list[FigureFinding]] = {}
        homes = np.maximum(self._homes, 0)
        if not len(self.scene.course.offices):
            return []
        rest = self._of_homes[homes] - self._by_residence
        for figure in self.shares:
            whole = _bad(figure, self._by_residence)[1]
            compared = _compared(figure, _bad(figure, self._by_residence), _bad(figure, rest))
            for at, each in enumerate(compared.worst(self.runs, _least_share(figure))):
                name = self.scene.course.residences[at]
                home = self.scene.home.get(name, "")
                asked = residence in (None, name) and office in (None, home) and self._homes[at] >= 0
                if each is None or not asked:
                    continue
                topics = self._worse_parts(
                    figure, each[0], self.scene.course.by_residence[at], self.scene.course.topics
                )
                new = FigureFinding(
                    office=home,
                    residence=name,
                    topics=() if self.scene.where[Division.TOPIC] is not None else topics,
                    period=self._period(each[0], whole[at]),
                    shown=self._shown(figure, each[0], self._by_residence[at], rest[at]),
                    against=Against.REST,
                    run=each[0],
                    until=self._until(each[0]),
                    evidence=each[1],
                )
                shown_in = partial(self._shown_in, figure, self._by_residence[at], rest[at])
                holds_in = partial(self._holds, figure, counts=self._by_residence[at], other=rest[at])
                found[name] = self._take(found.get(name, []), new, shown_in, holds_in)
        return sorted((each for several in found.values() for each in several), key=lambda each: -each.evidence)

    # All that is looked at, over time.

    def everywhere(self) -> list[FigureFinding]:
        """Return what became worse in all that is looked at, or does not reach what is to be reached."""
        counts, parts = self._subject
        found = [each for each in (self._growth(counts, parts),) if each is not None]
        for figure in self.shares:
            bad, whole = _bad(figure, counts)
            settled = self._settled(figure)
            is_settled = np.arange(len(whole)) >= settled
            large = np.full(whole.shape, _LARGE)
            standard = (large * (1 - figure.standard / 100))[None], large[None]
            for against, other in ((Against.STANDARD, standard), (Against.BEFORE, None)):
                if against is Against.STANDARD and not figure.standard:
                    continue
                looked_at = (bad, whole) if other is not None else (bad * is_settled, whole * is_settled)
                compared = _compared(figure, (looked_at[0][None], looked_at[1][None]), other, settled)
                (run,) = compared.worst(self.runs, _least_share(figure))
                if run is None or (against is Against.BEFORE and self._is_of_one(figure, run[0], counts, parts)):
                    continue
                shown = self._shown(figure, run[0], counts, None)
                if against is Against.STANDARD:
                    shown = replace(shown, other=figure.standard)
                new = FigureFinding(
                    office=self.scene.where[0] or "",
                    residence=self.scene.where[1] or "",
                    offices=self._where(figure, run[0], parts, against),
                    topics=self._worse_topics(figure, run[0]),
                    period=self._period(run[0], whole),
                    shown=shown,
                    against=against,
                    run=run[0],
                    until=self._until(run[0]),
                    evidence=run[1],
                )
                if against is Against.STANDARD:
                    found.append(new)
                else:
                    shown_in = partial(self._shown_in, figure, counts, None)
                    alike = [each for each in found if each.against is against]
                    rest = [each for each in found if each.against is not against]
                    holds_in = partial(self._holds, figure, counts=counts, other=None)
                    found = [*self._take(alike, new, shown_in, holds_in), *rest]
                break
        return found

    @cached_property
    def _subject(self) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
        """What is looked at, and of each office what of it is its own; nothing where one place alone is looked at."""
        office, residence, _ = self.scene.where
        course = self.scene.course
        nothing = np.zeros(self._by_office.shape[1:], np.int64)
        if residence is not None:
            known = residence in course.residences
            return (self._by_residence[course.residences.index(residence)] if known else nothing), {}
        if office is not None:
            return (self._by_office[course.offices.index(office)] if office in course.offices else nothing), {}
        return self._by_office.sum(axis=0), dict(zip(course.offices, self._by_office, strict=True))

    def _worse_topics(self, figure: Figure, run: int) -> tuple[str, ...]:
        office, residence, topic = self.scene.where
        course = self.scene.course
        if topic is not None:
            return ()
        if residence is not None:
            counts = course.by_residence[course.residences.index(residence)]
        else:
            counts = course.by_office.sum(axis=0) if office is None else course.by_office[course.offices.index(office)]
        return self._worse_parts(figure, run, counts, course.topics)

    def _is_of_one(self, figure: Figure, run: int, counts: np.ndarray, parts: Mapping[str, np.ndarray]) -> bool:
        """Return whether all became worse by one office alone: without it, they did not."""
        return any(not self._became_worse(figure, run, counts - part) for part in parts.values())

    def _became_worse(self, figure: Figure, run: int, counts: np.ndarray) -> bool:
        between, cases = self._between(run), _bad(figure, counts)
        now, before = (_mean(figure, cases, each) for each in (between, slice(self._settled(figure), between.start)))
        return _is_shown(now, before, _least_share(figure)) > -np.inf

    def _where(self, figure: Figure, run: int, parts: Mapping[str, np.ndarray], against: Against) -> tuple[str, ...]:
        """Return the offices where it is so; none where it is so in each that is large enough to tell."""
        between = self._between(run)
        worse: list[str] = []
        better: list[str] = []
        for office, counts in parts.items():
            bad, whole = (part[between].sum() for part in _bad(figure, counts))
            if whole < SMALLEST:
                continue
            if against is Against.STANDARD:
                is_so = bad / whole - (1 - figure.standard / 100) >= _least_share(figure)
            else:
                is_so = self._became_worse(figure, run, counts)
            (worse if is_so else better).append(office)
        return tuple(worse) if better else ()

    def _growth(self, counts: np.ndarray, parts: Mapping[str, np.ndarray]) -> FigureFinding | None:
        """Return since when more and more cases wait; None where they do not.

        Whether they do is told by the ends of periods that may be compared with; since when, as tables show it: by the
        first of the periods in a row up to there of which each ended with more than the one before.

        What comes in and what is closed are Poisson counts of one mean where nothing grows, so that their difference
        over some periods spreads by the root of their sum.
        """
        last = self.scene.ends[-1]
        opened, closed, again, waiting = (counts[:, AT[name]] for name in ("opened", "closed", "reopened", "open"))
        moved = np.cumsum(opened + closed + again)
        known = [at for at in range(self.scene.settled, last) if opened[: at + 1].sum()]
        if not known:
            return None
        strength = [(waiting[last] - waiting[at]) / math.sqrt(max(1, moved[last] - moved[at])) for at in known]
        best = int(np.argmax(strength))
        base = known[best]
        if strength[best] < standard_errors(BY_CHANCE / len(known)) or not _has_grown(waiting[base], waiting[last]):
            return None
        run = int(np.flatnonzero((self.runs.first == base + 1) & (self.runs.last == last))[0])
        while base and waiting[base - 1] < waiting[base]:
            base -= 1
        latest = None if base == last - 1 else float(waiting[last] - waiting[last - 1])
        waits = {office: each[:, AT["open"]] for office, each in parts.items()}
        large = {office: each for office, each in waits.items() if each[last] >= SMALLEST}
        grown = [office for office, each in large.items() if _has_grown(each[base], each[last])]
        return FigureFinding(
            office=self.scene.where[0] or "",
            residence=self.scene.where[1] or "",
            offices=() if len(grown) == len(large) else tuple(grown),
            period=FindingPeriod(self.scene.course.periods[base + 1], None, self._beginning(base)),
            run=run,
            shown=Shown(_OPEN, float(waiting[last]), float(waiting[base]), last - base, added=latest),
            against=Against.BEFORE,
            until=self.scene.course.periods[last],
            evidence=strength[best],
        )


_OPEN: Final = next(figure for figure in FIGURES if figure.id == "open")


def _has_grown(before: float, now: float) -> bool:
    return now - before >= max(SMALLEST, LEAST_GROWTH * before)


def _bad(figure: Figure, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of a share how many cases are bad, and of how many; the last axis of the counts are the measures."""
    part = counts[..., AT[figure.measure]]
    whole = sum(counts[..., AT[name]] for name in ((figure.whole,) if figure.whole else figure.judged_of))
    return (whole - part if figure.better is Better.MORE else part), np.asarray(whole)


def _percent(figure: Figure, counts: np.ndarray) -> float:
    bad, whole = (float(part.sum()) for part in _bad(figure, counts))
    share = 100 * bad / max(1.0, whole)
    return 100 - share if figure.better is Better.MORE else share


def _compared(figure: Figure, mine: _Cases, other: _Cases | None, settled: int = 0) -> ComparedCounts:
    """Return bad cases of places, and of what they are compared with; None: with themselves before, once settled."""
    is_stock = figure.kind is FigureKind.STOCK
    if other is None:
        return ComparedCounts(*mine, is_stock=is_stock, settled=settled)
    return ComparedCounts(mine[0], mine[1], other[0], other[1], is_stock=is_stock)


def _is_shown(mine: tuple[float, float], other: tuple[float, float], least: float) -> float:
    """Return the evidence that a share of bad cases is greater than another."""
    return float(evidence(np.asarray(mine[0]), np.asarray(mine[1]), np.asarray(other[0]), np.asarray(other[1]), least))


def _mean(figure: Figure, cases: _Cases, between: slice) -> tuple[float, float]:
    """Return the cases of some periods: of what stands at their ends the mean, else the sum."""
    length = max(1, between.stop - (between.start or 0)) if figure.kind is FigureKind.STOCK else 1
    bad, whole = (float(part[..., between].sum()) / length for part in cases)
    return bad, whole


def _least_share(figure: Figure) -> float:
    """Return the least difference of two shares of bad cases; of a duration, of those that took longer than usual."""
    return _LEAST_SLOW if figure.kind is FigureKind.QUANTILE else least_of(figure) / 100


_LEAST_SLOW: Final = 0.03


def _strongest(bad: np.ndarray, whole: np.ndarray, names: Sequence[str], least: float) -> tuple[str, ...]:
    shown = evidence(bad, whole, bad.sum() - bad, whole.sum() - whole, least)
    order = sorted(range(len(names)), key=lambda at: -shown[at])
    return tuple(names[at] for at in order[:MOST_PARTS] if names[at] and shown[at] >= EVIDENCE)


def _bin_at(counts: np.ndarray, part: float) -> int:
    """Return the bin of a histogram in which a quantile lies."""
    below = np.cumsum(counts)
    return int(np.searchsorted(below, max(1, math.ceil(part * int(below[-1])))))


def _slower(counts: Sums, figure: Figure, usual: int) -> tuple[int, int]:
    """Return how many durations lie above a bin, and how many there are."""
    bins, at = counts.columns.bins.get(figure.measure, np.zeros((2, 0), np.int64))
    numbers = counts.numbers[at]
    return int(numbers[bins > usual].sum()), int(numbers.sum())


def _is_worse_by_enough(shown: Shown) -> bool:
    is_worse = shown.mine < shown.other if shown.figure.better is Better.MORE else shown.mine > shown.other
    return is_worse and is_relevant(shown.figure, shown.mine, shown.other)


def _overlap(one: FindingPeriod, two: FindingPeriod) -> bool:
    return (one.last is None or two.first <= one.last) and (two.last is None or one.first <= two.last)
