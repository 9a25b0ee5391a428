"""What we wrote ourselves and get to see again: never a matter of its own, and nothing to be answered."""

from collections.abc import Sequence
from typing import Final

from dtm_contact.conversation.joining import VOUCHED, House, Questions
from dtm_contact.conversation.references import Reference, references, thread_ids
from dtm_contact.conversation.writer import from_house
from dtm_contact.model import Contact, Joining, Way, domain_of

SENT_BY_AGENTS: Final = "imap_sent"
"""The channel that brings what agents send from their own mail program; nobody else can lay anything there."""


def is_ours(contact: Contact, channel: str, house: House) -> bool:
    """Tell whether a message is one of ours: out of our folder of sent mail, or with a Message-ID that we signed.

    Args:
        contact: what was read.
        channel: the channel that it came by.
        house: what makes a message ours.
    """
    return channel == SENT_BY_AGENTS or (from_house(contact, house.domains) and _signed(contact, house) is not None)


def join_ours(
    contact: Contact, channel: str, house: House, history: Questions, *, recipients: Sequence[str]
) -> Joining:
    """Say in which case a message of ours stands; one that belongs to none opens none.

    Args:
        contact: what was read.
        channel: the channel that it came by.
        house: what makes a message ours.
        history: earlier messages and cases.
        recipients: the addresses that it was delivered to.
    """
    own = _signed(contact, house)
    ways = _of_signed(own) if own else _of_agent(contact, house, history, recipients)
    known = {case.number for case in history.cases([way.number for way in ways])}
    standing = next((way for way in ways if way.number in known), None)
    if standing is None:
        return Joining(ours=True, by_staff=True, writer=contact.sender)
    return Joining(
        standing.number,
        standing.way,
        why=f"{_TOLD.get(standing.way, _WRITTEN)} {standing.number}",
        by_staff=True,
        ours=True,
        answers=standing.way not in _TOLD and answers_somebody(contact, channel, house),
        writer=contact.sender,
    )


_WRITTEN: Final = "écrit par l'un de nous dans le dossier"
_TOLD: Final = {
    Way.OWN: "notre propre message, revenu, du dossier",
    Way.SAME_MESSAGE: "même message de l'un de nous, déjà vu dans le dossier",
}


def answers_somebody(contact: Contact, channel: str, house: House) -> bool:
    """Tell whether a message that one of us wrote answers somebody outside, so that nobody need be reminded of it.

    Any sender can be written: beside our folder of sent mail, our server must vouch for it (RFC 8601).
    """
    vouched = channel == SENT_BY_AGENTS or VOUCHED.search(" ".join(contact.trusted_verdicts)) is not None
    return vouched and any(domain_of(to.address) not in house.domains for to in contact.recipients)


def _signed(contact: Contact, house: House) -> str | None:
    return house.tokens.case_of_message_id(contact.message_id)


def _of_signed(number: str) -> tuple[Reference, ...]:
    return (Reference(number, Way.OWN, signed=True),)


def _of_agent(contact: Contact, house: House, history: Questions, recipients: Sequence[str]) -> tuple[Reference, ...]:
    """Return what an agent's message points to; first of all where it was seen before (as a copy to our address)."""
    seen = history.thread((contact.message_id,)) if contact.message_id else ()
    before = tuple(Reference(each.case_number, Way.SAME_MESSAGE, signed=False) for each in seen)
    return before + references(contact, recipients, history.thread(thread_ids(contact)), house.tokens)
