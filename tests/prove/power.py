"""Power cuts at random moments under load: nothing that was answered is lost, nothing is done twice."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random

from tests.prove.audit import audit
from tests.prove.database import Sqlite, prepared_store
from tests.prove.disk import Disk
from tests.prove.kills import PAUSE, SESSIONS, Lost, Outcome, finished, settled
from tests.prove.program import REAL, Program, chance
from tests.prove.senders import Ledger, Senders, messages

HASTY = ("-m", "tests.prove.controls", "hasty")
_SECONDS_TO_ANSWER = 600.0
_LONGEST_LIFE = 1.5


async def prove_power_cuts(place: Path, times: int, random: Random) -> Outcome:
    """Cut the power so many times, then let the daemon finish its work and audit the store."""
    async with _cut_off(place, times, random, REAL) as (program, senders):
        await program.started()
        await senders.finish()
        await finished(program)
        found = audit(senders.ledger, program.database)
    return Outcome("power cut under load", times, senders.ledger, found)


async def lost_by_not_waiting(place: Path, times: int, random: Random) -> Lost:
    """Do the same to a daemon whose commits do not wait for the disk, and say what that loses."""
    async with _cut_off(place, times, random, HASTY) as (program, senders):
        found = audit(senders.ledger, program.database)
    return Lost(found.lost, len(senders.ledger.answered))


async def lost_after_a_kill_within_a_commit(place: Path, random: Random) -> Lost:
    """Kill a daemon whose last commits have not reached the disk, send the same message to the next, cut the power.

    The next one finds the message in the store already. It must not say so before that is on the disk.
    """
    disk = Disk(place)
    try:
        store = prepared_store(disk.folder)
        message = next(messages(random))
        await _handed_over(Program(store, HASTY), store, message)
        ledger = await _handed_over(Program(store), store, message, disk)
        return Lost(audit(ledger, store).lost, len(ledger.answered))
    finally:
        disk.unmount()


async def _handed_over(program: Program, store: Sqlite, message: bytes, disk: Disk | None = None) -> Ledger:
    """Start a daemon, hand over a message and have it judged; then the daemon is killed, or its power is cut."""
    try:
        # As a judge that outlives its daemon for a moment: the last to close the file would sync it by the way.
        with closing(sqlite3.connect(store.path)) as onlooker:
            onlooker.execute("SELECT count(*) FROM arrivals").fetchone()
            await program.started()
        senders = Senders(program, chance(0), sessions=0)
        (await senders.hand_over(message)).close()
        await settled(store)
        if disk is not None:
            await _cut(disk, program)
    finally:
        await program.kill()
    return senders.ledger


@asynccontextmanager
async def _cut_off(
    place: Path, times: int, random: Random, command: Sequence[str]
) -> AsyncIterator[tuple[Program, Senders]]:
    """Give a daemon under load once the power was cut so many times and is there again; the daemon is not started."""
    disk = Disk(place)
    try:
        program = Program(prepared_store(disk.folder), command)
        try:
            await program.started()
            async with Senders(program, random, SESSIONS, PAUSE) as senders:
                for _ in range(times):
                    await program.started()
                    # A trial in which nothing was answered shows nothing, however slow the machine is.
                    async with asyncio.timeout(_SECONDS_TO_ANSWER):
                        while not senders.ledger.answered:
                            await asyncio.sleep(0.005)
                    await asyncio.sleep(random.uniform(0, _LONGEST_LIFE))
                    await _cut(disk, program)
                yield program, senders
        finally:
            await program.kill()
    finally:
        disk.unmount()


async def _cut(disk: Disk, program: Program) -> None:
    program.dark = True
    disk.cut()
    await program.kill()
    disk.unmount()
    disk.mount()
    program.dark = False
