"""Contact → Understanding: what is asked, how urgent, whether a person wrote, how far it reaches."""

from dataclasses import dataclass, replace
from datetime import date

from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Automation,
    CaseKind,
    Contact,
    Finding,
    Part,
    Priority,
    Understanding,
    Unread,
)
from dtm_contact.topics.asking import who_asks, wishes_of
from dtm_contact.topics.contenders import OTHER, SET_ASIDE, THANKS, Contender, contenders, in_order, with_opinion
from dtm_contact.topics.context import NOT_NOW, Context
from dtm_contact.topics.hits import MATTERS, Hits
from dtm_contact.topics.kind import Matter, kind_of
from dtm_contact.topics.learned import Opinion
from dtm_contact.topics.lexicon import Lexicon, Role
from dtm_contact.topics.passage import Passage, read_passage
from dtm_contact.topics.reach import reach_of
from dtm_contact.topics.urgency import VULNERABLE, weigh_urgency
from dtm_contact.topics.weigh import Tally, finding, reply_subject, tally
from dtm_contact.topics.wrapping import entered_in_form, is_scan, unwrapped

OWN_PARTS = (Part.SUBJECT, Part.NEW)
"""What the writer himself says; a quoted reply, a signature or a disclaimer alone makes no topic."""

_NO_MARKERS = MATTERS | {Role.GENERATED}
"""Roles that say nothing of a passage as a whole."""

_SAYS_LITTLE = 15
"""Words of new text up to which a forwarded original is read too."""

_BRIEF = 6
"""Words up to which a message is only a word of thanks if it holds one."""


def understand(contact: Contact, lexicon: Lexicon) -> Understanding:
    """Say what a contact asks for.

    The subject and the new text are read; a forwarded original where these say little; quoted text, signature and
    disclaimer never. Of a very long message the first six pages are read.

    Args:
        contact: the message, parts apart.
        lexicon: the words.

    Returns:
        Topics, the deciding one first, with evidence whose spans count in `contact.text(part)`; the priority; the kind;
        the scope. A contact without words of any topic is of topic `other`. What nobody has read is a case of P3 at
        least; of a scan the words of the copier are no matter.
    """
    if is_scan(contact, lexicon):
        topic = lexicon.topics[OTHER]
        return Understanding(CaseKind.CASE, (OTHER,), min(topic.priority, Priority.P3), unread=Unread.SCAN)
    words = words_of(contact, lexicon)
    own = _understood(contact, lexicon, words)
    if _by_program(contact, words):
        own = _said_in_form(contact, lexicon, own)
    if not contact.forwarded:
        return own
    says_little = own.topic in {OTHER, THANKS} or len(contact.new_text.split()) <= _SAYS_LITTLE
    if not says_little:
        return own
    return _understood(contact, lexicon, words_of(contact, lexicon, (*OWN_PARTS, Part.FORWARDED)))


def _by_program(contact: Contact, words: "Words") -> bool:
    """Tell whether a program sent it that reports or asks; a reply has labels of its own, and no field to write in."""
    kinds = _automation(contact)
    return Automation.REPLY not in kinds and (bool(kinds) or words.closing)


def _automation(contact: Contact) -> frozenset[Automation]:
    """Return what the structure says of a program; a reply is nothing else besides."""
    kinds = frozenset(sign.kind for sign in contact.automatic_signs)
    return frozenset({Automation.REPLY}) if Automation.REPLY in kinds else kinds


