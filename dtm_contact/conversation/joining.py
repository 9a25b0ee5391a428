"""Which case a message joins, and why not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from dtm_contact.conversation.danger_reply import answers_question, danger_reply
from dtm_contact.conversation.fingerprint import fingerprint, fingerprints_quoted
from dtm_contact.conversation.references import Reference, references, thread_ids
from dtm_contact.conversation.writer import claims_own_domain, sent_by_us, writer
from dtm_contact.model import (
    THANKS,
    Alike,
    Authentication,
    CaseKind,
    CodedText,
    Contact,
    ConversationMatch,
    Conversations,
    DangerReply,
    Earlier,
    JoinedBy,
    KnownCase,
    Match,
    SourceField,
    Understanding,
    by_numbers,
    domain_of,
)
from dtm_contact.tokens import CaseTokens

JOINS_CLOSED_WITHIN: Final = timedelta(days=14)
"""A reply to a closed case reopens it for so long."""
LONGEST_SILENCE: Final = timedelta(days=30)
"""After so long a silence a message is a matter of its own."""
SAME_REQUEST_WITHIN: Final = timedelta(days=366)
"""What a source numbers as one matter joins the case of that number for so long."""
SAME_TEXT_WITHIN: Final = timedelta(hours=48)
"""The same words by the same sender within this time are one message."""

# What an answer to a question of ours looks like, whatever the question was about.
_OF_ANY_MATTER: Final = frozenset({"other", THANKS, "appointment"})
_SAME_CONTENT: Final = frozenset({JoinedBy.SAME_MESSAGE, JoinedBy.SAME_TEXT, JoinedBy.REQUEST})
_NUMBERED: Final = frozenset({JoinedBy.REQUEST, JoinedBy.OUR_NUMBER})


class Questions(Conversations, Protocol):
    """What joining a conversation asks of the history."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts that bear one of these message ids."""
        ...


@dataclass(frozen=True, slots=True)
class MailIdentity:
    """What makes a message ours: the signatures of our case numbers, and our own mail domains, lower case."""

    tokens: CaseTokens
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Message:
    """One message, with what was judged of it.

    Attributes:
        contact, match, understanding: what was read, who it is, what is asked.
        now: when it was received.
        writer_address: whose message it is, lower case: of what a colleague passes on, the first writer's address.
        claims_own_domain: it bears an address of ours as its sender, whether or not our server vouches for that.
        sent_by_us, by_staff: one of us sent it, as our server vouches; and wrote it, too.
        fingerprint: what it says.
        imported: it was taken over from a mailbox of ours.
    """

    contact: Contact
    match: Match
    understanding: Understanding
    now: datetime
    writer_address: str
    claims_own_domain: bool
    sent_by_us: bool
    by_staff: bool
    fingerprint: str
    imported: bool

    @property
    def vouched(self) -> bool:
        return self.contact.authentication is Authentication.VOUCHED

    @property
    def numbered(self) -> bool:
        """Whether the source that it comes from numbers its matter."""
        return self.contact.sourced is not None and bool(self.contact.sourced.key)

    @property
    def failed(self) -> bool:
        return self.contact.authentication is Authentication.FAILED

    @property
    def sender_address(self) -> str:
        return self.contact.sender.address.strip().lower()


def join(  # noqa: PLR0913 - what was judged of one message, and what it is held against
    contact: Contact,
    match: Match,
    understanding: Understanding,
    identity: MailIdentity,
    history: Questions,
    *,
    recipients: Sequence[str],
    now: datetime,
    imported: bool = False,
) -> ConversationMatch:
    """Say which earlier case a message joins, if any, and whether who wrote it is proven.

    What we signed (a Message-ID or a plus address of ours) proves the case: the message joins it, unless our server
    found that the sender is not who it says. Every other pointer (the thread of an earlier message, a case number in
    the subject) can be known to anybody: a message joins by it only from a sender whom our server vouches for and who
    is a party, by an address of the case or as one of the tenant's household. Else the case is only named as one to
    look at.

    Args:
        contact: what was read.
        match: who it is.
        understanding: what is asked.
        identity: what makes a message ours.
        history: earlier messages and cases.
        recipients: the addresses that it was delivered to.
        now: when it was received, aware.
        imported: it was taken over from a mailbox of ours, whose server may have vouched for nobody: what answers there
            a message from the same address joins its case, as agents saw both in one conversation. It proves nobody.
    """
    wrote = writer(contact, identity.domains)
    ours = sent_by_us(contact, identity.domains)
    message = _Message(
        contact,
        match,
        understanding,
        now,
        wrote.address.strip().lower(),
        claims_own_domain(contact, identity.domains),
        ours,
        ours and not contact.forwarded,
        fingerprint(contact),
        imported,
    )
    pointed = (
        *_altered(message, identity),
        *references(contact, recipients, history.thread(thread_ids(contact)), identity.tokens),
    )
    joining = _joined(message, pointed, history)
    answers = message.by_staff and joining.case_number is not None and answers_somebody(contact, identity)
    return replace(joining, fingerprint=message.fingerprint, writer=wrote, answers=answers)


