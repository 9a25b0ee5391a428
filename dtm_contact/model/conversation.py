"""Which case a message belongs to, and what has to be known to say so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dtm_contact.model.coded_text import CodedText
from dtm_contact.model.contact import Mailbox


class JoinedBy(StrEnum):
    """What linked a message to the case that it joins."""

    MESSAGE_ID = "message_id"
    ADDRESS = "address"
    THREAD = "thread"
    SUBJECT = "subject"
    SAME_MESSAGE = "same_message"
    SAME_TEXT = "same_text"
    REQUEST = "request"
    """A source that we know gives both the same number of a request, or of a machine."""
    OUR_NUMBER = "our_number"
    """A source that we know quotes the case's number, or the number that another source gave to its request."""
    RULE = "rule"
    OWN = "own"


class DangerReply(StrEnum):
    """What somebody answers to our question whether a possible danger is happening now."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Asked:
    """Our question whether a possible danger is happening now: whom it went to, in lower case, and when."""

    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case as far as a message that points to it must know it.

    Attributes:
        number: the case's number.
        closed_at: when it was closed; None while it is open.
        last_contact_at: when its latest contact was received.
        topics: the deciding topics of its contacts, oldest first.
        addresses: who wrote in it or was written to, lower case.
        tenant_id, dwelling_id: whom it is about; None where unknown.
        sent_to: of the addresses, those that one of us wrote to, or that an answer went to by itself because their
            owner was proven: what comes back from there with a signature of ours comes from them.
        asked: our question whether the danger is happening now; None where it was not put in this case.
        in_danger: its alarm is certain as it stands now.
        violence_at_home: one of its contacts tells of that.
        unwritable: one of its contacts forbids that anything is written.
        formerly: of the numbers by which it was asked for, those that it had in a store that was lost.
    """

    number: str
    closed_at: datetime | None
    last_contact_at: datetime
    topics: tuple[str, ...]
    addresses: frozenset[str]
    tenant_id: str | None
    dwelling_id: str | None
    sent_to: frozenset[str] = frozenset()
    asked: Asked | None = None
    in_danger: bool = False
    violence_at_home: bool = False
    unwritable: bool = False
    formerly: frozenset[str] = frozenset()


def by_numbers(cases: Iterable[KnownCase]) -> dict[str, KnownCase]:
    """Return cases by each number by which they may have been asked for: their own, and those of before a restore."""
    return {number: case for case in cases for number in (*case.formerly, case.number)}


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that we sent: the Message-ID that it bears, and the fingerprint of what it says."""

    message_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier contact that says the same, word for word.

    Attributes:
        message_id: its Message-ID; empty where it had none.
        sender_address: who wrote it, lower case.
        case_number: the case it lies in.
        at: when it was received.
        contact_id: the store's id of it, by which a judgement refers to it; 0 where no store holds it.
    """

    message_id: str
    sender_address: str
    case_number: str
    at: datetime
    contact_id: int = field(default=0, compare=False, repr=False)


class Conversations(Protocol):
    """The questions about earlier cases that joining a conversation may ask."""

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return the cases that have these numbers, or had them before a restore, each once, in the order asked."""
        ...

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return the contacts in cases received since then that bear this fingerprint, oldest first."""
        ...

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return what we sent under these message ids."""
        ...


@dataclass(frozen=True, slots=True)
class ConversationMatch:
    """What a message has to do with earlier cases.

    Attributes:
        case_number: the case that it joins; None where it opens one of its own, or needs none.
        way: by what that case was found.
        reopens: the case was closed and is open again.
        linked: cases that it does not join but has to do with, the most likely first.
        why: the reasons of what is joined, or is not, for agents; none where nothing was to be joined.
        fingerprint: what tells whether another message says the same; empty where it says nothing.
        by_staff: one of us wrote it, as our server vouches or our folder of sent mail shows: it asks for nothing.
        writer: whose message it is: of what a colleague passes on, the first writer.
        ours: we sent it, and see it again: a matter of its own is never made of it.
        answers: one of us answers somebody outside by it. What did not come out of our folder of sent mail ends no P1.
        proven: who wrote is proven to be whom the case is about, or of their household, by a known or confirmed address
            that our server vouches for; or they bring a signature of ours back from an address that we wrote to. Else
            they are at best named, by what the text says. Of a colleague it is false: `by_staff` tells of them.
        danger_reply: what it answers, by its first words, to our question whether the danger is happening now; None
            where it answers nothing, or not as and from where it has to.
    """

    case_number: str | None = None
    way: JoinedBy | None = None
    reopens: bool = False
    linked: tuple[str, ...] = ()
    why: tuple[CodedText, ...] = ()
    fingerprint: str = ""
    by_staff: bool = False
    writer: Mailbox = field(default_factory=Mailbox)
    ours: bool = False
    answers: bool = False
    proven: bool = False
    danger_reply: DangerReply | None = None
