"""The kinds of column the store is made of, the same on SQLite and PostgreSQL, each with its class of data."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from dtm_contact.model import AlarmLevel, Channel, CodedText

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_LONGEST_KEY = 255
_AS_JSON = '{"texts":'
_LEVELS = sorted(AlarmLevel, key=lambda level: -level.rank)
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class DataClass(StrEnum):
    """What a column says about a person (GDPR article 4); each class is erased at its own age."""

    NONE = "none"
    """Nothing about a person."""
    IDENTITY = "identity"
    """Who someone is, where they live, what they are to the landlord."""
    CONTACT = "contact"
    """How someone is reached, and the trace of having written."""
    CONTENT = "content"
    """What someone wrote, and what was read out of it."""
    STAFF = "staff"
    """What an employee did, or where one works."""


def classed(data_class: DataClass, keep: str = "", since: str = "") -> dict[str, Any]:
    """Return the `info` of a table or column.

    Args:
        data_class: what it says about a person.
        keep: how long, as an ISO 8601 duration; empty only for `DataClass.NONE`.
        since: the moment from which `keep` counts, in words.
    """
    return {"data_class": data_class, "keep": keep, "since": since}


def storable(text: str) -> str:
    """Return `text` with U+FFFD for what a database cannot hold: NUL (PostgreSQL) and lone surrogates (both)."""
    return text if _is_plain(text) else _UNSTORABLE.sub(_REPLACEMENT, text)


def _is_plain(text: str) -> bool:
    """Tell at a glance of most texts that any database holds them: no expression is run over those."""
    return text.isascii() and "\x00" not in text


def encode_json(value: Any) -> str:
    """Return JSON that both databases hold; lone surrogates become U+FFFD, so offsets in texts stay right.

    Raises:
        ValueError: a number is infinite or none.
    """
    return storable(_encoder.encode(value))


class UtcTime(TypeDecorator[datetime]):
    """A moment. Kept in UTC, so that both databases sort alike; an unaware one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite has no zone to store."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the store takes aware times only")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware time back, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class AlarmOrder(TypeDecorator[AlarmLevel]):
    """The level of an alarm as a number, so that both databases sort the most urgent first: 0 is certain, 2 none."""

    impl = sa.SmallInteger
    cache_ok = True

    def process_bind_param(self, value: AlarmLevel | None, dialect: Dialect) -> int | None:
        """Return the place in the order."""
        del dialect
        return None if value is None else _LEVELS.index(AlarmLevel(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> AlarmLevel | None:
        """Give the level back."""
        del dialect
        return None if value is None else _LEVELS[value]


class ChannelText(TypeDecorator[Channel]):
    """A channel by its value."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Channel | None, dialect: Dialect) -> str | None:
        """Return what the database keeps of a channel: the channel's own value."""
        del dialect
        return None if value is None else Channel(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Channel | None:
        """Give the channel back."""
        del dialect
        return None if value is None else Channel(value)


class SafeText(TypeDecorator[str]):
    """Text from outside: what a database cannot hold is replaced, in what is stored and in what is looked up."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        del dialect
        return None if value is None else storable(value)


class CodedTextColumn(TypeDecorator[CodedText]):
    """A coded text: words as they are stand so, codes as JSON; what an earlier program stored is such words."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: CodedText | str | None, dialect: Dialect) -> str | None:
        """Return the text that stands for it; a string is taken as words."""
        del dialect
        if value is None:
            return None
        return pack_texts((CodedText.plain(value) if isinstance(value, str) else value,))

    def process_result_value(self, value: str | None, dialect: Dialect) -> CodedText | None:
        """Return the coded text of what was stored."""
        del dialect
        return None if value is None else next(iter(unpack_texts(value)), CodedText.plain(""))


class CodedTextsColumn(TypeDecorator[tuple[CodedText, ...]]):
    """Several coded texts, stored like one."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[CodedText] | str | None, dialect: Dialect) -> str | None:
        """Return the text that stands for them; a string is taken as words."""
        del dialect
        if value is None:
            return None
        return pack_texts((CodedText.plain(value),) if isinstance(value, str) else value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[CodedText, ...] | None:
        """Return the coded texts of what was stored."""
        del dialect
        return None if value is None else unpack_texts(value)


def pack_texts(texts: Sequence[CodedText]) -> str:
    """Return coded texts as one text: a person's words as they are, all else, and words that look like it, as JSON."""
    values = [text.as_json() for text in texts if text]
    if not values:
        return ""
    first = values[0]
    if len(values) == 1 and isinstance(first, str) and not first.startswith(_AS_JSON):
        return storable(first)
    return encode_json({"texts": values})


def unpack_texts(stored: str) -> tuple[CodedText, ...]:
    """Return the coded texts of what `pack_texts` returned; of anything else its words."""
    if not stored.startswith(_AS_JSON):
        return (CodedText.plain(stored),) if stored else ()
    try:
        return tuple(CodedText.from_json(value) for value in json.loads(stored)["texts"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return (CodedText.plain(stored),)


class KeyText(TypeDecorator[str]):
    """Text from outside that is looked up: what is over 255 characters, or cannot be stored, stands as its SHA-256.

    A PostgreSQL index holds 2,704 octets; a hostile Message-ID is longer.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Shorten what no index could hold."""
        del dialect
        return None if value is None else bounded_key(value)


def bounded_key(text: str) -> str:
    """Return `text` as `KeyText` stores it: different texts stay different."""
    if len(text) <= _LONGEST_KEY and (_is_plain(text) or not _UNSTORABLE.search(text)):
        return text
    return "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
