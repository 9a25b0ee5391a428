"""Decisions held against the truth: shares that are right, and how far probabilities may be believed."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol, TypeVar

from dtm_contact.model import CaseKind, Judgement, Likely, Match, Priority, Understanding
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal.truth import Truth
from dtm_contact.rules import decide

_TOPIC = "topic"
_OR = " | "


EDGES = (0.0, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Where the bands of a reliability table begin; the last ends at 1."""


@dataclass(frozen=True, slots=True)
class Band:
    """Answers given with about the same probability.

    Attributes:
        low, high: from this probability up to, not including, that; 1 belongs to the last.
        count: how many answers.
        said: their mean probability.
        right: the share of them that was right.
    """

    low: float
    high: float
    count: int
    said: float
    right: float

    @property
    def off(self) -> float:
        """By how much the probability said too much (above 0) or too little."""
        return self.said - self.right

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share of right answers lies, 95 times of 100: few answers say little."""
        return wilson(round(self.right * self.count), self.count)


@dataclass(frozen=True, slots=True)
class ScoreFigure:
    """How many of those that count for a question were right."""

    name: str
    right: int
    of: int

    @property
    def share(self) -> float:
        """The share that was right, from 0 to 1; 1 where none counted."""
        return self.right / self.of if self.of else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """The interval in which the true share lies, 95 times of 100 (Wilson)."""
        return wilson(self.right, self.of)


@dataclass(frozen=True, slots=True)
class Miss:
    """One wrong answer: which message and question, what was said, what is right, and the labeller's note."""

    file: str
    question: str
    said: str
    right: str
    note: str


@dataclass(frozen=True, slots=True)
class Score:
    """The figures, in the order of the questions, and every miss.

    Attributes:
        figures, misses: see there.
        reliability: how far the probability of the likeliest tenant may be believed.
    """

    figures: tuple[ScoreFigure, ...]
    misses: tuple[Miss, ...]
    reliability: tuple[Band, ...] = ()

    @property
    def confusions(self) -> tuple[tuple[str, str, int], ...]:
        """Which topic was taken for which, and how often, the commonest first."""
        wrong = [miss for miss in self.misses if miss.question == _TOPIC]
        counts = Counter((miss.right.split(_OR)[0], miss.said) for miss in wrong)
        return tuple((right, said, times) for (right, said), times in counts.most_common())


_Judged = TypeVar("_Judged")
_Judged_contra = TypeVar("_Judged_contra", contravariant=True)


class Asking(Protocol[_Judged_contra]):
    """Something asked of what was judged: of which, and whether the answer is right."""

    @property
    def name(self) -> str:
        """What it is called in the figures."""
        ...

    def asked(self, judged: _Judged_contra, /) -> bool:
        """Return whether it is asked of this one."""
        ...

    def is_right(self, judged: _Judged_contra, /) -> bool:
        """Return whether what was said is right."""
        ...

    def missed(self, judged: _Judged_contra, /) -> Miss:
        """Return the wrong answer, told."""
        ...


def held(questions: Iterable[Asking[_Judged]], judged: Sequence[_Judged]) -> Score:
    """Return a figure for each question, in their order, and every miss."""
    figures: list[ScoreFigure] = []
    misses: list[Miss] = []
    for question in questions:
        asked = [one for one in judged if question.asked(one)]
        wrong = [one for one in asked if not question.is_right(one)]
        figures.append(ScoreFigure(question.name, len(asked) - len(wrong), len(asked)))
        misses += map(question.missed, wrong)
    return Score(tuple(figures), tuple(misses))


@dataclass(frozen=True, slots=True)
class _Case:
    """One judged message beside its truth."""

    judgement: Judgement
    truth: Truth
    grounds: Grounds

    @property
    def topic_accepted_instead(self) -> str | None:
        """The topic said, where it is not the first choice but counts as right."""
        topic = self.judgement.understanding.topic
        return topic if topic != self.truth.topic and topic in self.truth.topics else None


@dataclass(frozen=True, slots=True)
class _Question:
    """Something asked of each case: whom it concerns, what was said, what is right, whether the one is the other."""

    name: str
    asked: Callable[[_Case], bool]
    said: Callable[[_Case], str | None]
    right: Callable[[_Case], str | None]
    holds: Callable[[_Case], bool] | None = None

    def is_right(self, case: _Case) -> bool:
        return self.holds(case) if self.holds else self.said(case) == self.right(case)

    def missed(self, case: _Case) -> Miss:
        said, right = self.said(case) or "–", self.right(case) or "–"
        return Miss(case.truth.file, self.name, said, right, case.truth.note)


