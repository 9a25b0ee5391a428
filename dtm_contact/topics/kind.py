"""Whether a person wrote and needs something; in doubt it is a case."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dtm_contact.model import CaseKind, Contact, Evidence, Part
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.learned import Opinion
from dtm_contact.topics.lexicon import Lexicon, Role
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.weigh import marks

_SPAM_VERDICT = re.compile(r"x-spam-(?:flag|status)\s*:\s*yes", re.IGNORECASE)
_VERDICT_POINTS = 3.0
_MATTER_POINTS = 2.0
"""What a topic of its own weighs against setting a message aside, at the most: spam speaks of topics too."""

_IN_SUBJECT = 1.5

_NOT_A_PERSONS = 2.0
"""The score under which the learned model doubts that words of automatic mail or advertisement are not a person's."""

_NEVER = 100.0

_LIKELY = 3.0
"""Steps of probability (natural logarithm) below certainty from which the learned model speaks for setting aside."""

_UNLIKELY_COSTS = 4.0
"""What it weighs against setting aside that the learned model holds it for a person's."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What was found of the matter before the kind is decided.

    Attributes:
        points: those of the strongest topic that a person may ask about; they speak against setting aside.
        danger: someone may be in danger: the structure alone does not set such a message aside.
        opinion: what the learned model makes of the message, where there is one.
    """

    points: float
    danger: bool
    opinion: Opinion | None


def kind_of(
    contact: Contact, passage: Passage, hits: Hits, lexicon: Lexicon, matter: Matter
) -> tuple[CaseKind, tuple[Evidence, ...]]:
    """Return the kind and what speaks for it.

    Args:
        contact: what was read; its structural signs and our own server's verdicts count.
        passage: the words.
        hits: what was found among them.
        lexicon: the limits.
        matter: what was found of the matter.
    """
    person = _points(passage, hits.by_role.get(Role.PERSON, ()))
    automatic, spam = (hits.by_role.get(role, []) for role in (Role.AUTOMATIC, Role.SPAM))
    if contact.automatic_signs and not person and (automatic or not matter.danger):
        signs = tuple(Evidence("kind.structure", lexicon.limits.automatic, sign) for sign in contact.automatic_signs)
        return CaseKind.AUTOMATIC, (*signs, *marks("kind.automatic", 1.0, automatic, passage))
    learned = _by_model(matter, person)
    if learned is not None and matter.opinion is not None:
        return learned, matter.opinion.for_setting_aside(passage)
    if matter.opinion is not None and matter.opinion.aside < _NOT_A_PERSONS:
        return CaseKind.CASE, ()
    against = person + min(matter.points / 3, _MATTER_POINTS)
    if _points(passage, automatic) + _learned(matter.opinion, CaseKind.AUTOMATIC) - against >= lexicon.limits.automatic:
        return CaseKind.AUTOMATIC, (
            *marks("kind.automatic", 1.0, automatic, passage),
            *_told(matter, "automatic", passage),
        )
    verdicts = [verdict for verdict in contact.trusted_verdicts if _SPAM_VERDICT.search(verdict)]
    points = _points(passage, spam) + _learned(matter.opinion, CaseKind.SPAM) + (_VERDICT_POINTS if verdicts else 0.0)
    if points - against >= lexicon.limits.spam:
        told = tuple(Evidence("kind.verdict", _VERDICT_POINTS, verdict) for verdict in verdicts)
        return CaseKind.SPAM, (*told, *marks("kind.spam", 1.0, spam, passage), *_told(matter, "spam", passage))
    return CaseKind.CASE, ()


def _by_model(matter: Matter, person: float) -> CaseKind | None:
    """Return the kind that the learned model is sure of, where no word speaks for a person and nobody is in danger."""
    opinion = matter.opinion
    if opinion is None or person or matter.danger:
        return None
    if opinion.aside < opinion.model.trust.aside_from:
        return None
    logarithms = opinion.logarithms
    return max((CaseKind.AUTOMATIC, CaseKind.SPAM), key=lambda kind: logarithms.get(kind.value, -_NEVER))


def _learned(opinion: Opinion | None, kind: CaseKind) -> float:
    """Return what the learned model says for or against a kind, in points of the words."""
    if opinion is None:
        return 0.0
    likely = opinion.logarithms.get(kind.value, -_LIKELY) + _LIKELY
    return likely if likely > 0 else -_UNLIKELY_COSTS


def _told(matter: Matter, kind: str, passage: Passage) -> tuple[Evidence, ...]:
    """Return the words by which the learned model speaks for a kind, where it does."""
    if matter.opinion is None or not matter.opinion.points(kind):
        return ()
    return matter.opinion.for_topic(kind, passage)


def _points(passage: Passage, hits: Iterable[Hit]) -> float:
    """Sum up the points, each word and each phrase once, more where they stand in the subject."""
    total = 0.0
    used: set[int] = set()
    texts: set[str] = set()
    for hit in sorted(hits, key=lambda hit: (-hit.entry.points, hit.first)):
        if hit.entry.text in texts or not used.isdisjoint(hit.places):
            continue
        texts.add(hit.entry.text)
        used.update(hit.places)
        total += hit.entry.points * (_IN_SUBJECT if passage.part_of(hit.first) is Part.SUBJECT else 1.0)
    return total
