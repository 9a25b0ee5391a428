"""A crowd of idle connections, and one that hands over 30 MB, keep nobody from handing over mail."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from aiosmtplib import SMTP

from tests.prove.audit import Audit, audit
from tests.prove.database import Place, on_sqlite
from tests.prove.kills import SESSIONS, finished
from tests.prove.program import Program
from tests.prove.senders import Senders

_FILES_BESIDE = 200
_FEW_FILES = 150
# A session that only says NOOP is ended after a hundred of them.
_BETWEEN_NOOPS = 0.02
_FLOWS_SECONDS = 1.0
_PAUSE = 0.1
"""Seconds that a sender waits after a message: what is asked is whether mail flows, not how much."""
_REPLY_SECONDS = 60.0
LARGE = b"From: a@tenant.example\r\nSubject: Photos\r\n\r\n" + (b"x" * 76 + b"\r\n") * 385_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the trial showed."""

    idle: int
    still_answered: int
    noops: int
    mails: int
    audit: Audit

    @property
    def sound(self) -> bool:
        """Whether everybody was answered and nothing was lost."""
        return self.still_answered == self.idle and self.noops > 0 and self.mails > 0 and self.audit.sound

    def lines(self) -> Iterator[str]:
        """Yield what is to be told."""
        yield f"{self.idle:,} idle connections while mail flows"
        yield f"  of them answered afterwards {self.still_answered:8,}"
        yield f"  {'messages taken in':28}{self.mails:8,}"
        yield f"  {'NOOPs beside 30 MB':28}{self.noops:8,}"
        yield from self.audit.lines()


async def prove_idle(folder: Path, connections: int, random: Random, place: Place = on_sqlite) -> Outcome:
    """Open so many connections that say nothing, hand over mail and a large message beside them, then ask each."""
    most = str(connections + _FILES_BESIDE)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with place(folder) as database:
        program = Program(database, environment={"DTM_SMTP_CONNECTIONS": most, "DTM_SMTP_CONNECTIONS_PER_CLIENT": most})
        try:
            # The daemon has to ask for more files by itself, as it must where it is started with the usual limit.
            limit_files(_FEW_FILES)
            await program.started()
            limit_files(connections + _FILES_BESIDE)
            async with AsyncExitStack() as leaving:
                crowd = [await connected(program, leaving) for _ in range(connections)]
                async with Senders(program, random, SESSIONS, _PAUSE) as senders:
                    await asyncio.sleep(_FLOWS_SECONDS)
                    noops = await _noops_beside(await connected(program, leaving), senders)
                    await senders.finish()
                answered = sum([(await each.noop()).code == 250 for each in crowd])
            await finished(program)
        finally:
            await program.kill()
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        mails = len(senders.ledger.answered)
        return Outcome(connections, answered, noops, mails, audit(senders.ledger, database))


async def _noops_beside(session: SMTP, senders: Senders) -> int:
    """Hand over a large message while `session` says NOOP; return how often that was answered meanwhile."""
    large = asyncio.create_task(senders.hand_over(LARGE))
    noops = 0
    while not large.done():
        noops += (await session.noop()).code == 250
        await asyncio.sleep(_BETWEEN_NOOPS)
    (await large).close()
    return noops


def limit_files(count: int) -> None:
    """Let this process, and those that it starts from now on, open so many files, as far as the machine allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count if most == resource.RLIM_INFINITY else min(count, most), most))


async def connected(program: Program, leaving: AsyncExitStack) -> SMTP:
    """Return a session that has been greeted and has said nothing; it is closed with `leaving`."""
    host, port = program.address
    session = SMTP(hostname=host, port=port, timeout=_REPLY_SECONDS, start_tls=False, use_tls=False)
    await session.connect()
    leaving.callback(session.close)
    return session
