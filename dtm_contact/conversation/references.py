"""The cases that a message points to, by what it carries of ours; whether it may join them is another question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dtm_contact.model import Contact, Earlier, JoinedBy, SourceField
from dtm_contact.tokens import CaseTokens

_NUMBER = re.compile(r"(?<![\w-])(20[0-9]{2}-[0-9]{6})(?![\w-])")
MOST_CASES = 10
"""Cases that one message is followed to: who names more of them is fishing."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A case that a message points to; `signed` where only we can have written what points to it."""

    number: str
    way: JoinedBy
    signed: bool


def references(
    contact: Contact, recipients: Sequence[str], earlier: Sequence[Earlier], tokens: CaseTokens
) -> tuple[Reference, ...]:
    """Return the cases that a message points to, the surest pointer first, each case once.

    Args:
        contact: what was read.
        recipients: the addresses that it was delivered to, besides those in its headers.
        earlier: the contacts that bear one of the message ids it answers to.
        tokens: what reads our signatures.
    """
    found: dict[str, Reference] = {}
    for reference in _all(contact, recipients, earlier, tokens):
        found.setdefault(reference.number, reference)
        if len(found) == MOST_CASES:
            break
    return tuple(found.values())


def thread_ids(contact: Contact) -> tuple[str, ...]:
    """Return the message ids that it answers to, the nearest first, each once (RFC 5322 section 3.6.4)."""
    return tuple(dict.fromkeys((*contact.in_reply_to, *reversed(contact.references))))


def _all(
    contact: Contact, recipients: Sequence[str], earlier: Sequence[Earlier], tokens: CaseTokens
) -> Iterator[Reference]:
    for message_id in thread_ids(contact):
        if number := tokens.case_of_message_id(message_id):
            yield Reference(number, JoinedBy.MESSAGE_ID, signed=True)
    for address in (*recipients, *(recipient.address for recipient in contact.recipients)):
        if number := tokens.case_of_address(address):
            yield Reference(number, JoinedBy.ADDRESS, signed=True)
    for each in earlier:
        yield Reference(each.case_number, JoinedBy.THREAD, signed=False)
    # Who quotes our number in a field is a source that is vouched for, and that the admins let join by it.
    quoted = contact.sourced.value(SourceField.OUR_NUMBER) if contact.sourced is not None else ""
    for number in _NUMBER.findall(quoted):
        yield Reference(number, JoinedBy.OUR_NUMBER, signed=False)
    for number in _NUMBER.findall(contact.subject):
        yield Reference(number, JoinedBy.SUBJECT, signed=False)