def join_by_rule(
    joining: ConversationMatch, number: str, rule: str, contact: Contact, match: Match, history: Questions
) -> ConversationMatch:
    """Return how a message joins the open case that a rule names, which is that of the person whom its text names.

    It does only where its sender is a party, as for a pointer that we did not sign; what an agent wrote down joins as
    the agent says. A message that joins a case already, or that one of us wrote, stays as it is.

    Args:
        joining: what the message has to do with earlier cases so far.
        number: the open case.
        rule: the rule's id, for agents.
        contact: what was read.
        match: who it is.
        history: earlier messages and cases.
    """
    if joining.case_number is not None or joining.by_staff:
        return joining
    case = next(iter(history.cases([number])), None)
    if case is None:
        return joining
    vouched = contact.authentication is Authentication.VOUCHED
    is_party = vouched and joining.writer.address.strip().lower() in case.addresses
    if contact.stated is not None or is_party or _is_of_household(match, case):
        why = (CodedText("joined_by_rule", {"rule": rule}),)
        linked = tuple(each for each in joining.linked if each != number)
        proven = _is_of_household(match, case) or (_names_nobody(case) and joining.proven)
        return replace(joining, case_number=number, way=JoinedBy.RULE, why=why, linked=linked, proven=proven)
    obstacle = _not_a_party(contact.authentication)
    linked = tuple(dict.fromkeys((number, *joining.linked)))
    return replace(joining, linked=linked, why=(_not_joined(number, obstacle, rule), *joining.why))


def answers_somebody(contact: Contact, identity: MailIdentity) -> bool:
    """Return whether a message that one of us wrote goes to somebody outside."""
    return any(domain_of(to.address) not in identity.domains for to in contact.recipients)


def _altered(message: _Message, identity: MailIdentity) -> Iterator[Reference]:
    """Yield the case of a message that bears an id of ours and an address of ours, and is not what we sent.

    A server on the way may have added to our own message, or somebody has written in our name. Either way it opens no
    case: our own notices, come back by some forwarding, would be told and come back without end.
    """
    number = identity.tokens.case_of_message_id(message.contact.message_id) if message.claims_own_domain else None
    if number is not None:
        yield Reference(number, JoinedBy.OWN, signed=True)


def _joined(message: _Message, pointed: Sequence[Reference], history: Questions) -> ConversationMatch:
    match message.understanding.kind:
        case CaseKind.CASE:
            return _of_person(message, pointed, history)
        case CaseKind.AUTOMATIC:
            return _of_machine(pointed, history)
        case _:
            return ConversationMatch()


def _of_machine(pointed: Sequence[Reference], history: Questions) -> ConversationMatch:
    """A report or an absence notice stands in the case that only we can have written into it; it reopens none."""
    signed = [reference for reference in pointed if reference.signed]
    known = by_numbers(history.cases([reference.number for reference in signed]))
    for reference in signed:
        if (case := known.get(reference.number)) is not None:
            why = CodedText("machine_reply", {"case": case.number})
            return ConversationMatch(case.number, reference.way, why=(why,))
    return ConversationMatch()


def _of_person(message: _Message, pointed: Sequence[Reference], history: Questions) -> ConversationMatch:
    within = SAME_REQUEST_WITHIN if message.numbered else LONGEST_SILENCE
    alike = list(history.alike(message.fingerprint, message.now - within)) if message.fingerprint else []
    repeated = _repeated(message, alike)
    pointed = (*([repeated] if repeated else ()), *_quoted(message, history), *pointed)
    known = by_numbers(history.cases(list(dict.fromkeys(each.number for each in pointed))))
    ways = [reference for reference in pointed if reference.number in known]
    # "Oui" is the same text each time: it belongs to the case that asked, not to that of the last one.
    ways.sort(key=lambda reference: _reply(message, reference, known[reference.number]) is None)
    joining = _first_joined(message, ways, known)
    if joining.case_number is not None and not (joining.proven or message.sent_by_us):
        # What anybody may have written ties no case of others to another one.
        return replace(joining, linked=())
    others = (each.case_number for each in alike if each.sender_address != message.writer_address)
    return _with_links(joining, others)


