"""Rules of any bytes: good files with pieces changed, doubled, taken away; loading ends with rules or problems."""

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from dtm_contact.errors import InvalidFilesError
from dtm_contact.rules import load_rules
from tests.prove.database import ROOT

_GOOD = ROOT / "tests" / "rules" / "good"
_SHIPPED = ROOT / "rules"
_SECONDS_FOR_ONE = 20
_PIECES = (
    b"- ", b": ", b"\n", b"\n  ", b"{", b"}", b"[", b"]", b"'", b'"', b"&a ", b"*a", b"!", b"|", b"<<: *a", b"#", b"\t",
    b"when:", b"then:", b"decides: false", b"mode: observe", b"priority: {raise: 2}", b"any:", b"not: {",
    b"null", b"1e9",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\x00", b"\xe9", b"99999999999999999999", b"{{", b"}}", b"? ", b"---\n",
    b"%YAML",
    b"matches: '(a+)+$'", b"tests: [{holds: true}]", b"escalation: {P1: [{}]}", b"on_call: [{call: x}]",
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What became of the folders.

    Attributes:
        folders: how many were loaded.
        ends: how loading ended, with how often.
        slowest: seconds of the slowest.
        faults: what must not happen: an exception of another kind, a hang, a problem without words or a place.
    """

    folders: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"{self.folders:,} folders of rules with changed bytes loaded; the slowest took {self.slowest:.2f} s"
        yield from (f"  {end:28}{count:8,}" for end, count in self.ends.most_common())
        yield from (f"  FAULT {fault}" for fault in self.faults)


class _HangError(BaseException):
    """Loading did not end; no `Exception`, so that nothing takes it for a fault of the files."""


def prove_loader(folder: Path, seconds: float, random: Random) -> Outcome:
    """Load folders with changed bytes for so many seconds."""
    outcome, until = Outcome(), time.monotonic() + seconds
    while time.monotonic() < until or outcome.folders == 0:
        rules = folder / "rules"
        shutil.rmtree(rules, ignore_errors=True)
        shutil.copytree(_GOOD, rules)
        if random.random() < 0.2:
            for name in ("routing.yaml", "queues.yaml"):
                shutil.copyfile(_SHIPPED / name, rules / name)
        seed = random.getrandbits(64)
        changed = _change(rules, Random(seed))  # noqa: S311 - no secret
        _load(rules, f"seed {seed}, {changed}", outcome)
    return outcome


def _change(rules: Path, random: Random) -> str:
    names = sorted(path.relative_to(rules).as_posix() for path in rules.rglob("*") if path.is_file())
    path = rules / random.choice(names)
    content = bytearray(path.read_bytes())
    for _ in range(random.choice((1, 1, 2, 5, 40))):
        start = random.randrange(len(content) + 1)
        end = min(len(content), start + random.choice((0, 0, 1, 3, 30)))
        piece = random.choice((*_PIECES, random.randbytes(3), bytes(content[end : end + 20])))
        content[start:end] = piece
    path.write_bytes(content)
    return path.name


def _load(rules: Path, which: str, outcome: Outcome) -> None:
    outcome.folders += 1
    start = time.perf_counter()
    try:
        with _bounded():
            problems = load_rules(rules).problems
        outcome.ends["rules"] += 1
    except InvalidFilesError as error:
        problems = error.problems
        outcome.ends["problems"] += 1
    except (Exception, _HangError) as error:  # noqa: BLE001 - whatever it is, it must not happen
        problems = ()
        outcome.faults.append(f"{type(error).__name__}: {which}")
    outcome.slowest = max(outcome.slowest, time.perf_counter() - start)
    outcome.faults += [f"no words or place: {which}" for each in problems if not each.message or each.line < 0]


@contextmanager
def _bounded() -> Iterator[None]:
    """Break off what takes too long."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(_SECONDS_FOR_ONE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