def _said_in_form(contact: Contact, lexicon: Lexicon, whole: Understanding) -> Understanding:
    """Return what a person entered in a form: the more urgent of its longest field and of all its values.

    The whole stands, labels included, where it is no form, tells of a danger, or where the values name no matter.
    """
    forms = entered_in_form(contact)
    if forms is None or whole.priority is Priority.P1:
        return whole
    entered = (_understood(form, lexicon, words_of(form, lexicon)) for form in forms)
    named = [each for each in entered if each.kind is CaseKind.CASE and each.topic not in {OTHER, THANKS}]
    if not named:
        return whole
    said = min(reversed(named), key=lambda each: each.priority)
    return replace(
        said,
        asker=whole.asker,
        asker_evidence=whole.asker_evidence,
        wishes=whole.wishes,
        by_program=True,
        unread=whole.unread,
        alarm=max(said.alarm, whole.alarm, key=lambda each: each.level.rank),
    )


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a contact say, before the learned model is asked.

    Attributes:
        passage, hits, context, tallies: what was read, found and weighed.
        found: the topics that are spoken of, however faintly.
        ordered: those found, the deciding one first.
        whole: the same passage with the closing words of programs, which are taken out of `passage`.
    """

    passage: Passage
    hits: Hits
    context: Context
    tallies: dict[str, Tally]
    found: list[Contender]
    ordered: list[Contender]
    whole: Passage

    @property
    def closing(self) -> bool:
        """Whether closing words of a program stood among them."""
        return self.whole is not self.passage

    @property
    def markers(self) -> tuple[str, ...]:
        """What the lexicon says of the passage as a whole, for the learned model: the roles of the markers found."""
        return tuple(role.value for role, found in self.hits.by_role.items() if found and role not in _NO_MARKERS)

    @property
    def muted(self) -> frozenset[int]:
        """The places of words that do not say what they seem to: denied, over, feared; the subject of a reply."""
        taken_back = (item for found in self.tallies.values() for item in found.defused if item.reason in NOT_NOW)
        places = {place for item in taken_back for place in item.hit.places}
        return frozenset(places.union(reply_subject(self.passage)))


def words_of(contact: Contact, lexicon: Lexicon, parts: tuple[Part, ...] = OWN_PARTS) -> Words:
    """Return what the words of some parts of a contact say."""
    return words_in(read_passage(contact, parts, lexicon.spelling.keys), contact.at.date(), lexicon)


def words_in(whole: Passage, day: date, lexicon: Lexicon) -> Words:
    """Return what the words of a passage say, of which `day` is today."""
    passage, hits = unwrapped(whole, lexicon)
    context = Context(passage, hits, day, lexicon.topics, lexicon.small_words)
    tallies = tally(passage, hits, context, lexicon.topics)
    found = contenders(tallies, weigh_urgency(passage, hits, context, lexicon.limits), lexicon)
    relieved = len(passage.forms) <= _BRIEF or any(topic_tally.settled for topic_tally in tallies.values())
    return Words(passage, hits, context, tallies, found, in_order(found, lexicon, relieved=relieved), whole)


def _understood(contact: Contact, lexicon: Lexicon, words: Words) -> Understanding:
    passage, opinion = words.passage, _opinion(words, lexicon)
    reported = Automation.GENERATED in _automation(contact) and contact.voice is None
    ordered = words.ordered
    if opinion:
        ordered = with_opinion(ordered, words.found, opinion, lexicon, reported=reported)
    raised_by = opinion.for_danger(passage) if opinion and ordered[0].by_opinion else ordered[0].reasons
    readable = opinion is None or opinion.can_read
    if not readable:
        opinion = None  # of another script it can say that it sounds like danger, and no more
    deciding, topics = ordered[0], tuple(item.topic for item in ordered)
    kind, kind_evidence = kind_of(contact, passage, words.hits, lexicon, _matter(ordered, opinion, words))
    if contact.undecoded:
        kind, kind_evidence = CaseKind.CASE, ()
        deciding = replace(deciding, priority=min(deciding.priority, Priority.P3))
    if kind is not CaseKind.CASE:
        topics = (kind.value, *topics) if deciding.points else (kind.value,)
        deciding, raised_by = Contender(kind.value, 0.0, lexicon.topics[kind.value].priority), ()
    alarm = _alarm(words.ordered[0], deciding, kind, lexicon)
    scope, scope_evidence = reach_of(passage, words.hits, words.context, opinion)
    asker, asker_evidence = who_asks(passage, words.hits, words.context, topics[0])
    return Understanding(
        kind=kind,
        topics=topics,
        priority=deciding.priority,
        findings=_findings(topics, _told(words.tallies, opinion, topics, passage)),
        raised_by=raised_by,
        kind_evidence=kind_evidence,
        scope=scope,
        scope_evidence=scope_evidence,
        asker=asker,
        asker_evidence=asker_evidence,
        wishes=wishes_of(passage, words.hits),
        readable=readable,
        by_program=bool(contact.automatic_signs) or words.closing,
        unread=Unread.UNDECODED if contact.undecoded else None,
        alarm=alarm,
    )


def _alarm(by_words: Contender, deciding: Contender, kind: CaseKind, lexicon: Lexicon) -> Alarm:
    """Return the alarm: certain where all ends in P1, possible where the model took back what words had raised."""
    if kind is not CaseKind.CASE or Priority.P1 not in {by_words.priority, deciding.priority}:
        return Alarm()
    if deciding.priority is not Priority.P1:
        return Alarm(AlarmLevel.POSSIBLE, AlarmSource.WORDS, why_not="le modèle n'y lit pas de danger")
    if by_words.priority is not Priority.P1 and deciding.by_opinion:
        return Alarm(AlarmLevel.CERTAIN, AlarmSource.MODEL)
    frail = any(reason.name == VULNERABLE for reason in deciding.reasons)
    of_itself = lexicon.topics[deciding.topic].priority is Priority.P1
    return Alarm(AlarmLevel.CERTAIN, AlarmSource.FRAILTY if frail and not of_itself else AlarmSource.WORDS)


def _opinion(words: Words, lexicon: Lexicon) -> Opinion | None:
    """Return what the learned model makes of a passage; None where there is no model, or no word."""
    if lexicon.learned is None or not words.passage.forms:
        return None
    return lexicon.learned.opinion(words.passage, words.markers, words.muted)


def _matter(ordered: list[Contender], opinion: Opinion | None, words: Words) -> Matter:
    points = max((item.by_words for item in ordered if item.topic not in {OTHER, THANKS}), default=0.0)
    if words.closing and opinion is not None:
        opinion = opinion.model.opinion(words.whole, (*words.markers, Role.AUTOMATIC.value))
    danger = ordered[0].priority is Priority.P1
    return Matter(points, danger, danger and not ordered[0].by_opinion, words.whole, opinion, words.closing)


def _told(
    tallies: dict[str, Tally], opinion: Opinion | None, topics: tuple[str, ...], passage: Passage
) -> dict[str, Finding]:
    """Return the findings by topic; to those that are named the learned model adds its points and its words."""
    findings = {code: finding(code, item, passage) for code, item in tallies.items()}
    if opinion is None:
        return findings
    for code in topics:
        points = opinion.points(code) if code not in SET_ASIDE else 0.0
        if points:
            told = findings.get(code) or Finding(code, 0.0, ())
            evidence = (*told.evidence, *opinion.for_topic(code, passage))
            findings[code] = replace(told, points=round(told.points + points, 2), evidence=evidence)
    return findings


def _findings(topics: tuple[str, ...], findings: dict[str, Finding]) -> tuple[Finding, ...]:
    """Return the findings of the topics in their order, then those of what was found but does not count."""
    named = [findings.pop(topic) for topic in topics if topic in findings]
    return (*named, *(found for found in findings.values() if found.evidence or found.defused))
