"""Syncs that fail at random moments under load, then a cut of the power: nothing that was answered is lost.

The disk is a model (`failing_disk.c`): what it says of a failed sync is what ext4 does, but no real device is asked.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.prove.audit import audit
from tests.prove.database import Sqlite, prepared_store
from tests.prove.kills import PAUSE, SESSIONS
from tests.prove.program import REAL, Program
from tests.prove.senders import Ledger, Senders

TRUSTING = ("-m", "tests.prove.controls", "trusting")
_LIBRARY = Path(__file__).with_name("failing_disk.c")
_FAILURES = 3
_MOST_SYNCS = 3
_LONGEST_PEACE = 0.8
_BEGUN_SINCE = 2 * SESSIONS
"""Answers after which some are to messages that were begun after the first of them: each session has one under way."""
_SECONDS_TO_RECOVER = 600.0
_COMPILER = "gcc"
_JUDGED = "SELECT count(*) FROM arrivals WHERE state = 'judged'"


@dataclass(slots=True)
class Failures:
    """What the runs showed.

    Attributes:
        runs: how often the power was cut after syncs had failed.
        failed: syncs that failed.
        answered: messages answered by 250.
        refused: other replies: while a sync fails, senders hear 451.
        lost: of the answered ones those that the disk does not hold, by run.
        broken: runs after which SQLite's check found faults in the file.
    """

    runs: int = 0
    failed: int = 0
    answered: int = 0
    refused: int = 0
    lost: list[int] = field(default_factory=list)
    broken: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, and something was tried."""
        return not any(self.lost) and not self.broken and self.failed >= self.runs and self.answered > 0

    def lines(self) -> Iterator[str]:
        """Yield the figures, a line each."""
        yield f"syncs that fail, {self.runs} runs, {SESSIONS} senders"
        for name in ("failed", "answered", "refused"):
            yield f"  {name:28}{getattr(self, name):8,}"
        yield f"  {'lost':28}{sum(self.lost):8,}   in {sum(map(bool, self.lost))} of {len(self.lost)} runs"
        yield f"  {'broken files':28}{self.broken:8,}"


def why_not() -> str:
    """Return why this machine cannot do it, or nothing if it can."""
    return "" if shutil.which(_COMPILER) else f"{_COMPILER} is not installed"


async def prove_failing_syncs(place: Path, times: int, random: Random, command: Sequence[str] = REAL) -> Failures:
    """Make syncs fail and cut the power so many times, each time with a new store; say what that lost.

    The moments are left to chance, but for the control: there the sync fails that comes behind what waited for no disk,
    and the power is cut once the daemon has thanked for more.

    Args:
        place: a folder for the stores.
        times: how many runs.
        random: decides what is left to chance.
        command: the daemon, as arguments of the interpreter.
    """
    library = place / "failing_disk.so"
    await asyncio.to_thread(_compile, library)
    found = Failures()
    for run in range(times):
        folder = place / str(run)
        folder.mkdir()
        await _fail_and_cut(folder, library, random, command, found)
        await asyncio.to_thread(shutil.rmtree, folder)
    return found


def _compile(library: Path) -> None:
    arguments = ("-shared", "-fPIC", "-O2", "-o", str(library), str(_LIBRARY), "-ldl", "-lpthread")
    subprocess.run([_COMPILER, *arguments], check=True, capture_output=True)


async def _fail_and_cut(folder: Path, library: Path, random: Random, command: Sequence[str], found: Failures) -> None:
    store, count = await asyncio.to_thread(prepared_store, folder), folder / "count"
    count.write_text("0")
    watched = {"LD_PRELOAD": str(library), "FAILING_DISK_FILE": str(store.path), "FAILING_DISK_COUNT": str(count)}
    program = Program(store, command, watched)
    try:
        await program.started()
        async with Senders(program, random, SESSIONS, PAUSE) as senders:
            await _judging(store)
            if command == TRUSTING:
                count.write_text("-1")
                await _used_up(count)
                found.failed += 1
                await _answered(senders.ledger, _BEGUN_SINCE)
            else:
                found.failed += await _fail_by_chance(senders.ledger, count, random)
            program.dark = True
            await program.kill()
    finally:
        await program.kill()
    held = Sqlite(await asyncio.to_thread(_recovered, store.path))
    audited = audit(senders.ledger, held)
    found.runs += 1
    found.answered += len(senders.ledger.answered)
    found.refused += senders.ledger.refused
    found.lost.append(audited.lost)
    found.broken += bool(audited.broken_file)


async def _fail_by_chance(ledger: Ledger, count: Path, random: Random) -> int:
    """Make syncs fail now and then; return how many, once the daemon has answered again."""
    failed = 0
    for _ in range(_FAILURES):
        await _answered(ledger)
        await asyncio.sleep(random.uniform(0, _LONGEST_PEACE))
        syncs = random.randint(1, _MOST_SYNCS)
        await asyncio.to_thread(count.write_text, str(syncs))
        await _used_up(count)
        failed += syncs
    await _answered(ledger)
    await asyncio.sleep(random.uniform(0, _LONGEST_PEACE))
    return failed


async def _judging(store: Sqlite) -> None:
    """Return once judges are at work: what they claim is what lies in the log when a sync fails."""
    async with asyncio.timeout(_SECONDS_TO_RECOVER):
        while store.rows(_JUDGED) == [(0,)]:
            await asyncio.sleep(0.05)


async def _answered(ledger: Ledger, more: int = 1) -> None:
    """Return once so many more messages are answered."""
    wanted = len(ledger.answered) + more
    async with asyncio.timeout(_SECONDS_TO_RECOVER):
        while len(ledger.answered) < wanted:
            await asyncio.sleep(0.005)


async def _used_up(count: Path) -> None:
    async with asyncio.timeout(_SECONDS_TO_RECOVER):
        while (await asyncio.to_thread(count.read_text)).strip() != "0":
            await asyncio.sleep(0.005)


def _recovered(store: Path) -> Path:
    """Return a store as the next daemon would find it after the power came back."""
    held = store.with_name("held.db")
    for ending in ("", "-wal"):
        disk = Path(f"{store}{ending}.disk")
        if disk.exists():
            shutil.copyfile(disk, f"{held}{ending}")
    return held
