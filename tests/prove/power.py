"""Power cuts at random moments under load: nothing that was answered is lost, nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from tests.prove.audit import audit
from tests.prove.disk import Disk
from tests.prove.kills import PAUSE, SESSIONS, Lost, Outcome, finished
from tests.prove.program import REAL, Program, prepared_store
from tests.prove.senders import Senders

HASTY = ("-m", "tests.prove.controls", "hasty")
_LONGEST_LIFE = 1.5


async def prove_power_cuts(place: Path, times: int, random: Random) -> Outcome:
    """Cut the power so many times, then let the daemon finish its work and audit the store."""
    async with _cut_off(place, times, random, REAL) as (program, senders):
        await program.started()
        await senders.finish()
        await finished(program)
        found = audit(senders.ledger, program.store)
    return Outcome("power cut under load", times, senders.ledger, found)


async def lost_by_not_waiting(place: Path, times: int, random: Random) -> Lost:
    """Do the same to a daemon whose commits do not wait for the disk, and say what that loses."""
    async with _cut_off(place, times, random, HASTY) as (program, senders):
        found = audit(senders.ledger, program.store)
    return Lost(found.lost, len(senders.ledger.answered))


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
