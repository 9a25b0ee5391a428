"""What we wrote ourselves and get to see again: never a matter of its own, and nothing to be answered."""

from collections.abc import Sequence
from typing import Final

from dtm_contact.conversation.fingerprint import fingerprint
from dtm_contact.conversation.joining import MailIdentity, Questions, answers_somebody
from dtm_contact.conversation.references import Reference, references, thread_ids
from dtm_contact.conversation.writer import claims_own_domain, sent_by_us
from dtm_contact.model import CodedText, Contact, ConversationMatch, JoinedBy, by_numbers, is_sent_mail


def is_ours(contact: Contact, channel: str, identity: MailIdentity, history: Questions) -> bool:
    """Return whether a message is one of ours: out of our folder of sent mail, or something we sent that has come back.

    Our Message-IDs stand in whatever answers our messages or passes them on, and any sender can be written. What has
    come back is therefore ours only where our server vouches for it, or where it says what we sent under that id, word
    for word.

    Args:
        contact: what was read.
        channel: the channel that it came by.
        identity: what makes a message ours.
        history: what we sent.
    """
    if is_sent_mail(channel):
        return True
    if not claims_own_domain(contact, identity.domains) or _signed(contact, identity) is None:
        return False
    return sent_by_us(contact, identity.domains) or _says_what_we_sent(contact, history)


def join_ours(
    contact: Contact, channel: str, identity: MailIdentity, history: Questions, *, recipients: Sequence[str]
) -> ConversationMatch:
    """Say in which case a message of ours stands; one that belongs to none opens none.

    Args:
        contact: what was read.
        channel: the channel that it came by.
        identity: what makes a message ours.
        history: earlier messages and cases.
        recipients: the addresses that it was delivered to.
    """
    own = _signed(contact, identity)
    ways = _of_signed(own) if own else _of_agent(contact, identity, history, recipients)
    known = by_numbers(history.cases([way.number for way in ways]))
    standing = next((way for way in ways if way.number in known), None)
    if standing is None:
        return ConversationMatch(ours=True, by_staff=True, writer=contact.sender)
    by_agent = is_sent_mail(channel) and standing.way is not JoinedBy.OWN
    number = known[standing.number].number
    return ConversationMatch(
        number,
        standing.way,
        why=(CodedText(_WORDED.get(standing.way, "written_by_us"), {"case": number}),),
        by_staff=True,
        ours=True,
        answers=by_agent and answers_somebody(contact, identity),
        writer=contact.sender,
    )


_WORDED: Final = {JoinedBy.OWN: "our_own_message", JoinedBy.SAME_MESSAGE: "our_message_again"}


def _says_what_we_sent(contact: Contact, history: Questions) -> bool:
    says = fingerprint(contact)
    return bool(says) and any(sent.fingerprint == says for sent in history.sent([contact.message_id]))


def _signed(contact: Contact, identity: MailIdentity) -> str | None:
    return identity.tokens.case_of_message_id(contact.message_id)


def _of_signed(number: str) -> tuple[Reference, ...]:
    return (Reference(number, JoinedBy.OWN, signed=True),)


def _of_agent(
    contact: Contact, identity: MailIdentity, history: Questions, recipients: Sequence[str]
) -> tuple[Reference, ...]:
    """Return what an agent's message points to; first of all where it was seen before (as a copy to our address)."""
    seen = history.thread((contact.message_id,)) if contact.message_id else ()
    before = tuple(Reference(each.case_number, JoinedBy.SAME_MESSAGE, signed=False) for each in seen)
    return before + references(contact, recipients, history.thread(thread_ids(contact)), identity.tokens)
