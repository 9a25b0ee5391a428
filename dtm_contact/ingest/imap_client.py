"""A mailbox by IMAP, as far as it can be used safely: the only module that knows aioimaplib.

What that library cannot do safely is out of reach here. It recurses for every line of an answer, so that only small
sets are asked for; it waits for ever for what a lost connection owed it, so that every call here ends with the
connection or with its time; it quotes no names; it mistakes names and subjects for syntax, so that neither is ever
fetched; it sets no bound to what a server sends, so that sizes are asked for first and octets are counted here; it
drops what is announced between two commands, so that this is listened to here; it answers no challenge, such as stands
before the refusal of a token, so that this is done here. After any trouble the connection is thrown away.
"""

import asyncio
import base64
import contextlib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from aioimaplib import aioimaplib

from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import DtmContactError, described
from dtm_contact.ingest.mailbox import CredentialsRefusedError, MailboxLostError, MailboxRefusedError

_OTHER: Final = re.compile(r"[^\x20-\x7e]+")
MOST_AT_ONCE: Final = 50
"""Messages that one command is about."""
_MOST_DIGITS: Final = 10
_MOST_OCTETS: Final = 32 * 1024 * 1024
"""Octets that a server may send between two commands of ours, beside the messages asked for."""
_LONGEST_LINE: Final = 16 * 1024 * 1024
"""Octets of one line: the UIDs of a folder are told in one."""
# Numbers are of 32 bits, sizes of 63 (RFC 9051 section 9): longer ones are none.
_UIDVALIDITY: Final = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)
_UIDNEXT: Final = re.compile(rb"\[UIDNEXT (\d{1,10})\]", re.IGNORECASE)
_EXISTS: Final = re.compile(rb"^\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.IGNORECASE)
_UID: Final = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_DATE: Final = re.compile(rb'INTERNALDATE "([ 0-9]\d-[A-Za-z]{3}-\d{4} [0-9:]{8} [+-]\d{4})"', re.IGNORECASE)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b", re.IGNORECASE)
_DELIMITER: Final = re.compile(rb'^(?:LIST )?\([^)]*\) "(\\?.)"')
Answer = TypeVar("Answer")


def encoded(name: str) -> str:
    """Return a folder's name in modified UTF-7.

    Raises:
        ValueError: it holds a control character.
    """
    if any(ord(sign) < ord(" ") for sign in name):
        raise ValueError("a folder's name holds a control character")
    return _OTHER.sub(_shifted, name.replace("&", "&-"))


def _shifted(found: re.Match[str]) -> str:
    octets = base64.b64encode(found.group().encode("utf-16-be")).decode().rstrip("=")
    return f"&{octets.replace('/', ',')}-"


def quoted(text: str) -> str:
    """Return a quoted string (RFC 3501 section 4.3).

    Raises:
        ValueError: it holds a line end or NUL, which no quoted string can.
    """
    if any(sign in text for sign in "\r\n\0"):
        raise ValueError("a quoted string holds no line end")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folder(name: str, delimiter: str) -> str:
    """Return a folder as an argument: "Bureaux/Bagnolet" with the server's own mark between levels, encoded, quoted."""
    return quoted(encoded(name.replace("/", delimiter)))


# It writes what it receives, bodies included.
logging.getLogger("aioimaplib").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder that is open.

    Attributes:
        validity: UIDs mean the same as long as this is the same (RFC 3501 section 2.3.1.1).
        next_uid: the UID that the next message will have, or a smaller one.
    """

    validity: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class Login:
    """Where a mailbox is and how we are known there; `token` in place of a password for XOAUTH2."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    context: ssl.SSLContext | None = None
    seconds: float = 60.0


class MailboxConnection:
    """A connection; everything asked of it ends with an answer or with an error, after which it is of no more use."""

    def __init__(self, login: Login) -> None:
        """Take where it is; `connected` opens it."""
        self._login = login
        self._seconds = login.seconds
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if login.context is None:
            self._client = aioimaplib.IMAP4(login.host, login.port, timeout=login.seconds)
        else:
            self._client = aioimaplib.IMAP4_SSL(
                login.host, login.port, timeout=login.seconds, ssl_context=login.context
            )
        # Over TLS the library takes no such call-back; it hears it here all the same.
        protocol = self._client.protocol
        protocol.conn_lost_cb = self._connection_lost
        self._untagged = protocol._untagged_response  # noqa: SLF001 - it hands what is announced to nobody
        protocol._untagged_response = self._listen  # noqa: SLF001 - the same
        self._take_in = protocol.data_received
        protocol.data_received = self._receive
        self._go_on = protocol._continuation  # noqa: SLF001 - it waits for ever for the end of a log-in refused so
        protocol._continuation = self._hear_challenge  # noqa: SLF001 - the same
        self._received, self._allowed = 0, _MOST_OCTETS
        self._messages, self._news = 0, False
        self._delimiter = "/"

    def _listen(self, line: bytes) -> Any:
        """Note that there are more messages than before, whichever command's answer it stands in, or in none's."""
        if told := _EXISTS.match(line):
            came = told.group(2).upper() == b"EXISTS"
            messages = int(told.group(1)) if came else self._messages - 1
            self._news = self._news or messages > self._messages
            self._messages = messages
        return self._untagged(line)

    def _hear_challenge(self, line: bytes) -> None:
        """Answer what a token that is refused brings by nothing, so that the refusal itself follows."""
        asked = self._client.protocol.pending_sync_command
        if asked is not None and asked.name == "AUTHENTICATE":
            self._client.protocol.transport.write(b"\r\n")
        else:
            self._go_on(line)

    def _receive(self, data: bytes) -> None:
        """Hand on what came, unless it is more than was asked for: then the connection ends."""
        self._received += len(data)
        protocol = self._client.protocol
        if self._received > self._allowed or len(protocol.incomplete_line) > _LONGEST_LINE:
            protocol.transport.abort()
        else:
            self._take_in(data)

    def _connection_lost(self, error: Exception | None) -> None:
        del error
        if not self._lost.done():
            self._lost.set_result(None)

    async def open(self) -> None:
        """Connect and log in.

        Raises:
            CredentialsRefusedError: the server does not want us.
            MailboxLostError: there is no server, or it does not speak.
        """
        await self._within(self._client.wait_hello_from_server())
        login = self._login
        try:
            if login.token:
                answer = await self._within(self._client.protocol.xoauth2(login.user, login.token))
            else:
                answer = await self._within(self._client.protocol.login(quoted(login.user), login.password))
        except MailboxLostError:
            # A token that has run out is answered by a challenge for which the library waits for ever.
            if login.token and not self._lost.done():
                raise CredentialsRefusedError("the token was not accepted in time") from None
            raise
        if answer.result != "OK":
            raise CredentialsRefusedError(answer.result)
        await self._within(self._client.protocol.capability())
        self._delimiter = await self._ask_delimiter()

    async def select(self, name: str, *, read_only: bool = False) -> Selected:
        """Open a folder; `read_only`: so that nothing of it can change, neither by us nor by our looking at it.

        Raises:
            MailboxRefusedError: there is no such folder.
        """
        protocol, named = self._client.protocol, folder(name, self._delimiter)
        command = protocol.simple_command("EXAMINE", named) if read_only else protocol.select(named)
        answer = await self._within(command)
        if answer.result != "OK":
            raise MailboxRefusedError(f"the folder {name} cannot be opened ({answer.result})")
        # The library knows of no other way to open one.
        protocol.state = aioimaplib.SELECTED
        told = b"\n".join(line for line in answer.lines if isinstance(line, bytes))
        validity, next_uid = _UIDVALIDITY.search(told), _UIDNEXT.search(told)
        if validity is None:
            raise MailboxRefusedError("it gives no UIDVALIDITY, without which nothing can be followed")
        return Selected(int(validity.group(1)), int(next_uid.group(1)) if next_uid else 1)

    async def uids_above(self, uid: int) -> list[int]:
        """Return the UIDs above this one, lowest first: the order in which the messages came."""
        # "n:*" holds the highest one even where that is below n (RFC 3501 section 6.4.8).
        found = await self._search(f"UID {uid + 1}:*")
        return [each for each in found if each > uid]

    async def uids_since(self, day: date | None, *, unanswered: bool = False) -> list[int]:
        """Return the UIDs of what came on that day or later (None: at any time), lowest first.

        Args:
            day: by the server's own clock.
            unanswered: only what nobody has marked as answered.
        """
        since = f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}" if day is not None else "ALL"
        return await self._search(f"{since} UNANSWERED" if unanswered else since)

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the octets of each message that there still is."""
        found: dict[int, int] = {}
        for some in _slices(uids):
            answer = await self._done(self._client.protocol.fetch(_set(some), "(UID RFC822.SIZE)", by_uid=True))
            for line in answer.lines:
                if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
                    found[int(uid.group(1))] = int(size.group(1))
        return {uid: found[uid] for uid in uids if uid in found}

    async def dates(self, uids: Sequence[int]) -> dict[int, str]:
        """Return when each message came to the mailbox, as the server writes it (`24-Nov-2026 10:30:00 +0100`)."""
        found: dict[int, str] = {}
        for some in _slices(uids):
            answer = await self._done(self._client.protocol.fetch(_set(some), "(UID INTERNALDATE)", by_uid=True))
            for line in answer.lines:
                if isinstance(line, bytes) and (uid := _UID.search(line)) and (told := _DATE.search(line)):
                    found[int(uid.group(1))] = told.group(1).decode("ascii", "replace")
        return found

    async def heads(self, uids: Sequence[int], limit: int) -> dict[int, bytes]:
        """Return the lines before the first empty one of some messages, at most `limit` octets of each."""
        return await self._peek(uids, "HEADER", limit, limit * len(uids))

    async def messages(self, uids: Sequence[int], limit: int) -> dict[int, bytes]:
        """Return the octets of some messages, at most `limit` of each, without marking them as read."""
        return await self._peek(uids, "", limit, limit)

    async def _peek(self, uids: Sequence[int], section: str, limit: int, octets: int) -> dict[int, bytes]:
        wanted = f"(UID BODY.PEEK[{section}]<0.{limit}>)"
        answer = await self._done(self._client.protocol.fetch(_set(uids), wanted, by_uid=True), octets=octets)
        found = dict(_bodies(answer.lines))
        return {uid: found[uid][:limit] for uid in uids if uid in found}

    async def append(self, name: str, raw: bytes) -> None:
        """Lay a message into a folder, which is made where there is none.

        Raises:
            MailboxRefusedError: the server does not take it.
        """
        target = folder(name, self._delimiter)
        answer = await self._within(self._client.protocol.append(raw, target))
        if answer.result != "OK":
            await self._within(self._client.protocol.simple_command("CREATE", target))
            await self._done(self._client.protocol.append(raw, target))

    async def move(self, uids: Sequence[int], name: str) -> None:
        """Move messages into a folder, which is made where there is none; what is not there any more is passed over."""
        target = folder(name, self._delimiter)
        for some in _slices(uids):
            answer = await self._within(self._move(_set(some), target))
            if answer.result != "OK":
                await self._within(self._client.protocol.simple_command("CREATE", target))
                await self._done(self._move(_set(some), target))

    def _move(self, uids: str, target: str) -> Awaitable[Any]:
        protocol = self._client.protocol
        command = aioimaplib.Command(
            "MOVE", protocol.new_tag(), uids, target, prefix="UID", loop=asyncio.get_running_loop()
        )
        awaited: Awaitable[Any] = protocol.execute(command)
        return awaited

    async def flag(self, uids: Sequence[int], keyword: str) -> None:
        """Give messages a keyword."""
        for some in _slices(uids):
            await self._done(self._client.protocol.store(_set(some), "+FLAGS.SILENT", f"({keyword})", by_uid=True))

    async def wait(self, seconds: float) -> None:
        """Return when the server tells of something new, or after so many seconds; by IDLE where it can (RFC 2177).

        What it told of since the last search, while other commands ran, is something new too.
        """
        if self._news:
            return
        protocol = self._client.protocol
        if "IDLE" not in protocol.capabilities:
            await asyncio.wait({self._lost}, timeout=seconds)
            await self._done(protocol.simple_command("NOOP"))
            return
        while not protocol.idle_queue.empty():
            protocol.idle_queue.get_nowait()
        idle, push = asyncio.ensure_future(protocol.idle()), asyncio.ensure_future(protocol.idle_queue.get())
        try:
            await asyncio.wait({idle, push, self._lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not idle.done():
                protocol.idle_done()
            await self._done(idle)
        finally:
            idle.cancel()
            push.cancel()

    async def close(self) -> None:
        """Part politely where the server listens, and in any case at once."""
        if not self._lost.done():
            with contextlib.suppress(DtmContactError):
                await self._within(self._client.protocol.logout(), min(self._seconds, 2.0))
        if self._client.protocol.transport is not None:
            self._client.protocol.transport.abort()
        # It keeps them to itself and never ends them.
        await cancel_and_wait(self._client._client_task, *self._client.tasks, *self._client.protocol.tasks)  # noqa: SLF001

    async def _search(self, criteria: str) -> list[int]:
        self._news = False
        answer = await self._done(self._client.protocol.search(criteria, charset=None, by_uid=True))
        # The first line holds the numbers, the last one the server's words.
        numbers = b" ".join(line for line in answer.lines[:-1] if isinstance(line, bytes))
        return sorted(int(word) for word in numbers.split() if word.isdigit() and len(word) <= _MOST_DIGITS)

    async def _ask_delimiter(self) -> str:
        answer = await self._done(self._client.protocol.simple_command("LIST", '""', '""'))
        for line in answer.lines:
            if isinstance(line, bytes) and (found := _DELIMITER.match(line)):
                return found.group(1).decode().lstrip("\\") or "\\"
        return "/"

    async def _done(self, command: Awaitable[Any], *, octets: int = 0) -> Any:
        answer = await self._within(command, octets=octets)
        if answer.result != "OK":
            raise MailboxRefusedError(str(answer.result))
        return answer

    async def _within(self, command: Awaitable[Answer], seconds: float | None = None, *, octets: int = 0) -> Answer:
        """Return what a command brings, unless its time or its connection ends before.

        `octets`: of the messages that it asks for; a server that sends much more loses the connection.
        """
        self._received, self._allowed = 0, _MOST_OCTETS + octets
        asked = asyncio.ensure_future(command)
        try:
            both: set[asyncio.Future[Any]] = {asked, self._lost}
            await asyncio.wait(both, timeout=seconds or self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
        except (aioimaplib.AioImapException, OSError, UnicodeError, ValueError, IndexError, AttributeError) as error:
            raise MailboxLostError(f"{self._login.host}:{self._login.port}: {described(error)}") from error
        finally:
            asked.cancel()
        told = "the connection ended" if self._lost.done() else "no answer in time"
        raise MailboxLostError(f"{self._login.host}:{self._login.port}: {told}")


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _slices(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (uids[start : start + MOST_AT_ONCE] for start in range(0, len(uids), MOST_AT_ONCE))


def _bodies(lines: Sequence[bytes | bytearray]) -> Iterator[tuple[int, bytes]]:
    """Yield UID and octets of each message; the UID may stand before or behind the octets."""
    for place, line in enumerate(lines):
        # The library gives what was announced by its length as a bytearray, lines as bytes.
        if isinstance(line, bytearray):
            behind = lines[place + 1] if place + 1 < len(lines) else b""
            uid = _UID.search(lines[place - 1]) or _UID.search(behind)
            if uid is not None:
                yield int(uid.group(1)), bytes(line)


@asynccontextmanager
async def connected(login: Login) -> AsyncIterator[MailboxConnection]:
    """Give a connection that is logged in; log out at the end of the block.

    Raises:
        CredentialsRefusedError: the server does not want us.
        MailboxLostError: there is no server, or it does not speak.
    """
    mailbox = MailboxConnection(login)
    try:
        await mailbox.open()
        yield mailbox
    finally:
        await mailbox.close()
