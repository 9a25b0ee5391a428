"""Where residences open many more cases of a topic than there is to be expected: than usual there, or than elsewhere.

As in `findings`, every run of periods up to the one that is looked at is tried, and that is told which chance would
bring least. What is more than usual there begins at some time; what a residence has always had shows only beside the
others, by as many dwellings. Where that is so of all topics together, it is told once, and of a topic only where that
is as much more again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from dtm_contact.figures.cells import Division
from dtm_contact.figures.courses import AT
from dtm_contact.figures.findings import Against, Beginning, FindingPeriod, Scene
from dtm_contact.figures.scanning import BY_CHANCE, Runs, at_least, divergence, surplus

FEWEST: Final = 5
"""Unusually many cases are so many at least."""
HOW_MANY_TIMES: Final = 2.0
"""And so many times what is to be expected."""
_LEAST_USUAL: Final = 0.5
_USUAL_OF: Final = 6


@dataclass(frozen=True, slots=True)
class Unusual:
    """Many more cases of a topic in a residence than there is to be expected.

    Attributes:
        residence, topic: where; "" for all topics together.
        count: how many there were.
        usual: how many there are to be expected in as much time.
        chance: how often chance alone would bring so many.
        period: since when.
        against: what is to be expected: what is usual there, or what the other residences bring by as many dwellings.
    """

    residence: str
    topic: str
    count: int
    usual: float
    chance: float
    period: FindingPeriod
    against: Against = Against.USUAL

    @property
    def times(self) -> float:
        """How many times what is to be expected."""
        return self.count / max(self.usual, _LEAST_USUAL)


def find_unusual(scene: Scene) -> Iterator[Unusual]:
    """Yield where many more cases came than is usual, or than elsewhere; of one residence and topic, the former."""
    if not len(scene.ends):
        return
    opened, topics = np.asarray(scene.course.by_residence[..., AT["opened"]]), scene.course.topics
    told = {(each.residence, each.topic): each for each in _Surplus(scene, Against.USUAL, opened, topics).unusual()}
    yield from told.values()
    of_all: Mapping[str, Unusual] = {}
    if scene.where[Division.TOPIC] is None:
        whole = opened.sum(axis=1, keepdims=True)
        of_all = {
            each.residence: each
            for each in _Surplus(scene, Against.ELSEWHERE, whole, ("",)).unusual()
            if not _is_of_one_topic(scene, opened, each)
        }
        yield from of_all.values()
    for each in _Surplus(scene, Against.ELSEWHERE, opened, topics).unusual():
        whole_of_it = of_all.get(each.residence)
        is_more = whole_of_it is None or each.times >= HOW_MANY_TIMES * whole_of_it.times
        if each.topic and is_more and (each.residence, each.topic) not in told:
            yield each


def _is_of_one_topic(scene: Scene, opened: np.ndarray, of_all: Unusual) -> bool:
    """Return whether a residence has more of all topics together by one of them: without it, it has not."""
    periods, residence = scene.course.periods, scene.course.residences.index(of_all.residence)
    last = periods[scene.ends[-1]] if of_all.period.last is None else of_all.period.last
    between = [at for at, first in enumerate(periods) if of_all.period.first <= first <= last]
    counts = opened[:, :, between].sum(axis=2)
    # As many of each topic as the others have, by as many dwellings.
    others = counts.sum(axis=0) - counts[residence]
    usual = of_all.usual * others / max(1, others.sum())
    rest, rest_usual = counts[residence].sum() - counts[residence], usual.sum() - usual
    at = int(np.argmax(counts[residence] - usual))
    return bool(rest[at] < max(FEWEST, HOW_MANY_TIMES * rest_usual[at]))


@dataclass
class _Surplus:
    """Compares the cases of each residence and topic that has any: a row each.

    Attributes:
        scene: what is looked at.
        against: what they are compared with.
        opened: the cases, by residence, topic and period.
        topics: what its second axis stands for.
    """

    scene: Scene
    against: Against
    opened: np.ndarray
    topics: Sequence[str]

    @cached_property
    def _runs(self) -> Runs:
        return Runs.ending(self.scene.ends)

    @cached_property
    def _held(self) -> np.ndarray:
        """The rows that have cases in the periods that are looked at."""
        looked_at = self.opened[:, :, self.scene.ends.start :].reshape(-1, len(self.scene.ends))
        return np.flatnonzero(looked_at.max(axis=1, initial=0) > 0)

    @cached_property
    def _counts(self) -> np.ndarray:
        return np.asarray(self.opened.reshape(-1, len(self.scene.course.periods))[self._held])

    def _compared(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cases of each run, those that they are held against, and which part of both the run would be."""
        if self.against is Against.USUAL:
            return surplus(self._counts, np.array(self.scene.passed, float), self._runs, _USUAL_OF)
        homes = np.array([self.scene.dwellings.get(each, 0) for each in self.scene.course.residences], float)
        # What lies in no dwelling brings cases by no dwelling.
        opened = self.opened * (homes > 0)[:, None, None]
        others = (opened.sum(axis=0) - opened).reshape(-1, len(self.scene.course.periods))[self._held]
        part = np.where((homes > 0) & (homes < homes.sum()), homes / max(1.0, homes.sum()), np.nan)
        of_row = np.repeat(part, len(self.topics))[self._held][:, None]
        return self._runs.sums(self._counts), self._runs.sums(others), np.tile(of_row, (1, len(self._runs)))

    def unusual(self) -> Iterator[Unusual]:
        """Yield those that chance would not bring."""
        if not len(self._held):
            return
        runs, topics = self._runs, self.topics
        count, other, part = self._compared()
        part = np.broadcast_to(part, count.shape)
        usual = other * part / (1 - part)
        expected = np.maximum(usual, _LEAST_USUAL)
        is_so = (count >= FEWEST) & (count >= HOW_MANY_TIMES * expected)
        least = np.maximum(1, expected / (runs.last - runs.first + 1))
        # A run begins and ends with a period that brought as many as is to be expected, or more.
        is_so &= (self._counts[:, runs.first] >= least) & (self._counts[:, runs.last] >= least)
        excess = np.where(is_so, divergence(count, other, part), -1)
        for row in np.flatnonzero(excess.max(axis=1) > 0):
            run = int(np.argmax(excess[row]))
            at_residence, at_topic = divmod(int(self._held[row]), len(topics))
            name, topic = self.scene.course.residences[at_residence], topics[at_topic]
            if not self._is_asked(name, topic):
                continue
            # Whatever chance brings, the strongest run is told of each residence and topic.
            chance = at_least(int(count[row, run]), int(other[row, run]), float(part[row, run])) * len(runs)
            if chance < BY_CHANCE:
                number, expected_there = int(count[row, run]), float(usual[row, run])
                yield Unusual(name, topic, number, expected_there, chance, self._period(run), self.against)

    def _is_asked(self, residence: str, topic: str) -> bool:
        office, asked, asked_topic = self.scene.where
        is_place = asked in (None, residence) and office in (None, self.scene.home.get(residence))
        return is_place and asked_topic in (None, topic) and (bool(topic) or self.against is Against.ELSEWHERE)

    def _period(self, run: int) -> FindingPeriod:
        periods, passed = self.scene.course.periods, self.scene.passed
        first, last = int(self._runs.first[run]), int(self._runs.last[run])
        is_over = last < self.scene.ends[-1] and passed[last + 1] == 1
        beginning = Beginning.SEEN if first else self.scene.beginning
        return FindingPeriod(periods[first], periods[last] if is_over else None, beginning)
