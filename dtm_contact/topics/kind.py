"""Whether something is asked or reported; in doubt it is a case.

Set aside is a machine's reply, which answers a message of ours, and mass mail. That a program wrote a message says
neither: a form, a lift's alarm and a contractor's report come from programs too (RFC 3834 section 5, `auto-generated`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dtm_contact.model import AutomaticSign, Automation, CaseKind, Contact, Evidence, Part
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.learned import Opinion
from dtm_contact.topics.lexicon import Lexicon, Role
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.weigh import marks
from dtm_contact.topics.wrapping import may_be_letter

_SPAM_VERDICT = re.compile(r"x-spam-(?:flag|status)\s*:\s*yes", re.IGNORECASE)
_VERDICT_POINTS = 3.0
_MATTER_POINTS = 2.0
"""What a topic of its own weighs against setting a message aside, at the most: spam speaks of topics too."""

_IN_SUBJECT = 1.5

_NOT_A_PERSONS = 2.0
"""The score under which the learned model doubts that words of automatic mail or advertisement are not a person's."""

_A_PERSONS = 3.0
"""Points of a person's words from which a message is theirs though its structure says that a program answered: in an
absence notice somebody speaks of their daughter, too."""

_MASS_POINTS = 4.0
"""What a structural sign of mass mail adds to the words of an advertisement."""

_MASS_SIGNS = 2
"""Signs of mass mail that count: alone they do not outweigh a person's words or what is unlike an advertisement."""

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
        danger: someone may be in danger: no structure sets such a message aside.
        told_danger: words say so, not the learned model alone: a reply's own words are no person's, and strange to it.
        whole: the words that were said, closing words of programs and all.
        opinion: what the learned model makes of them, where there is one.
        closing: closing words of a program stand in it ("merci de ne pas répondre").
    """

    points: float
    danger: bool
    told_danger: bool
    whole: Passage
    opinion: Opinion | None
    closing: bool


def kind_of(
    contact: Contact, passage: Passage, hits: Hits, lexicon: Lexicon, matter: Matter
) -> tuple[CaseKind, tuple[Evidence, ...]]:
    """Return the kind and what speaks for it.

    Args:
        contact: what was read; what its structure says of a program and our own server's verdicts count.
        passage: the words.
        hits: what was found among them.
        lexicon: the limits.
        matter: what was found of the matter.
    """
    person = _points(passage, hits.by_role.get(Role.PERSON, ()))
    automatic, spam = (hits.by_role.get(role, []) for role in (Role.AUTOMATIC, Role.SPAM))
    replies, generated, mass = (
        _signs(contact, kind) for kind in (Automation.REPLY, Automation.GENERATED, Automation.MASS)
    )
    if replies and person < _A_PERSONS and not matter.told_danger:
        told = tuple(Evidence("kind.structure", lexicon.limits.automatic, sign.seen) for sign in replies)
        return CaseKind.AUTOMATIC, (*told, *marks("kind.automatic", 1.0, automatic, passage))
    generated = () if replies else generated
    reports = bool(generated) or (matter.closing and matter.points >= lexicon.limits.topic)
    letter = not replies and any(map(may_be_letter, contact.attachments))
    learned = None if reports or letter else _by_model(matter, person)
    if learned is not None and matter.opinion is not None:
        return learned, matter.opinion.for_setting_aside(matter.whole)
    if matter.opinion is not None and matter.opinion.aside < _NOT_A_PERSONS and not mass:
        return CaseKind.CASE, ()
    against = person + min(matter.points / 3, _MATTER_POINTS)
    believed = 0.0 if generated or (reports and not automatic) else _learned(matter.opinion, CaseKind.AUTOMATIC)
    alarm = (matter.danger and bool(generated or mass)) or (matter.told_danger and bool(replies))
    if _points(passage, automatic) + believed - against >= lexicon.limits.automatic and not (alarm or letter):
        return CaseKind.AUTOMATIC, (
            *marks("kind.automatic", 1.0, automatic, passage),
            *_told(matter, "automatic"),
        )
    verdicts = [verdict for verdict in contact.trusted_verdicts if _SPAM_VERDICT.search(verdict)]
    counted = () if generated or matter.danger else mass
    points = _points(passage, spam) + _learned(matter.opinion, CaseKind.SPAM) + (_VERDICT_POINTS if verdicts else 0.0)
    if points + _MASS_POINTS * min(len(counted), _MASS_SIGNS) - against >= lexicon.limits.spam:
        told = (
            *(Evidence("kind.verdict", _VERDICT_POINTS, verdict) for verdict in verdicts),
            *(Evidence("kind.structure", _MASS_POINTS, sign.seen) for sign in counted),
        )
        return CaseKind.SPAM, (*told, *marks("kind.spam", 1.0, spam, passage), *_told(matter, "spam"))
    return CaseKind.CASE, ()


def _signs(contact: Contact, kind: Automation) -> tuple[AutomaticSign, ...]:
    return tuple(sign for sign in contact.automatic_signs if sign.kind is kind)


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


def _told(matter: Matter, kind: str) -> tuple[Evidence, ...]:
    """Return the words by which the learned model speaks for a kind, where it does."""
    if matter.opinion is None or not matter.opinion.points(kind):
        return ()
    return matter.opinion.for_topic(kind, matter.whole)


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
