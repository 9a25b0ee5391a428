"""kill -9 of the daemon at random moments under load: nothing that was answered is lost, nothing is done twice."""

import asyncio
import fcntl
import os
import signal
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.prove.audit import Audit, audit, claims, waiting
from tests.prove.database import Database, Place, on_sqlite
from tests.prove.program import Program
from tests.prove.senders import Ledger, Senders

SESSIONS = 8
_LONGEST_LIFE = 1.0
_LONGEST_START = 1.5
# Between a session's messages: what is taken in is also to be judged, at a tenth of that rate.
PAUSE = 0.03
_DIES_STARTING = 1 / 5
_JUDGE_DIES_FIRST = 1 / 2
_TRIES = 20
_TO_RECORD = 0.2
_LONGEST_LOOK = 2.0
_LONGEST_TRIAL = 60.0
_ENOUGH_WAITING = 50
_FIRST_TRIES = 8
"""So often one is looked for until a first one was met at work."""
_SECONDS_TO_SETTLE = 600.0
_ANSWERS_BEFORE = 100
EARLY = ("-m", "tests.prove.controls", "early")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed."""

    title: str
    times: int
    ledger: Ledger
    audit: Audit
    judges: "Judges | None" = None

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"{self.title}, {self.times} times, {SESSIONS} senders"
        yield f"  {'messages sent':28}{len(self.ledger.sent):8,}"
        yield f"  {'250 seen':28}{len(self.ledger.answered):8,}"
        yield f"  {'other replies':28}{self.ledger.refused:8,}"
        yield f"  {'no reply, or no connection':28}{self.ledger.broken:8,}"
        if self.judges is not None:
            yield f"  {'judges to be killed':28}{self.judges.tried:8,}"
            yield f"  {'killed while they judged':28}{self.judges.at_work:8,}"
        yield from self.audit.lines()


@dataclass(slots=True)
class Judges:
    """How many judges were killed by themselves while they judged something, and how often that was tried."""

    tried: int = 0
    at_work: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """What a daemon lost that breaks its word."""

    messages: int
    of: int

    def __str__(self) -> str:
        return f"{self.messages:,} of {self.of:,} lost"


async def prove_kills(folder: Path, times: int, random: Random, place: Place = on_sqlite) -> Outcome:
    """Kill the daemon so many times, then let it finish its work and audit the store.

    The first ones lose a judge at work before. Once that was so, one in five dies while it starts; of the others each
    second one loses a judge first, at work.
    """
    with place(folder) as database:
        program, judges = Program(database), Judges()
        try:
            await program.started()
            async with Senders(program, random, SESSIONS, PAUSE) as senders:
                for _ in range(times):
                    await _live_and_die(program, random, judges, senders)
                await program.started()
                await senders.finish()
            await finished(program)
        finally:
            await program.kill()
        found = audit(senders.ledger, database)
    return Outcome("kill -9 of the daemon under load", times, senders.ledger, found, judges)


async def lost_by_early_answers(folder: Path, times: int, random: Random, place: Place = on_sqlite) -> Lost:
    """Do the same to a daemon that answers 250 before the commit, and say what that loses."""
    with place(folder) as database:
        program = Program(database, EARLY)
        try:
            await program.started()
            async with Senders(program, random, SESSIONS) as senders:
                for _ in range(times):
                    await program.started()
                    await _answered(senders.ledger, len(senders.ledger.answered) + _ANSWERS_BEFORE)
                    await program.kill()
        finally:
            await program.kill()
        return Lost(audit(senders.ledger, database).lost, len(senders.ledger.answered))


async def _answered(ledger: Ledger, count: int) -> None:
    """Return once so many messages have been answered, however slow a busy machine is.

    Raises:
        TimeoutError: they never are.
    """
    async with asyncio.timeout(_SECONDS_TO_SETTLE):
        while len(ledger.answered) < count:
            await asyncio.sleep(0.005)


async def _live_and_die(program: Program, random: Random, judges: Judges, senders: Senders) -> None:
    # A judge is met at work before any start is cut short: at least one, however short the trial.
    if judges.at_work and random.random() < _DIES_STARTING:
        await program.kill()
        await program.launch()
        await asyncio.sleep(random.uniform(0, _LONGEST_START))
    else:
        await program.started()
        await asyncio.sleep(random.uniform(0, _LONGEST_LIFE))
        if not judges.at_work or random.random() < _JUDGE_DIES_FIRST:
            for _ in range(1 if judges.at_work else _FIRST_TRIES):
                judges.tried += 1
                if await _kill_a_judge(program, random, senders):
                    judges.at_work += 1
                    break
            await asyncio.sleep(random.uniform(0, _LONGEST_LIFE / 4))
    await program.kill()
    await program.launch()


async def _kill_a_judge(program: Program, random: Random, senders: Senders) -> bool:
    """Kill a judge while it judges; return whether that was so, false where none could be met at work.

    As soon as one is seen at work, all of them are made to stand still. Once every consumer has a claim, and none of
    these changes any more, nothing is on its way: a judge that had answered has been sent the next request, and has not
    read it; one that has read what it was sent has not answered.
    """
    await _judging(program)
    try:
        for _ in range(_TRIES):
            # Judges need work and no more of it: too little, and one of them has none; too much, and none is finished.
            senders.held_back = await asyncio.to_thread(waiting, program.database) > _ENOUGH_WAITING
            judges = await _alone(program)
            await _one_works(program, judges)
            for judge in judges:
                _signal(judge, signal.SIGSTOP)
            await asyncio.sleep(_TO_RECORD)
            before = await asyncio.to_thread(claims, program.database)
            await asyncio.sleep(_TO_RECORD)
            quiet = before == await asyncio.to_thread(claims, program.database) and len(before) == len(judges)
            at_work = [judge for judge in judges if quiet and not unread(judge)]
            if at_work:
                _signal(random.choice(at_work), signal.SIGKILL)
            for judge in judges:
                _signal(judge, signal.SIGCONT)
            if at_work:
                return True
        return False
    finally:
        senders.held_back = False


async def _alone(program: Program) -> list[int]:
    """Return the judges once they are the daemon's only children: after a start its rules are tried by one more.

    After a while return all children: something may have begun another trial.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_TRIAL):
            while len(program.judges()) > int(program.environment["DTM_JUDGE_PROCESSES"]):
                await asyncio.sleep(0.02)
    return program.judges()


