"""Hostile messages through the real daemon: each ends in a queue, and the mail beside it is taken in as before."""

import asyncio
import base64
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from random import Random

from tests.prove.audit import Audit, audit
from tests.prove.database import Database, Place, on_sqlite
from tests.prove.kills import SESSIONS, finished
from tests.prove.program import Program
from tests.prove.senders import RECIPIENT, Senders, digest

_MIB = 1024 * 1024
_BOUNDS = ("CpuSpentError", "MemoryError")


def _head(*more: str) -> bytes:
    lines = (
        "From: Mallory <mallory@hostile.example>",
        f"To: {RECIPIENT}",
        "Subject: Fuite",
        "MIME-Version: 1.0",
        *more,
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


_PLAIN = _head("Content-Type: text/plain; charset=utf-8")
_HTML = _head("Content-Type: text/html; charset=utf-8")
_PART = b"Content-Type: text/plain\r\n\r\nfuite\r\n"


def _levels(depth: int) -> bytes:
    openings = (
        f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode() for level in range(depth)
    )
    closings = (f"--b{level}--\r\n".encode() for level in reversed(range(depth)))
    start = _head().removesuffix(b"\r\n")
    return b"".join(chain((start,), openings, (_PART,), closings))


def _mixed(*parts: bytes) -> bytes:
    start = _head('Content-Type: multipart/mixed; boundary="b"')
    return start + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _headers(count: int) -> bytes:
    return b"".join(f"X-{number}: y\r\n".encode() for number in range(count)) + _PLAIN + b"fuite\r\n"


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        for number in range(10):
            bomb.writestr(f"{number}.txt", bytes(100 * _MIB))
    head = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return _mixed(_PART, head + base64.encodebytes(packed.getvalue()).replace(b"\n", b"\r\n"))


_SURROGATES = b"\xed\xa0\x80\xed\xbf\xbf"
MESSAGES: dict[str, Callable[[], bytes]] = {
    "50 levels": lambda: _levels(50),
    "1,000 levels": lambda: _levels(1_000),
    "100,000 headers": lambda: _headers(100_000),
    "50,000 parts": lambda: _mixed(*repeat(_PART, 50_000)),
    "a line of 30 MB": lambda: _PLAIN + b"fuite " * (5 * _MIB) + b"\r\n",
    "30 MB of flat tags": lambda: _HTML + b"<b>x</b>" * (30 * _MIB // 8) + b"\r\n",
    "a million nested tags": lambda: _HTML + b"<div>" * 1_000_000 + b"fuite\r\n",
    "a zip bomb": _zip_bomb,
    "lines of spaces": lambda: _PLAIN + (b" " * 100_000 + b"x\r\n") * 100,
    "quotation marks": lambda: _PLAIN + b"> " * 5_000_000 + b"\r\n",
    "dashes and openings": lambda: _PLAIN + b"Le " * 300_000 + b"\r\n" + b"-" * 2_000_000 + b"\r\n",
    "addresses": lambda: _PLAIN + b"a@b.c " * 300_000 + b"\r\n" + b"a." * 500_000 + b"@\r\n",
    "numbers": lambda: _PLAIN + b"06 12 34 56 78 " * 100_000 + b"\r\n" + b"0612345678" * 200_000 + b"\r\n",
    "dates and names": lambda: _PLAIN + b"le 12 mars, M. Joly, 3e, appt 12, " * 60_000 + b"\r\n",
    "NULs": lambda: _PLAIN + bytes(10 * _MIB) + b"\r\n",
    "lone surrogates": lambda: _head("X: \ufeff").replace(b"Fuite", _SURROGATES) + _SURROGATES * 300_000 + b"\r\n",
    "lone surrogates in UTF-16": lambda: (
        _head("Content-Type: text/plain; charset=utf-16") + b"\xd8\x41" * _MIB + b"\r\n"
    ),
}
SHORT = ("50 levels", "1,000 levels", "50,000 parts", "a million nested tags", "a zip bomb", "lone surrogates")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a hostile message ended: its state, why it was parked, and whether it has a case."""

    name: str
    octets: int
    state: str
    reason: str
    has_case: bool

    @property
    def sound(self) -> bool:
        """Whether it was judged, or one of its own bounds parked it, with a case for a person to read."""
        bounded = self.state == "parked" and self.reason.startswith(_BOUNDS)
        return self.state == "set_aside" or (self.has_case and (self.state == "judged" or bounded))

    def __str__(self) -> str:
        return f"  {self.name:28}{self.octets / 1e6:8.1f} MB  {self.state} {self.reason}".rstrip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the trial showed; `rate` is how many ordinary messages were taken in a second."""

    endings: tuple[Ending, ...]
    audit: Audit
    rate: float

    @property
    def sound(self) -> bool:
        """Whether every message ended well and nothing was lost or done twice."""
        # `undecided` counts what was parked, which `endings` look at.
        lost = self.audit.lost + self.audit.two_cases + self.audit.two_records + self.audit.broken_file
        return all(ending.sound for ending in self.endings) and not lost

    def lines(self) -> Iterator[str]:
        """Yield what is to be told."""
        yield "hostile messages through the daemon"
        yield from map(str, self.endings)
        yield from self.audit.lines()


async def prove_hostile(
    folder: Path, names: Sequence[str], random: Random, seconds: float, place: Place = on_sqlite
) -> Outcome:
    """Send the named messages while ordinary mail flows for so many seconds; then wait until all is judged."""
    raw = {name: MESSAGES[name]() for name in names}
    with place(folder) as database:
        program = Program(database)
        try:
            rate, senders = await _rate(program, random, tuple(raw.values()), seconds)
            await finished(program)
        finally:
            await program.kill()
        endings = tuple(_ending(database, name, content) for name, content in raw.items())
        return Outcome(endings, audit(senders.ledger, database), rate)


async def rate_alone(folder: Path, random: Random, seconds: float, place: Place = on_sqlite) -> float:
    """Return how many ordinary messages a second are taken in while nothing hostile comes."""
    with place(folder) as database:
        program = Program(database)
        try:
            rate, _ = await _rate(program, random, (), seconds)
        finally:
            await program.kill()
    return rate


async def _rate(program: Program, random: Random, hostile: Sequence[bytes], seconds: float) -> tuple[float, Senders]:
    """Return how many ordinary messages a second are taken in while the judges have the hostile ones to judge."""
    await program.started()
    first = Senders(program, random, sessions=1)
    session = None
    for content in hostile:
        session = await first.hand_over(content, session)
    if session is not None:
        session.close()
    async with Senders(program, random, SESSIONS) as senders:
        await asyncio.sleep(seconds)
        answered = len(senders.ledger.answered)
        await senders.finish()
    senders.ledger.sent |= first.ledger.sent
    senders.ledger.answered |= first.ledger.answered
    return answered / seconds, senders


def _ending(database: Database, name: str, content: bytes) -> Ending:
    query = """SELECT raw, arrivals.state, arrivals.reason, case_id FROM arrivals
               JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
               LEFT JOIN contacts ON contacts.arrival_id = arrivals.id WHERE size = %(size)s"""
    for raw, state, reason, case_id in database.rows(query, size=len(content)):
        if digest(raw) == digest(content):
            return Ending(name, len(content), state, reason or "", case_id is not None)
    return Ending(name, len(content), "missing", "", has_case=False)
