"""Labelled messages held against what is understood of them: figures and misses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dtm_contact.model import CaseKind, Priority, Understanding
from dtm_contact.rehearsal.examples import Example
from dtm_contact.rehearsal.score import Miss, Score, held, told_topics
from dtm_contact.topics import Lexicon

_SHOWN = 90


@dataclass(frozen=True, slots=True)
class _Read:
    """One message beside what was understood of it."""

    example: Example
    understood: Understanding

    @property
    def topic_right(self) -> bool:
        return self.understood.topic in self.example.topics

    @property
    def priority_right(self) -> bool:
        """A topic accepted instead brings its own priority."""
        instead = self.topic_right and self.understood.topic != self.example.topic
        return self.understood.priority in self.example.priorities or instead


@dataclass(frozen=True, slots=True)
class _Question:
    name: str
    asked: Callable[[_Read], bool]
    is_right: Callable[[_Read], bool]
    said: Callable[[_Read], str]
    right: Callable[[_Read], str]

    def missed(self, read: _Read) -> Miss:
        place = f"{read.example.batch}#{read.example.number}"
        return Miss(place, self.name, self.said(read), self.right(read), read.example.text[:_SHOWN])


def _priority(read: _Read) -> str:
    return read.understood.priority.value


def _priorities(read: _Read) -> str:
    return " | ".join(sorted(read.example.priorities))


_QUESTIONS = (
    _Question(
        "kind", lambda _: True, lambda read: read.understood.kind is read.example.kind,
        lambda read: read.understood.kind.value, lambda read: read.example.kind.value,
    ),
    _Question(
        "person's mail kept as a case", lambda read: read.example.kind is CaseKind.CASE,
        lambda read: read.understood.kind is CaseKind.CASE,
        lambda read: read.understood.kind.value, lambda read: read.example.kind.value,
    ),
    _Question(
        "topic", lambda _: True, lambda read: read.topic_right,
        lambda read: read.understood.topic or "–", lambda read: told_topics(read.example.topic, read.example.topics),
    ),
    _Question("priority", lambda _: True, lambda read: read.priority_right, _priority, _priorities),
    _Question(
        "P1 found", lambda read: read.example.priority is Priority.P1,
        lambda read: read.understood.priority is Priority.P1, _priority, _priorities,
    ),
    _Question(
        "no false P1", lambda read: Priority.P1 not in read.example.priorities,
        lambda read: read.understood.priority is not Priority.P1, _priority, _priorities,
    ),
    _Question(
        "scope", lambda read: read.example.scope is not None,
        lambda read: read.understood.scope is read.example.scope,
        lambda read: str(read.understood.scope or "–"), lambda read: str(read.example.scope),
    ),
    _Question(
        "no scope where none is told", lambda read: read.example.scope_labelled and read.example.scope is None,
        lambda read: read.understood.scope is None, lambda read: str(read.understood.scope), lambda _: "–",
    ),
)  # fmt: skip


def score_examples(examples: Iterable[Example], lexicon: Lexicon) -> Score:
    """Return the figures, in the order of the questions, and every miss."""
    reads = [_Read(example, example.understood(lexicon)) for example in examples]
    return held(_QUESTIONS, reads)
