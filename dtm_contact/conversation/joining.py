"""Which case a message joins, and why not."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from dtm_contact.conversation.fingerprint import fingerprint
from dtm_contact.conversation.references import Reference, references, thread_ids
from dtm_contact.conversation.writer import from_house, writer
from dtm_contact.model import (
    Alike,
    CaseKind,
    Contact,
    Conversations,
    Earlier,
    Joining,
    KnownCase,
    Match,
    Understanding,
    Way,
)
from dtm_contact.tokens import Tokens

REOPENED_WITHIN: Final = timedelta(days=14)
"""A reply to a closed case reopens it for so long."""
SILENCE: Final = timedelta(days=30)
"""After so long a silence a message is a matter of its own."""
SAME_TEXT_WITHIN: Final = timedelta(hours=48)
"""The same words by the same sender within this time are one message."""

# What an answer to a question of ours looks like, whatever the question was about.
_OF_ANY_MATTER: Final = frozenset({"other", "thanks", "appointment"})
_THANKS: Final = "thanks"
# RFC 8601 section 2.7: what our own server found of the sender's domain.
_FORGED: Final = re.compile(r"\bdmarc=fail\b", re.IGNORECASE)
VOUCHED: Final = re.compile(r"\b(?:dmarc|dkim)=pass\b", re.IGNORECASE)


class Questions(Conversations, Protocol):
    """What joining a conversation asks of the history."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts that bear one of these message ids."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What makes a message ours: the signatures of our case numbers, and our own mail domains, lower case."""

    tokens: Tokens
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Message:
    """One message, with what was judged of it."""

    contact: Contact
    match: Match
    understanding: Understanding
    now: datetime
    writer_address: str
    by_staff: bool
    fingerprint: str


def join(  # noqa: PLR0913 - what was judged of one message, and what it is held against
    contact: Contact,
    match: Match,
    understanding: Understanding,
    house: House,
    history: Questions,
    *,
    recipients: Sequence[str],
    now: datetime,
) -> Joining:
    """Say which earlier case a message joins, if any.

    A message joins the case that it points to (by a message id of ours, by our signed plus address, by the thread of an
    earlier message, by the case number in its subject, in this order) only where its writer is a party to it: of its
    tenant's household, or an address already in it. Else the case is only named as one to look at.

    Args:
        contact: what was read.
        match: who it is.
        understanding: what is asked.
        house: what makes a message ours.
        history: earlier messages and cases.
        recipients: the addresses that it was delivered to.
        now: when it was received, aware.
    """
    wrote = writer(contact, house.domains)
    message = _Message(
        contact,
        match,
        understanding,
        now,
        wrote.address.lower(),
        from_house(contact, house.domains) and not contact.forwarded,
        fingerprint(contact),
    )
    pointed = references(contact, recipients, history.thread(thread_ids(contact)), house.tokens)
    return replace(_joined(message, pointed, history), fingerprint=message.fingerprint, writer=wrote)


def _joined(message: _Message, pointed: Sequence[Reference], history: Questions) -> Joining:
    match message.understanding.kind:
        case CaseKind.CASE:
            return _of_person(message, pointed, history)
        case CaseKind.AUTOMATIC:
            return _of_machine(pointed, history)
        case _:
            return Joining()


def _of_machine(pointed: Sequence[Reference], history: Questions) -> Joining:
    """A report or an absence notice stands in the case that only we can have written into it; it reopens none."""
    signed = [reference for reference in pointed if reference.signed]
    known = {case.number for case in history.cases([reference.number for reference in signed])}
    for reference in signed:
        if reference.number in known:
            why = f"réponse automatique à notre message du dossier {reference.number}"
            return Joining(reference.number, reference.way, why=why)
    return Joining()


def _of_person(message: _Message, pointed: Sequence[Reference], history: Questions) -> Joining:
    alike = list(history.alike(message.fingerprint, message.now - SILENCE)) if message.fingerprint else []
    repeated = _repeated(message, alike)
    numbers = [reference.number for reference in pointed]
    wanted = dict.fromkeys((*([repeated.number] if repeated else ()), *numbers))
    known = {case.number: case for case in history.cases(list(wanted))}
    ways = [reference for reference in (*([repeated] if repeated else ()), *pointed) if reference.number in known]
    joining = _first_joined(message, ways, known)
    others = (each.case_number for each in alike if each.sender_address != message.writer_address)
    return _with_links(joining, others)


def _repeated(message: _Message, alike: Iterable[Alike]) -> Reference | None:
    """Return the case of the same words by the same writer; what different people write is never one."""
    for each in alike:
        if each.sender_address != message.writer_address:
            continue
        if each.message_id and each.message_id == message.contact.message_id:
            return Reference(each.case_number, Way.SAME_MESSAGE, signed=False)
        if message.now - each.at <= SAME_TEXT_WITHIN:
            return Reference(each.case_number, Way.SAME_TEXT, signed=False)
    return None


def _first_joined(message: _Message, ways: Sequence[Reference], known: dict[str, KnownCase]) -> Joining:
    """Return how the first case that the message may join is joined, and link those that it may not."""
    linked: list[str] = []
    reasons: list[str] = []
    for reference in ways:
        case = known[reference.number]
        obstacle = _obstacle(message, reference, case)
        if obstacle is None:
            reopens = case.closed_at is not None and not _asks_nothing(message)
            told = f"{_TOLD[reference.way]} {case.number}" + (", rouvert" if reopens else "")
            return Joining(case.number, reference.way, reopens, tuple(linked), told, by_staff=message.by_staff)
        linked.append(case.number)
        reasons.append(f"dossier {case.number} non rejoint : {obstacle}")
    return Joining(linked=tuple(linked), why="; ".join(reasons))


_TOLD: Final = {
    Way.MESSAGE_ID: "répond à notre message du dossier",
    Way.ADDRESS: "répond à l'adresse du dossier",
    Way.THREAD: "suit un message du dossier",
    Way.SUBJECT: "porte le numéro du dossier",
    Way.SAME_MESSAGE: "même message, déjà reçu dans le dossier",
    Way.SAME_TEXT: "même texte du même expéditeur, déjà reçu dans le dossier",
}


def _obstacle(message: _Message, reference: Reference, case: KnownCase) -> str | None:
    """Return what keeps a message out of a case, for agents; None where it joins."""
    if not _is_party(message, reference, case):
        return _FORGED_TOLD if _FORGED.search(_verdicts(message)) else "l'expéditeur n'y est pas partie"
    if message.by_staff or reference.way in (Way.SAME_MESSAGE, Way.SAME_TEXT):
        return None
    if case.closed_at is not None and message.now - case.closed_at > REOPENED_WITHIN and not _asks_nothing(message):
        return f"clos depuis plus de {REOPENED_WITHIN.days} jours"
    if message.now - case.last_contact_at > SILENCE:
        return f"sans échange depuis plus de {SILENCE.days} jours"
    topic = message.understanding.topic
    if topic not in _OF_ANY_MATTER and topic not in case.topics and case.topics:
        return "c'est une autre demande"
    return None


_FORGED_TOLD: Final = "le domaine de l'expéditeur n'en répond pas (dmarc=fail), donc rien ne dit qu'il y est partie"


def _verdicts(message: _Message) -> str:
    return " ".join(message.contact.trusted_verdicts)


def _is_party(message: _Message, reference: Reference, case: KnownCase) -> bool:
    if _FORGED.search(_verdicts(message)):
        return False
    if message.by_staff:
        # A number can be read off anywhere and any sender can be written: then our server must vouch for it.
        return reference.way is not Way.SUBJECT or VOUCHED.search(_verdicts(message)) is not None
    if message.writer_address in case.addresses:
        return True
    tenant, dwelling = message.match.tenant, message.match.dwelling
    same_tenant = tenant is not None and tenant.id == case.tenant_id
    return same_tenant or (dwelling is not None and dwelling.id == case.dwelling_id)


def _asks_nothing(message: _Message) -> bool:
    return message.by_staff or message.understanding.topics == (_THANKS,)


def _with_links(joining: Joining, others: Iterable[str]) -> Joining:
    linked = dict.fromkeys((*joining.linked, *others))
    linked.pop(joining.case_number or "", None)
    return replace(joining, linked=tuple(linked))
