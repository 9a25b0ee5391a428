"""Where residences open many more cases of a topic than there is to be expected: than usual there, or than elsewhere.

As in `findings`, every run of periods up to the one that is looked at is tried, and that is told which chance would
bring least. What is more than usual there begins at some time; what a residence has always had shows only beside the
others, by as many dwellings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

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
        residence, topic: where.
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
    told = set[tuple[str, str]]()
    for against in (Against.USUAL, Against.ELSEWHERE):
        for each in _Surplus(scene, against).found():
            if (each.residence, each.topic) not in told:
                told.add((each.residence, each.topic))
                yield each


@dataclass
class _Surplus:
    """Compares the cases of each residence and topic that has any: a row each."""

    scene: Scene
    against: Against

    @cached_property
    def _runs(self) -> Runs:
        return Runs.ending(self.scene.ends)

    @cached_property
    def _opened(self) -> np.ndarray:
        """By residence, topic and period."""
        return np.asarray(self.scene.course.by_residence[..., AT["opened"]])

    @cached_property
    def _held(self) -> np.ndarray:
        """The rows that have cases in the periods that are looked at."""
        looked_at = self._opened[:, :, self.scene.ends.start :].reshape(-1, len(self.scene.ends))
        return np.flatnonzero(looked_at.max(axis=1, initial=0) > 0)

    @cached_property
    def _counts(self) -> np.ndarray:
        return np.asarray(self._opened.reshape(-1, len(self.scene.course.periods))[self._held])

    def _compared(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cases of each run, those that they are held against, and which part of both the run would be."""
        if self.against is Against.USUAL:
            return surplus(self._counts, np.array(self.scene.passed, float), self._runs, _USUAL_OF)
        homes = np.array([self.scene.dwellings.get(each, 0) for each in self.scene.course.residences], float)
        # What lies in no dwelling brings cases by no dwelling.
        opened = self._opened * (homes > 0)[:, None, None]
        others = (opened.sum(axis=0) - opened).reshape(-1, len(self.scene.course.periods))[self._held]
        part = np.where((homes > 0) & (homes < homes.sum()), homes / max(1.0, homes.sum()), np.nan)
        of_row = np.repeat(part, len(self.scene.course.topics))[self._held][:, None]
        return self._runs.sums(self._counts), self._runs.sums(others), np.tile(of_row, (1, len(self._runs)))

    def found(self) -> Iterator[Unusual]:
        """Yield those that chance would not bring."""
        if not len(self._held):
            return
        runs, topics = self._runs, self.scene.course.topics
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
        return bool(topic) and is_place and asked_topic in (None, topic)

    def _period(self, run: int) -> FindingPeriod:
        periods, passed = self.scene.course.periods, self.scene.passed
        first, last = int(self._runs.first[run]), int(self._runs.last[run])
        is_over = last < self.scene.ends[-1] and passed[last + 1] == 1
        beginning = Beginning.SEEN if first else self.scene.beginning
        return FindingPeriod(periods[first], periods[last] if is_over else None, beginning)