def joined_topics(topic: str, topics: Collection[str]) -> str:
    """Return the topics that are right, the first choice first."""
    return _OR.join((topic, *sorted(set(topics) - {topic})))


def id_of(likely: Likely | None) -> str | None:
    """Return who or what was named."""
    return likely.id if likely else None


def _tenant_not_wrong(case: _Case) -> bool:
    named = case.judgement.match.tenant
    return named is None or named.id in case.truth.tenants


def place_not_wrong(said: Likely | None, right: str | None) -> bool:
    """Return whether no place is named, or the right one."""
    return said is None or said.id == right


def _caretaker(case: _Case) -> str | None:
    on_duty = case.judgement.match.caretakers
    return (on_duty[0].replaces or on_duty[0].id) if len(on_duty) == 1 else None


def _caretaker_right(case: _Case) -> bool:
    on_duty = case.judgement.match.caretakers
    return len(on_duty) == 1 and case.truth.caretaker_id in {on_duty[0].id, on_duty[0].replaces}


def _office_right(case: _Case) -> bool:
    said = case.judgement.decision.office_id
    return said == case.truth.office or (case.topic_accepted_instead is not None and said == _office_for_topic(case))


def _office_for_topic(case: _Case) -> str | None:
    """Where the rules send the topic that was said, at the place that is right."""
    residence = case.grounds.directory.residences.get(case.truth.residence_id or "")
    place = Match(
        residence=Likely(residence.residence_id, 1.0) if residence else None,
        office_id=residence.office_id if residence else None,
    )
    understanding = case.judgement.understanding
    asked = Understanding(CaseKind.CASE, understanding.topics[:1], understanding.priority)
    judgement, grounds = case.judgement, case.grounds
    now = judgement.contact.at
    return decide(judgement.contact, place, asked, now, grounds.rules, grounds.directory).office_id


def _priority_right(case: _Case) -> bool:
    return case.judgement.decision.priority in case.truth.priorities or case.topic_accepted_instead is not None


def _anyone(_case: _Case) -> bool:
    return True


