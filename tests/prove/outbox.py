"""Answers through a relay that refuses, delays, drops and takes twice, by a daemon that is killed around the send."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.outbound.relays import DROP, TAKE, RelayServer, relay_server
from tests.prove.database import Database, Place, on_sqlite
from tests.prove.kills import settled
from tests.prove.program import Program
from tests.prove.senders import RECIPIENT, Senders

_DONE = ("sent", "refused", "no_such_address", "given_up", "bounced")
_SECONDS_TO_EMPTY = 900.0
_REFUSED = "554 5.7.1 refused"
_NOBODY = "550 5.1.1 no such user"
_LATER = "451 4.3.0 try again later"
_WHIMS = (TAKE, TAKE, TAKE, _LATER, DROP, "lost")
"""What the relay does to an attempt; DROP: it takes the message and ends the connection, lost: it does not take it."""
_MOODS = ("plain", "plain", "plain", "whims", "whims", "refused", "nobody")
_OUTBOX = "SELECT message_id, state, told, case_id, kind, reason FROM outbox"
_LEFT = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed')"
_TOLD = "SELECT count(*) FROM events WHERE who = 'outbound' AND case_id = %(case)s AND what = %(what)s"


@dataclass
class Moody(RelayServer):
    """A relay whose mood is in the address; it can be made to hold a message until it is told to go on.

    Attributes:
        random: its whims.
        trap: hold the next message.
        trapped: it holds one.
        go_on: it may answer.
        took: message ids that it took, each time; `cut`: those of them whose 250 it never said.
        attempts: whole messages that it saw; `answered`: those that it had an answer to.
    """

    random: Random = field(default_factory=Random)
    trap: bool = False
    trapped: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    took: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    answered: int = 0

    def set_trap(self) -> None:
        """Hold the next whole message that is neither refused nor a whim's until `go_on` is set."""
        self.trapped.clear()
        self.go_on.clear()
        self.trap = True

    async def handle_RCPT(  # noqa: N802 - the name and the arguments are aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return _NOBODY
        return await RelayServer.handle_RCPT(self, server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del session
        self.attempts += 1
        content: Any = envelope.content
        message_id = str(message_from_bytes(content)["Message-ID"]).strip("<>")
        if self.trap and not envelope.rcpt_tos[0].startswith(("whims", "refused")):
            self.trap = False
            self.trapped.set()
            # Where the client is gone meanwhile this is cancelled, and nothing was taken.
            await self.go_on.wait()
        said = self._whim(envelope.rcpt_tos[0])
        if said in (TAKE, DROP):
            self.took[message_id] += 1
        if said in (DROP, "lost"):
            self.cut[message_id] += said == DROP
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        self.answered += 1
        return said

    def _whim(self, address: str) -> str:
        if address.startswith("refused"):
            return _REFUSED
        return self.random.choice(_WHIMS) if address.startswith("whims") else TAKE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        kills: how many, by when: before the relay's reply, between it and the commit, right after it.
        mails: taken in.
        attempts: whole messages that the relay saw.
        states: how many of the outbox ended how.
        unended: neither sent nor given up.
        untold: ended without an event in their case that says so.
        not_sent: said to be sent, and never taken.
        doubled: taken more than once though the relay's 250 was committed.
        again: taken again because nobody could know: the reply was lost, or the kill fell between it and the commit.
        again_between: of these, after a kill between reply and commit.
        rewritten: cases with more than one answer.
    """

    kills: tuple[int, int, int]
    mails: int
    attempts: int
    states: dict[str, int]
    unended: int
    untold: int
    not_sent: int
    doubled: int
    again: int
    again_between: int
    rewritten: int

    @property
    def sound(self) -> bool:
        """Whether each answer went out once, or ended with its reason on its case."""
        faults = self.unended or self.untold or self.not_sent or self.doubled or self.rewritten
        return not faults and self.again_between >= self.kills[1]

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        before, between, after = self.kills
        yield "answers through a relay that refuses, delays, drops, takes twice"
        yield f"  kill -9 before its 250 {before}, between it and our commit {between}, right after it {after}"
        for name in ("mails", "attempts"):
            yield f"  {name:28}{getattr(self, name):8,}"
        for state, count in sorted(self.states.items()):
            yield f"  {'ended: ' + state:28}{count:8,}"
        for name in ("again", "again_between", "unended", "untold", "not_sent", "doubled", "rewritten"):
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"


def mail(number: int, mood: str) -> bytes:
    """Return a request whose acknowledgement meets the relay's mood."""
    date = format_datetime(datetime.now(UTC))
    return (
        f"From: {mood}{number}@tenant.example\r\nTo: {RECIPIENT}\r\nSubject: Quittance {number}\r\n"
        f"Message-ID: <{number}@tenant.example>\r\nDate: {date}\r\n\r\n"
        f"Bonjour, pouvez-vous m'envoyer une quittance de loyer pour octobre ? Merci. ({number})\r\n"
    ).encode()


async def prove_outbox(folder: Path, mails: int, kills: int, random: Random, place: Place = on_sqlite) -> Outcome:
    """Have so many mails answered while the daemon is killed so many times, then hold its outbox against the relay."""
    relay = Moody(random=random)
    counted = [0, 0, 0]
    excused: Counter[str] = Counter()
    with place(folder) as database:
        async with relay_server(relay):
            program = Program(database, environment=_environment(relay.port))
            try:
                await program.started()
                senders = MailedFrom(program, random)
                for round_ in range(kills):
                    share = range(mails * round_ // (kills + 1), mails * (round_ + 1) // (kills + 1))
                    # Before the mails: set after them, it would wait for ever where all their answers have gone out.
                    relay.set_trap()
                    await senders.send(share)
                    counted[round_ % 3] += 1
                    await _kill(program, relay, round_ % 3)
                    excused += _unknown(database, relay)
                    await program.started()
                await senders.send(range(mails * kills // (kills + 1), mails))
                await settled(database)
                await _emptied(database)
            finally:
                await program.kill()
        return _audit(database, relay, excused, (counted[0], counted[1], counted[2]), mails)


class MailedFrom(Senders):
    """Hands over mails from addresses that tell the relay's mood."""

    def __init__(self, program: Program, random: Random) -> None:
        """Prepare."""
        super().__init__(program, random, 1)
        self._random = random

    async def send(self, numbers: range) -> None:
        """Hand over one mail a number, each until its 250; the moods in turn, so that all are met."""
        session = None
        self.ledger.sent.clear()
        # The first of a round is one that the relay takes gladly: the trap waits for a whole message.
        for place, number in enumerate(numbers):
            mood = _MOODS[place % len(_MOODS)] if place else "plain"
            session = await self.hand_over(mail(number, mood), session)
        if session is not None:
            session.close()


async def _kill(program: Program, relay: Moody, when: int) -> None:
    """Kill the daemon while the relay has a whole message: before its reply, between it and the commit, or after."""
    async with asyncio.timeout(_SECONDS_TO_EMPTY):
        await relay.trapped.wait()
    if when == 0:
        await program.kill()
        relay.go_on.set()
        await program.launch()
        return
    if when == 1:
        # It cannot commit what it cannot read: the 250 lies in its socket when it dies.
        os.kill(program.pid, signal.SIGSTOP)
    before = relay.answered
    relay.go_on.set()
    async with asyncio.timeout(_SECONDS_TO_EMPTY):
        while relay.answered == before:
            await asyncio.sleep(0)
    await program.kill()
    await program.launch()


def _unknown(database: Database, relay: Moody) -> Counter[str]:
    """Return what the relay took and the store does not know to be sent, at the moment of a kill."""
    rows = database.rows(_OUTBOX)
    return Counter({row[0]: 1 for row in rows if row[1] not in _DONE and relay.took[row[0]] > relay.cut[row[0]]})


async def _emptied(database: Database) -> None:
    async with asyncio.timeout(_SECONDS_TO_EMPTY):
        while (await asyncio.to_thread(database.rows, _LEFT))[0][0]:
            await asyncio.sleep(0.1)


def _audit(database: Database, relay: Moody, excused: Counter[str], kills: tuple[int, int, int], mails: int) -> Outcome:
    rows = database.rows(_OUTBOX)
    untold = sum(not database.rows(_TOLD, case=row[3], what=row[1])[0][0] for row in rows)
    once = {row[0]: 1 + relay.cut[row[0]] + excused[row[0]] for row in rows}
    answers = Counter(row[3] for row in rows if row[4] == "answer")
    return Outcome(
        kills=kills,
        mails=mails,
        attempts=relay.attempts,
        states=dict(Counter(row[1] for row in rows)),
        unended=sum(row[1] not in _DONE for row in rows),
        untold=untold,
        not_sent=sum(row[1] == "sent" and not relay.took[row[0]] for row in rows),
        doubled=sum(max(0, relay.took[number] - most) for number, most in once.items()),
        again=sum(max(0, count - 1) for count in relay.took.values()),
        # One message may be the one at work at several kills: the oldest goes first again.
        again_between=sum(max(0, min(relay.took[key] - 1 - relay.cut[key], times)) for key, times in excused.items()),
        rewritten=sum(count > 1 for count in answers.values()) + len(relay.took.keys() - once.keys()),
    )


def _environment(port: int) -> dict[str, str]:
    return {
        "DTM_OUTBOUND_HOST": "127.0.0.1",
        "DTM_OUTBOUND_PORT": str(port),
        "DTM_OUTBOUND_SECURITY": "none",
        "DTM_OUTBOUND_PAUSE": "0.2",
        "DTM_OUTBOUND_LONGEST_PAUSE": "1",
        "DTM_OUTBOUND_ANSWERS_PER_HOUR": "100000",
    }
