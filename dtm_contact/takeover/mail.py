"""A message as it lies in a mailbox: what its head tells, and what makes two copies of it the same mail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from dtm_contact.errors import DtmContactError
from dtm_contact.reading.headers import parse_time

HEAD_OCTETS: Final = 64 * 1024
"""So much of a message is looked at for its head."""

_FIRST_YEAR: Final = 1990
_ID: Final = re.compile(r"<([^<>\s]{1,998})>")
_ADDRESS: Final = re.compile(r"[^\s<>\"(),:;]+@[^\s<>\"(),:;]+")
_MOST_IDS: Final = 50
# What its writer put into it; the rest of a head is written by servers, another one in each copy.
_OF_WRITER: Final = ("message-id", "from", "date", "subject")


GONE: Final = "it is gone, or cannot be read any more"
EMPTY: Final = "it is empty, or its server does not hand it over"
TOO_LARGE: Final = "it is larger than DTM_IMAP_SIZE_LIMIT allows"


class SourceError(DtmContactError):
    """The mailbox that is to be taken over cannot be read."""


@dataclass(frozen=True, slots=True)
class MailHead:
    """What the head of a message tells.

    Attributes:
        place: where it lies in its mailbox.
        reached_at: when it came there, aware: by what the server that received it wrote, else by the mailbox, else by
            its own date.
        message_id: without angle brackets; empty where it bears none.
        thread: the ids of the messages that it answers to.
        writer: the address of its sender, lower case; empty where it names none.
        size: octets.
    """

    place: str
    reached_at: datetime
    message_id: str
    thread: tuple[str, ...]
    writer: str
    size: int


@dataclass(frozen=True, slots=True)
class UnreadMail:
    """A message of the old mailbox that could not be taken over.

    Attributes:
        place: where it lies: the folder and its number, or a path.
        reason: why it could not be read; nothing of its content.
    """

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class MailContents:
    """What lies in a mailbox from a day on: the heads of its messages, and those that cannot be read."""

    heads: tuple[MailHead, ...]
    unread: tuple[UnreadMail, ...]


class MailSource(Protocol):
    """A mailbox that is taken over; nothing in it is ever changed."""

    @property
    def name(self) -> str:
        """Which one it is, for people, and to go on with an import that was broken off."""
        ...

    async def contents(self, since: datetime | None) -> MailContents:
        """Return the heads of what came from a time on; None: of all.

        Raises:
            DtmContactError: the mailbox cannot be read.
        """
        ...

    async def read(self, heads: Sequence[MailHead]) -> Mapping[str, bytes]:
        """Return the octets of messages by their places, without those that are gone or cannot be read any more.

        Raises:
            DtmContactError: the mailbox cannot be read.
        """
        ...

    async def close(self) -> None:
        """Let go of the mailbox."""
        ...


def head_of(place: str, raw: bytes, size: int, kept_at: datetime | None, now: datetime, zone: ZoneInfo) -> MailHead:
    """Return what the head of a message tells.

    Args:
        place: where it lies.
        raw: its first octets, or all.
        size: octets of all of it.
        kept_at: when it came there, as the mailbox has it.
        now: the latest time that is believed, aware.
        zone: of times without an offset.
    """
    message = _parsed(raw)
    received = parse_time(_last(message, "received").rpartition(";")[2], zone)
    written = parse_time(_last(message, "date"), zone)
    known = (each for each in (received, kept_at, written) if each is not None and each.year >= _FIRST_YEAR)
    answered = f"{_last(message, 'in-reply-to')} {_last(message, 'references')}"
    found = _ADDRESS.findall(_last(message, "from"))
    return MailHead(
        place=place,
        reached_at=min(next(known, now), now),
        message_id=next(iter(_ID.findall(_last(message, "message-id"))), ""),
        thread=tuple(dict.fromkeys(_ID.findall(answered)))[-_MOST_IDS:],
        writer=found[-1].lower() if found else "",
        size=size,
    )


def same_mail(raw: bytes) -> str:
    """Return what two copies of one mail have in common, however they lie in mailboxes, in hexadecimal digits.

    That is what its writer put into it: Message-ID, From, Date, Subject, and its body. What servers note in a head, the
    ends of lines, and empty lines at the end are left out.
    """
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = _parsed(head + b"\n\n")
    told = [" ".join(_last(message, name).split()).encode("utf-8", "surrogateescape") for name in _OF_WRITER]
    return sha256(b"\n".join((*told, body.rstrip(b"\n")))).hexdigest()


def _parsed(raw: bytes) -> Message:
    head, _, _ = raw[:HEAD_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")
    return message_from_bytes(head + b"\n\n")


def _last(message: Message, name: str) -> str:
    """Return the first header of a name, which a server wrote last; empty where there is none."""
    return str(next(iter(message.get_all(name, [])), ""))