_QUESTIONS = (
    _Question(
        "kind", _anyone, lambda case: case.judgement.decision.kind.value, lambda case: case.truth.kind.value
    ),
    _Question(
        "person's mail kept as a case",
        lambda case: case.truth.kind is CaseKind.CASE,
        lambda case: case.judgement.decision.kind.value,
        lambda case: case.truth.kind.value,
    ),
    _Question(
        "automatic and spam found",
        lambda case: case.truth.kind is not CaseKind.CASE,
        lambda case: case.judgement.decision.kind.value,
        lambda case: case.truth.kind.value,
    ),
    _Question(
        "office",
        _anyone,
        lambda case: case.judgement.decision.office_id,
        lambda case: case.truth.office,
        _office_right,
    ),
    _Question(
        _TOPIC,
        _anyone,
        lambda case: case.judgement.understanding.topic,
        lambda case: joined_topics(case.truth.topic, case.truth.topics),
        lambda case: case.judgement.understanding.topic in case.truth.topics,
    ),
    _Question(
        "priority",
        _anyone,
        lambda case: case.judgement.decision.priority.value,
        lambda case: " | ".join(sorted(case.truth.priorities)),
        _priority_right,
    ),
    _Question(
        "P1 found",
        lambda case: case.truth.priority is Priority.P1,
        lambda case: case.judgement.decision.priority.value,
        lambda _case: Priority.P1.value,
    ),
    _Question(
        "no false P1",
        lambda case: Priority.P1 not in case.truth.priorities,
        lambda case: case.judgement.decision.priority.value,
        lambda case: " | ".join(sorted(case.truth.priorities)),
        lambda case: case.judgement.decision.priority is not Priority.P1,
    ),
    _Question(
        "tenant named and right",
        lambda case: case.truth.tenant_id is not None,
        lambda case: id_of(case.judgement.match.tenant),
        lambda case: " | ".join(sorted(case.truth.tenants)),
        lambda case: id_of(case.judgement.match.tenant) in case.truth.tenants,
    ),
    _Question(
        "no wrong tenant named",
        _anyone,
        lambda case: id_of(case.judgement.match.tenant),
        lambda case: " | ".join(sorted(case.truth.tenants)) or None,
        _tenant_not_wrong,
    ),
    _Question(
        "named tenant right",
        lambda case: case.judgement.match.tenant is not None,
        lambda case: id_of(case.judgement.match.tenant),
        lambda case: " | ".join(sorted(case.truth.tenants)) or None,
        _tenant_not_wrong,
    ),
    _Question(
        "singled out and named",
        lambda case: case.truth.unique,
        lambda case: id_of(case.judgement.match.tenant),
        lambda case: " | ".join(sorted(case.truth.tenants)),
        lambda case: id_of(case.judgement.match.tenant) in case.truth.tenants,
    ),
    _Question(
        "tenant among the first five",
        lambda case: case.truth.tenant_id is not None,
        lambda case: " ".join(found.tenant_id for found in case.judgement.match.candidates[:5]) or None,
        lambda case: " | ".join(sorted(case.truth.tenants)),
        lambda case: any(found.tenant_id in case.truth.tenants for found in case.judgement.match.candidates[:5]),
    ),
    _Question(
        "dwelling",
        lambda case: case.truth.dwelling_id is not None,
        lambda case: id_of(case.judgement.match.dwelling),
        lambda case: case.truth.dwelling_id,
    ),
    _Question(
        "no wrong dwelling",
        lambda case: case.truth.kind is CaseKind.CASE,
        lambda case: id_of(case.judgement.match.dwelling),
        lambda case: case.truth.dwelling_id,
        lambda case: place_not_wrong(case.judgement.match.dwelling, case.truth.dwelling_id),
    ),
    _Question(
        "residence",
        lambda case: case.truth.residence_id is not None,
        lambda case: id_of(case.judgement.match.residence),
        lambda case: case.truth.residence_id,
    ),
    _Question(
        "no wrong residence",
        lambda case: case.truth.kind is CaseKind.CASE,
        lambda case: id_of(case.judgement.match.residence),
        lambda case: case.truth.residence_id,
        lambda case: place_not_wrong(case.judgement.match.residence, case.truth.residence_id),
    ),
    _Question(
        "caretaker", lambda case: case.truth.caretaker_id is not None, _caretaker,
        lambda case: case.truth.caretaker_id, _caretaker_right,
    ),
)  # fmt: skip


def score(judgements: Iterable[Judgement], truths: Mapping[str, Truth], grounds: Grounds) -> Score:
    """Hold judgements against their truths.

    A topic among the acceptable ones counts as right, and with it the office and the priority that go with it.

    Args:
        judgements: what was judged; those without a truth are left out.
        truths: what is right, by the judgement's source.
        grounds: the directory and the rules that it was judged by.
    """
    cases = [_Case(found, truths[found.source], grounds) for found in judgements if found.source in truths]
    return replace(held(_QUESTIONS, cases), reliability=reliability(map(_likeliest, filter(_has_candidate, cases))))


def _has_candidate(case: _Case) -> bool:
    return bool(case.judgement.match.candidates)


def _likeliest(case: _Case) -> tuple[float, bool]:
    best = case.judgement.match.candidates[0]
    return best.probability, best.tenant_id in case.truth.tenants


def reliability(answers: Iterable[tuple[float, bool]]) -> tuple[Band, ...]:
    """Return the reliability table of answers, each a probability from 0 to 1 and whether it was right.

    Bands without an answer are left out (DeGroot and Fienberg, The comparison and evaluation of forecasters, 1983).
    """
    listed = list(answers)
    found = []
    for low, high in pairwise(EDGES):
        inside = [each for each in listed if low <= each[0] < high or (high == each[0] == EDGES[-1])]
        if inside:
            said = sum(probability for probability, _right in inside) / len(inside)
            right = sum(right for _probability, right in inside) / len(inside)
            found.append(Band(low, high, len(inside), said, right))
    return tuple(found)


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval in which the true share lies, 95 times of 100 by default (Wilson 1927).

    Args:
        right: how many were right.
        of: of how many; 0 gives 0 to 1.
        z: the standard normal quantile of the interval.
    """
    if not of:
        return 0.0, 1.0
    share, square = right / of, z * z
    middle = share + square / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    scale = 1 + square / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
