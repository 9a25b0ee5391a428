"""Random and mutated mails through judging: nothing is raised, and nothing costs more than its bounds."""

import email
import email.policy
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from random import Random

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.explain import reason
from dtm_contact.model import Arrival, Envelope
from dtm_contact.model.history import NoHistory
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.settings import Settings
from tests.prove.database import ROOT, SMALL_DIRECTORY
from tests.prove.program import chance
from tests.rules.once import load_once

_RECEIVED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_ENVELOPE = Envelope("a@tenant.example", ("metropole@parishabitat.fr",), "127.0.0.1")
_MOST_CHANGES = 12
_LONGEST_RANDOM = 4_000
# What means something to a reader of mail, and so may mislead it.
_TOKENS = (
    b"\r\n", b"\n", b"\r", b"\0", b"\x1b", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r\n\r\n", b"=", b"==",
    b"=\r\n", b"=?utf-8?B?", b"=?utf-16?Q?=D8=00?=", b"=?x?b?\xe9?=", b"?=", b"<", b">", b"<<", b"(((", b"\\",
    b'"', b",,", b";", b"@", b"--", b"\r\n--b\r\n", b"\r\n--b--\r\n", b"> ", b">>>>>>>> ", b"-- \r\n",
    b"-----Original Message-----", b"\r\nDe : ", b"\r\nFrom: ",
    b"\r\nDate: Tue, 99 Foo 99999 99:99:99 +9999\r\n", b"\r\nDate: 1 Jan 0001 00:00 -2359\r\n",
    b"\r\nContent-Type: multipart/mixed; boundary=b\r\n", b"\r\nContent-Type: text/html; charset=utf-7\r\n",
    b"\r\nContent-Type: message/rfc822\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n",
    b"\r\nContent-Transfer-Encoding: uuencode\r\n", b"begin 644 a\n", b"<div>" * 50, b"<!--", b"<![CDATA[",
    b"&#xD800;", b"<style>", b"</", b"le 31/02/2026 ", b"06 12 34 56 78 ", b"+33 (0)6.12.34.56.78",
    b"appt 999999999999999999999", b"pas " * 40, b"fuite d'eau ", b"\xc3", b"e\xcc\x81" * 30, "ﬃ①Ａ".encode(),
    b"charset=unicode_escape", b"filename*=utf-8''%ff%00",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A mail that was not judged as it should be, and where it is kept."""

    number: int
    what: str
    kept: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the trial showed."""

    mails: int
    slowest: float
    faults: tuple[Fault, ...]

    def lines(self) -> Iterator[str]:
        """Yield what is to be told."""
        yield f"{self.mails:,} random and mutated mails judged"
        yield f"  {'most processor time':28}{self.slowest:8.3f} s"
        yield f"  {'faults':28}{len(self.faults):8,}"
        yield from (f"  mail {fault.number}: {fault.what}, kept as {fault.kept}" for fault in self.faults)


def prove_fuzz(mails: int, seed: int, *, processes: int = 1) -> Outcome:
    """Judge so many mails, each made by its own seed, so that a single one can be made again."""
    faults = list[Fault]()
    slowest = 0.0
    with ProcessPoolExecutor(processes) as pool:
        for number, (what, spent) in enumerate(pool.map(partial(_tried, seed), range(mails), chunksize=50)):
            slowest = max(slowest, spent)
            if what:
                faults.append(Fault(number, what, _kept(made(seed, number), seed, number)))
    return Outcome(mails, slowest, tuple(faults))


def read_plainly(mails: int, seed: int) -> int:
    """Return how many of the same mails Python's own reader of mail does not get through: the control."""
    return sum(_is_refused(made(seed, number)) for number in range(mails))


def _tried(seed: int, number: int) -> tuple[str, float]:
    """Return what was wrong with the judging of a mail (nothing: ""), and its processor time in seconds."""
    bound = Settings.defaults().judge.cpu_seconds
    _grounds()
    raw = made(seed, number)
    start = time.process_time()
    what = _fault(raw)
    spent = time.process_time() - start
    return what or (f"took {spent:.1f} s of processor time" if spent > bound else ""), spent


def _is_refused(raw: bytes) -> bool:
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for part in message.walk():
            dict(part.items())
            if part.get_content_maintype() == "text":
                part.get_content()
    except Exception:  # noqa: BLE001 - whatever it is, it is what is counted
        return True
    return False


def made(seed: int, number: int) -> bytes:
    """Return a mail: random octets, or a sample changed in a few places."""
    random = chance(seed * 1_000_000_007 + number)
    if random.randrange(10) == 0:
        return random.randbytes(random.randrange(_LONGEST_RANDOM))
    raw = random.choice(_samples())
    for _ in range(random.randint(1, _MOST_CHANGES)):
        raw = random.choice(_CHANGES)(raw, random)
    return raw


def _fault(raw: bytes) -> str:
    arrival = Arrival("smtp", "fuzz", _RECEIVED, "message/rfc822", _ENVELOPE, raw)
    try:
        judgement = judge(arrival, _RECEIVED, _grounds(), NoHistory(), trace=True)
        as_json(judgement)
        reason(judgement)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return repr(error)[:200]
    return ""


def _kept(raw: bytes, seed: int, number: int) -> Path:
    path = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}.eml"
    path.write_bytes(raw)
    return path


@cache
def _grounds() -> Grounds:
    settings = Settings.defaults()
    records, _warnings = read_export(SMALL_DIRECTORY)
    return Grounds.build(Directory(records), load_once(ROOT / "rules", zone=settings.zone), settings)


@cache
def _samples() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "fixtures" / "mail").glob("*.eml"))]


def _cut(raw: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(raw) + 1)
    return start, min(len(raw), start + random.randrange(1, 200))


def _without(raw: bytes, random: Random) -> bytes:
    start, end = _cut(raw, random)
    return raw[:start] + raw[end:]


def _repeated(raw: bytes, random: Random) -> bytes:
    start, end = _cut(raw, random)
    return raw[:start] + raw[start:end] * random.choice((2, 3, 50)) + raw[end:]


def _moved(raw: bytes, random: Random) -> bytes:
    start, end = _cut(raw, random)
    rest = raw[:start] + raw[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + raw[start:end] + rest[place:]


def _flipped(raw: bytes, random: Random) -> bytes:
    octets = bytearray(raw or b"\0")
    for _ in range(random.randint(1, 20)):
        octets[random.randrange(len(octets))] = random.randrange(256)
    return bytes(octets)


def _with_token(raw: bytes, random: Random) -> bytes:
    place = random.randrange(len(raw) + 1)
    return raw[:place] + random.choice(_TOKENS) * random.choice((1, 1, 1, 30)) + raw[place:]


def _crossed(raw: bytes, random: Random) -> bytes:
    other = random.choice(_samples())
    return raw[: random.randrange(len(raw) + 1)] + other[random.randrange(len(other)) :]


def _shuffled(raw: bytes, random: Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _without, _repeated, _moved, _flipped, _with_token, _with_token, _with_token, _crossed, _shuffled,
)  # fmt: skip
