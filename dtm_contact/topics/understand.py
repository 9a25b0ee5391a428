"""Contact → Understanding: what is asked, how urgent, whether a person wrote, how far it reaches."""

from dataclasses import dataclass

from dtm_contact.model import CaseKind, Contact, Evidence, Finding, Part, Priority, Understanding
from dtm_contact.topics.context import Context
from dtm_contact.topics.hits import find_hits
from dtm_contact.topics.kind import kind_of
from dtm_contact.topics.lexicon import Lexicon
from dtm_contact.topics.passage import read_passage
from dtm_contact.topics.reach import reach_of
from dtm_contact.topics.urgency import weigh_urgency
from dtm_contact.topics.weigh import Tally, finding, tally

OTHER = "other"
THANKS = "thanks"

_OWN_PARTS = (Part.SUBJECT, Part.NEW)
_SAYS_LITTLE = 15
"""Words of new text up to which a forwarded original is read too."""

_RELIEF = 2.0
"""Points that a matter which is over, or a message of a few words, adds to thanks."""

_BRIEF = 6
"""Words up to which a message is only a word of thanks if it holds one."""

_CONTENDER = 0.6
"""A topic contends for the decision from this share of the strongest one's points."""


@dataclass(frozen=True, slots=True)
class _Contender:
    """A topic that may decide."""

    topic: str
    points: float
    priority: Priority
    reasons: tuple[Evidence, ...]
    first: int
    wanted: bool = False
    heaviest: float = 0.0

    @classmethod
    def of(cls, topic: str, urgency: tuple[Priority, tuple[Evidence, ...]], found: Tally) -> "_Contender":
        return cls(topic, found.points, *urgency, found.first, found.wanted, found.heaviest)


def understand(contact: Contact, lexicon: Lexicon) -> Understanding:
    """Say what a contact asks for.

    The subject and the new text are read; a forwarded original where these say little; quoted text, signature and
    disclaimer never. Of a very long message the first six pages are read.

    Args:
        contact: the message, parts apart.
        lexicon: the words.

    Returns:
        Topics, the deciding one first, with evidence whose spans count in `contact.text(part)`; the priority; the kind;
        the scope. A contact without words of any topic is of topic `other`.
    """
    own = _understand(contact, lexicon, _OWN_PARTS)
    if not contact.forwarded:
        return own
    says_little = own.topic in {OTHER, THANKS} or len(contact.new_text.split()) <= _SAYS_LITTLE
    return _understand(contact, lexicon, (*_OWN_PARTS, Part.FORWARDED)) if says_little else own


def _understand(contact: Contact, lexicon: Lexicon, parts: tuple[Part, ...]) -> Understanding:
    passage = read_passage(contact, parts, lexicon.spelling.keys)
    hits = find_hits(passage, lexicon)
    context = Context(passage, hits, contact.at.date(), lexicon.topics, lexicon.small_words)
    tallies = tally(passage, hits, context, lexicon.topics)
    urgency = weigh_urgency(passage, hits, context, lexicon.limits)
    contenders = [
        _Contender.of(topic, urgency.of(lexicon.topics[topic], item), item) for topic, item in tallies.items()
    ]
    relieved = len(passage.forms) <= _BRIEF or any(topic_tally.settled for topic_tally in tallies.values())
    ordered = _in_order(contenders, lexicon, _RELIEF if relieved else 0.0)
    matter = max((item.points for item in ordered if item.topic not in {OTHER, THANKS}), default=0.0)
    deciding = ordered[0]
    danger = deciding.priority is Priority.P1
    kind, kind_evidence = kind_of(contact, passage, hits, lexicon, matter, danger=danger)
    topics = tuple(item.topic for item in ordered)
    if kind is not CaseKind.CASE:
        topics = (kind.value, *topics) if deciding.points else (kind.value,)
        deciding = _Contender(kind.value, 0.0, lexicon.topics[kind.value].priority, (), 0)
    scope, scope_evidence = reach_of(passage, hits, context)
    findings = {code: finding(code, item, passage) for code, item in tallies.items()}
    return Understanding(
        kind=kind,
        topics=topics,
        priority=deciding.priority,
        findings=_findings(topics, findings),
        raised_by=deciding.reasons,
        kind_evidence=kind_evidence,
        scope=scope,
        scope_evidence=scope_evidence,
    )


def _in_order(contenders: list[_Contender], lexicon: Lexicon, relief: float) -> list[_Contender]:
    """Return the topics found, the deciding one first; `other` where none is.

    The contract's rule: what the writer asks to be done; of two the higher priority; then the first asked.
    """
    found = [item for item in contenders if item.points >= lexicon.limits.topic and item.topic != THANKS]
    if not found:
        return [_faintest(contenders, lexicon, relief)]
    best = max(found, key=lambda item: item.points)
    danger = [item for item in found if lexicon.topics[item.topic].priority is Priority.P1]
    near = [item for item in found if item.points >= best.points * _CONTENDER]
    close = [item for item in near if item is best or item.wanted or item.priority <= Priority.P2]
    order = list(lexicon.topics)
    if danger:
        first = min(danger, key=lambda item: (-item.heaviest, order.index(item.topic)))
    else:
        first = min(close, key=lambda item: (item.priority, -item.points, item.first))
    rest = sorted((item for item in found if item is not first), key=lambda item: (-item.points, item.first))
    return [first, *rest]


def _faintest(contenders: list[_Contender], lexicon: Lexicon, relief: float) -> _Contender:
    """Return the topic of a message that names none clearly: thanks, the nearest one, or `other`."""
    thanks = [item for item in contenders if item.topic == THANKS and item.points + relief >= lexicon.limits.topic]
    faint = [item for item in contenders if item.topic != THANKS and item.points >= lexicon.limits.faint]
    harmless = [item for item in faint if lexicon.topics[item.topic].priority is not Priority.P1]
    pool = thanks or harmless or faint
    if pool:
        return max(pool, key=lambda item: (item.points, -item.first))
    return _Contender(OTHER, 0.0, lexicon.topics[OTHER].priority, (), 0)


def _findings(topics: tuple[str, ...], findings: dict[str, Finding]) -> tuple[Finding, ...]:
    """Return the findings of the topics in their order, then those of what was found but does not count."""
    named = [findings.pop(topic) for topic in topics if topic in findings]
    return (*named, *(found for found in findings.values() if found.evidence or found.defused))