async def _one_works(program: Program, judges: Sequence[int]) -> None:
    """Return once every judge has a claim and one of them has read its own and has, or wants, the processor.

    One that has nothing to do sleeps, one that glances at what waits has no claim, and one that is still loading what
    it reads with has not read its first request: made to stand still again and again, it would never come to it. After
    a while return all the same: nothing may be waiting for them any more.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_LOOK):
            while True:
                at_work = any(_state(judge) == "R" and not unread(judge) for judge in judges)
                if at_work and len(await asyncio.to_thread(claims, program.database)) == len(judges):
                    return
                await asyncio.sleep(0.001)


def _state(process: int) -> str:
    """Return what a process does, as proc_pid_stat(5) has it; "" where it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def _judging(program: Program) -> None:
    """Return once something is being judged: judges come up some time after the daemon.

    Raises:
        TimeoutError: nothing ever is.
    """
    async with asyncio.timeout(_SECONDS_TO_SETTLE):
        while not await asyncio.to_thread(claims, program.database):
            await asyncio.sleep(0.02)


def _signal(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def unread(process: int) -> int:
    """Return how many octets wait in the pipe that a process reads its tasks from; 1 where it has ended."""
    try:
        pipe = os.open(f"/proc/{process}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return 1
    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    finally:
        os.close(pipe)


async def settled(database: Database) -> None:
    """Return once nothing waits to be judged, however long a busy machine takes.

    Raises:
        TimeoutError: what waits has grown no less for a long while.
    """
    left = await asyncio.to_thread(waiting, database)
    while left:
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            least = left
            while left >= least:
                await asyncio.sleep(0.1)
                left = await asyncio.to_thread(waiting, database)


async def finished(program: Program) -> None:
    """Return once nothing waits to be judged and the daemon has stopped as it should.

    Raises:
        TimeoutError: something waits for ever.
        RuntimeError: it did not end well.
    """
    await settled(program.database)
    if status := await program.stop():
        raise RuntimeError(f"the daemon ended with status {status}:\n" + "\n".join(program.log))