def _repeated(message: _Message, alike: Iterable[Alike]) -> Reference | None:
    """Return the case of the same words by the same writer; what different people write is never one.

    The sender need not be vouched for: where a check failed it joins nothing, and else it adds nothing to the case but
    what stands there already, from the same address. A stranger would have to know the words and the address, and
    gains nothing by them.
    """
    if message.numbered:
        latest = max(alike, key=lambda each: each.at, default=None)
        return Reference(latest.case_number, JoinedBy.REQUEST, signed=False) if latest is not None else None
    for each in alike:
        if each.sender_address != message.writer_address:
            continue
        if each.message_id and each.message_id == message.contact.message_id:
            return Reference(each.case_number, JoinedBy.SAME_MESSAGE, signed=False)
        if message.now - each.at <= SAME_TEXT_WITHIN:
            return Reference(each.case_number, JoinedBy.SAME_TEXT, signed=False)
    return None


def _quoted(message: _Message, history: Questions) -> Iterator[Reference]:
    """Yield the cases of the requests that other sources numbered, and whose number this one quotes."""
    if message.contact.sourced is None:
        return
    since = message.now - SAME_REQUEST_WITHIN
    for each in fingerprints_quoted(message.contact.sourced):
        latest = max(history.alike(each, since), key=lambda alike: alike.at, default=None)
        if latest is not None:
            yield Reference(latest.case_number, JoinedBy.OUR_NUMBER, signed=False)


def _first_joined(message: _Message, ways: Sequence[Reference], known: dict[str, KnownCase]) -> ConversationMatch:
    """Return how the first case that the message may join is joined, and link those that it may not."""
    linked: list[str] = []
    reasons = [CodedText("claims_to_be_us")] if message.claims_own_domain and not message.sent_by_us else []
    for reference in ways:
        case = known[reference.number]
        obstacle = _obstacle(message, reference, case)
        if obstacle is None:
            return _into(message, reference, case, linked)
        if case.number not in linked:
            linked.append(case.number)
            reasons.append(_not_joined(case.number, obstacle))
    return ConversationMatch(linked=tuple(linked), why=tuple(reasons), proven=_is_known(message.match))


def _into(message: _Message, reference: Reference, case: KnownCase, linked: Sequence[str]) -> ConversationMatch:
    reply = _reply(message, reference, case)
    asks = reply is DangerReply.YES or not _asks_nothing(message, case)
    reopens = case.closed_at is not None and asks
    proven = _proves_writer(message, reference, case)
    reasons = [CodedText.about("joined", way=reference.way.value, case=case.number, reopened=True if reopens else None)]
    if not (proven or message.sent_by_us):
        reasons.append(CodedText("sender_not_verified"))
    if reply is not None:
        reasons.append(CodedText("danger_reply", {"reply": reply.value}))
    return ConversationMatch(
        case.number,
        reference.way,
        reopens,
        tuple(linked),
        tuple(reasons),
        by_staff=message.by_staff,
        proven=proven,
        danger_reply=reply,
    )


def _reply(message: _Message, reference: Reference, case: KnownCase) -> DangerReply | None:
    """Return what a message answers to the question of a case; whoever bears none of our signatures answers none."""
    if case.asked is None or not _answers_question(message, reference, case):
        return None
    return danger_reply(message.contact, case.asked, message.now)


def _answers_question(message: _Message, reference: Reference, case: KnownCase) -> bool:
    if case.asked is None or not reference.signed or message.claims_own_domain:
        return False
    return answers_question(message.contact, case.asked, message.now)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """What keeps a message out of a case: its code, and for how many days where that is why."""

    code: str
    days: int | None = None


def _not_joined(number: str, obstacle: _Obstacle, rule: str | None = None) -> CodedText:
    return CodedText.about("not_joined", case=number, because=obstacle.code, days=obstacle.days, rule=rule)


def _obstacle(message: _Message, reference: Reference, case: KnownCase) -> _Obstacle | None:
    """Return what keeps a message out of a case; None where it joins."""
    if reference.way is JoinedBy.OWN:
        return None
    if not _may_join(message, reference, case):
        return _not_a_party(message.contact.authentication)
    if reference.way is JoinedBy.OUR_NUMBER and _of_another_dwelling(message.match, case):
        return _Obstacle("other_dwelling")
    if reference.way in _NUMBERED:
        return _closed_long_ago(message, case)
    # An answer to "is it now?" belongs to the case that asked, whatever it is taken to be about.
    if message.by_staff or reference.way in _SAME_CONTENT or _answers_question(message, reference, case):
        return None
    return _other_matter(message, case)


def _other_matter(message: _Message, case: KnownCase) -> _Obstacle | None:
    """Return why what a party writes is no more of a case; None where it is."""
    if closed := _closed_long_ago(message, case):
        return closed
    if message.now - case.last_contact_at > LONGEST_SILENCE:
        return _Obstacle("silent_for_long", LONGEST_SILENCE.days)
    topic = message.understanding.topic
    if topic not in _OF_ANY_MATTER and topic not in case.topics and case.topics:
        return _Obstacle("other_matter")
    return None


def _closed_long_ago(message: _Message, case: KnownCase) -> _Obstacle | None:
    if (
        case.closed_at is not None
        and message.now - case.closed_at > JOINS_CLOSED_WITHIN
        and not _asks_nothing(message, case)
    ):
        return _Obstacle("closed_long_ago", JOINS_CLOSED_WITHIN.days)
    return None


def _not_a_party(authentication: Authentication) -> _Obstacle:
    """Return why a message may not join a case that it points to."""
    match authentication:
        case Authentication.FAILED:
            return _Obstacle("authentication_failed")
        case Authentication.NONE:
            return _Obstacle("not_verified")
        case Authentication.VOUCHED:
            return _Obstacle("no_party")


def _may_join(message: _Message, reference: Reference, case: KnownCase) -> bool:
    """Return whether what points to a case lets the message into it."""
    if message.failed:
        return False
    if message.by_staff or reference.signed or reference.way in _SAME_CONTENT | _NUMBERED:
        return True
    if message.imported and reference.way is JoinedBy.THREAD and message.writer_address in case.addresses:
        return True
    # Only who is vouched for, by our server or by a source, is proven to be of a household.
    return (message.vouched and message.writer_address in case.addresses) or _is_of_household(message.match, case)


def _proves_writer(message: _Message, reference: Reference, case: KnownCase) -> bool:
    """Return whether who wrote into a case is proven: as its tenant's household, or as somebody whom we wrote to in it.

    Copies and forwards carry our signatures on, so that one proves its bearer only from an address that it was sent to.
    """
    if message.failed or message.claims_own_domain:
        return False
    if _is_of_household(message.match, case) or (_names_nobody(case) and _is_known(message.match)):
        return True
    return reference.signed and message.sender_address in case.sent_to


def _is_of_household(match: Match, case: KnownCase) -> bool:
    """Return whether the sender's own address proves them to be the case's tenant, or to live with them."""
    return case.tenant_id in match.proven or (case.dwelling_id is not None and case.dwelling_id in match.proven_homes)


def _of_another_dwelling(match: Match, case: KnownCase) -> bool:
    """Return whether a message is about another dwelling than a case: a number may be mistyped."""
    return case.dwelling_id is not None and match.dwelling is not None and match.dwelling.id != case.dwelling_id


def _names_nobody(case: KnownCase) -> bool:
    return case.tenant_id is None and case.dwelling_id is None


def _is_known(match: Match) -> bool:
    """Return whether the sender is proven, and is whom the message is about, or lives with them."""
    if match.tenant is not None and match.tenant.id in match.proven:
        return True
    if match.dwelling is not None:
        return match.dwelling.id in match.proven_homes
    return match.tenant is None and bool(match.proven)


def _asks_nothing(message: _Message, case: KnownCase) -> bool:
    return message.by_staff or tells_of_nothing_else(message.contact, message.understanding, case)


def tells_of_nothing_else(contact: Contact, understanding: Understanding, case: KnownCase) -> bool:
    """Return whether a message only says that all is done of a case, or thanks for it.

    A source's report of a job that was done names the job's matter. What it tells of another matter than the case's was
    found on the way; but of one machine all that is said belongs to what the machine's case is about.

    Args:
        contact: the message.
        understanding: what is asked; what is done first, then the matters that are told of.
        case: the case that it joins.
    """
    first, *matters = understanding.topics or ("",)
    if first != THANKS:
        return False
    if not matters:
        return True
    said = contact.sourced
    of_machine = said is not None and said.key.startswith(f"{SourceField.EQUIPMENT.value}:")
    return said is not None and said.topic == THANKS and (of_machine or set(matters) <= set(case.topics))


def _with_links(joining: ConversationMatch, others: Iterable[str]) -> ConversationMatch:
    linked = dict.fromkeys((*joining.linked, *others))
    linked.pop(joining.case_number or "", None)
    return replace(joining, linked=tuple(linked))
