"""Daemons on PostgreSQL that are killed for ever, or stand still: others take over, nothing is lost or done twice."""

import asyncio
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ingest.mailbox.dovecot import Dovecot, running
from tests.outbound.relays import TAKE, RelayServer, relay_server
from tests.prove import calls
from tests.prove.audit import Audit, audit
from tests.prove.database import ROOT, SMALL_DIRECTORY, Database, on_postgresql
from tests.prove.mailbox import environment as mailbox_environment
from tests.prove.program import REAL, Program
from tests.prove.senders import RECIPIENT, Ledger, Senders, messages
from tests.prove.switchboard import Switchboard, Written, recording

DAEMONS = 3
SESSIONS = 6
UNLEASED = ("-m", "tests.prove.controls", "unleased")
_ONE_IN = 25
_SECONDS_TO_SETTLE = 900.0
_RELAY_SECONDS = 0.1
_SECONDS_AT_MOST = 60.0
_LONGEST_WAIT = 0.7
_LOST = "the lease was over and others have taken over"
_DANGER = (
    "Il y a une très forte odeur de gaz dans la cage d'escalier.",
    "Il y a le feu dans le local poubelles, de la fumée monte dans l'escalier.",
    "Ma voisine est bloquée dans l'ascenseur entre le 3e et le 4e étage.",
)
_HOLDS_ARRIVAL = "SELECT id FROM arrivals WHERE state = 'claimed' AND claimed_by LIKE %(name)s"
_HELD = """
    SELECT 'arrival', CAST(id AS text), claimed_by FROM arrivals
    WHERE state = 'claimed' AND claimed_by LIKE %(name)s
    UNION ALL SELECT 'outgoing', CAST(id AS text), claimed_by FROM outbox
    WHERE state = 'claimed' AND claimed_by LIKE %(name)s
    UNION ALL SELECT 'channel', channel, holder FROM followers WHERE holder LIKE %(name)s"""
_FOLLOWERS = "SELECT channel, holder FROM followers"
_ENDED = {
    "arrival": "SELECT settled_at FROM arrivals WHERE id = %(id)s",
    "outgoing": "SELECT settled_at FROM outbox WHERE id = %(id)s",
}
_UNFINISHED = """
    SELECT (SELECT count(*) FROM arrivals WHERE state IN ('waiting', 'claimed'))
         + (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed'))"""
_CLAIMED = """
    SELECT (SELECT count(*) FROM arrivals WHERE state = 'claimed')
         + (SELECT count(*) FROM outbox WHERE state = 'claimed')"""
_WAITING = "SELECT count(*) FROM arrivals WHERE state = 'waiting'"
_STEPS = "SELECT count(*) FROM events WHERE who = 'timers'"
_STEPS_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM events WHERE who = 'timers'
                          GROUP BY case_id, data->>'step' HAVING count(*) > 1) AS twice"""
_SENT_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM events WHERE who = 'outbound' AND what = 'sent'
                          GROUP BY data->>'message_id' HAVING count(*) > 1) AS twice"""
_TOLD = """
    SELECT cases.number, outbox.message_id FROM cases
    LEFT JOIN outbox ON outbox.case_id = cases.id AND outbox.kind = 'notice' AND outbox.reason LIKE 'on_call%'
    WHERE cases.priority = 'P1'"""
_MESSAGE_IDS = "SELECT message_id FROM outbox"
_FROM_MAILBOX = "SELECT external_id FROM arrivals WHERE channel = 'imap'"


@dataclass
class Sink(RelayServer):
    """A relay that takes everything, a little slowly, and counts each message by its Message-ID."""

    took: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del server, session
        await asyncio.sleep(_RELAY_SECONDS)
        content: Any = envelope.content
        self.took[str(message_from_bytes(content)["Message-ID"]).strip("<>")] += 1
        return TAKE


@dataclass(frozen=True, slots=True)
class Length:
    """How long a trial is.

    Attributes:
        messages: handed over by SMTP in all; one in 25 tells of danger.
        kills: of daemons that never come back.
        pauses: of daemons that stand still beyond their lease, and go on.
        lease, heartbeat: seconds of a lease and between two heartbeats.
        pause_seconds: how long a pause lasts.
        mailbox: messages that come by a mailbox besides; 0: none is followed.
        calls_seconds: during which a switchboard's logs grow, as over the recorded days.
        calls_until: the last of those days, in seconds since 1970.
    """

    messages: int = 3_000
    kills: int = 50
    pauses: int = 10
    lease: float = 30.0
    heartbeat: float = 5.0
    pause_seconds: float = 120.0
    mailbox: int = 300
    calls_seconds: float = 3_000.0
    calls_until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a daemon held when it died or stood still, and when that was.

    Attributes:
        at: when it was.
        things: kind, number or name, and the incarnation that held it.
    """

    at: datetime
    things: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        length: of the trial.
        ledger, audit: of the messages by SMTP.
        held: how much was held at the deaths and pauses, by kind.
        slowest: seconds from then until the last of it was done (a channel: followed by another), by kind.
        fenced: how often a daemon that had stood still found that others had taken over.
        dangers: cases of P1.
        untold: of these, those without a notice that the relay has.
        told_twice: of these, those with two notices.
        again: messages that the relay took more than once, each time under one Message-ID.
        strange: messages that the relay took and the outbox does not have.
        steps, steps_twice: of timers.
        sent_twice: messages of which two events say that they were sent.
        appended, missed, twice: messages of the mailbox.
        calls: of the switchboard's logs; None where none was followed.
    """

    length: Length
    ledger: Ledger
    audit: Audit
    held: Counter[str]
    slowest: dict[str, float]
    fenced: int
    dangers: int
    untold: int
    told_twice: int
    again: int
    strange: int
    steps: int
    steps_twice: int
    sent_twice: int
    appended: int
    missed: int
    twice: int
    calls: calls.Outcome | None

    @property
    def sound(self) -> bool:
        """Whether nothing was lost or doubled, and all that was held was done in time."""
        faults = (
            self.untold, self.told_twice, self.strange, self.steps_twice, self.sent_twice, self.missed, self.twice,
        )  # fmt: skip
        in_time = all(seconds <= _SECONDS_AT_MOST for seconds in self.slowest.values())
        hit = self.held["arrival"] > 0 and self.fenced >= self.length.pauses
        called = self.calls is None or (self.calls.sound and self.calls.calls > 0)
        return self.audit.sound and called and not any(faults) and in_time and hit

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        length = self.length
        yield (
            f"{DAEMONS} daemons on PostgreSQL, lease {length.lease:g} s, {length.kills} killed for ever,"
            f" {length.pauses} stopped for {length.pause_seconds:g} s"
        )
        yield f"  {'messages sent':28}{len(self.ledger.sent):8,}"
        yield f"  {'250 seen':28}{len(self.ledger.answered):8,}"
        for kind, count in sorted(self.held.items()):
            yield f"  {'held then: ' + kind:28}{count:8,}   done {self.slowest[kind]:.1f} s after at the latest"
        names = ("fenced", "dangers", "untold", "told_twice", "again", "strange", "steps", "steps_twice", "sent_twice")
        for name in (*names, "appended", "missed", "twice"):
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"
        yield from self.audit.lines()
        if self.calls is not None:
            yield from self.calls.lines()


class Cluster:
    """Daemons on one database, each under a name that no other ever has.

    Attributes:
        living: those that run, by name.
        dark: as of `Program`; never.
        fenced: how often a daemon that had stood still found that others had taken over.
    """

    def __init__(
        self, database: Database, random: Random, environment: Mapping[str, str], command: Sequence[str]
    ) -> None:
        """Prepare; all daemons have this environment besides their names."""
        self.living: dict[str, Program] = {}
        self.dark = False
        self.fenced = 0
        self._database = database
        self._random = random
        self._environment = environment
        self._command = command
        self._number = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where one of the daemons that live takes mail: another one each time."""
        return self._random.choice(list(self.living.values())).address

    async def add(self) -> None:
        """Start a daemon of a new name."""
        self._number += 1
        name = f"d{self._number}"
        environment = {**self._environment, "DTM_NAME": name}
        program = Program(self._database, self._command, environment=environment)
        await program.started()
        self.living[name] = program

    def take(self) -> tuple[str, Program]:
        """Take one of those that live out of their number; messages go to the others."""
        name = self._random.choice(list(self.living))
        return name, self.living.pop(name)

    async def stand_still(self, name: str, program: Program, seconds: float) -> None:
        """Let a daemon stand still for so long, with its judges, and return once it has found that it was missed."""
        lost = program.said[_LOST]
        stopped = [program.pid, *program.judges()]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_AT_MOST):
                while program.said[_LOST] == lost:
                    await asyncio.sleep(0.05)
        self.fenced += program.said[_LOST] > lost
        self.living[name] = program

    async def end(self) -> None:
        """End all."""
        for program in self.living.values():
            await program.kill()


class Trial:
    """A database, a relay and daemons; what was stopped, and what lies in the mailbox."""

    def __init__(self, length: Length, random: Random, database: Database, sink: Sink, cluster: Cluster) -> None:
        """Begin with nothing stopped."""
        self.length = length
        self.cluster = cluster
        self.stopped: list[Stopped] = []
        self.appended: list[bytes] = []
        self.slowest_channel = 0.0
        self._random = random
        self._sink = sink
        self.database = database
        self.rows = database.rows

    def number(self, query: str) -> int:
        """Return the one number that a query answers."""
        return int(self.rows(query)[0][0])

    async def kill(self) -> None:
        """Kill a daemon for ever while it is at work, and start one of another name."""
        name, program = self.cluster.take()
        held = await self._stopping(name, program)
        await program.kill()
        await self._taken_over(held)
        await self.cluster.add()

    async def pause(self) -> None:
        """Let a daemon stand still beyond its lease, and go on."""
        name, program = self.cluster.take()
        held = await self._stopping(name, program)
        paused = asyncio.create_task(self.cluster.stand_still(name, program, self.length.pause_seconds))
        await self._taken_over(held)
        await paused

    async def _stopping(self, name: str, program: Program) -> Stopped:
        """Stop a daemon and its judges at a random moment, mostly while they judge, and return what it holds then."""
        await asyncio.sleep(self._random.uniform(0, _LONGEST_WAIT))
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT):
                while not self.rows(_HOLDS_ARRIVAL, name=f"{name}@%"):
                    await asyncio.sleep(0)
        for pid in (program.pid, *program.judges()):
            os.kill(pid, signal.SIGSTOP)
        at = datetime.now(UTC)
        found = self.rows(_HELD, name=f"{name}@%")
        held = Stopped(at, tuple((str(kind), str(which), str(holder)) for kind, which, holder in found))
        self.stopped.append(held)
        return held

    async def _taken_over(self, held: Stopped) -> None:
        """Return once the channels that it followed are taken over."""
        gone = {which: holder for kind, which, holder in held.things if kind == "channel"}
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * _SECONDS_AT_MOST):
                while not taken_over(gone, dict(self.rows(_FOLLOWERS))):
                    await asyncio.sleep(0.1)
        if gone:
            self.slowest_channel = max(self.slowest_channel, (datetime.now(UTC) - held.at).total_seconds())

    async def settled(self) -> None:
        """Return once nothing waits to be judged or sent, nor lies unread in the mailbox.

        Raises:
            TimeoutError: something waits for ever.
        """
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            while self.number(_UNFINISHED) or len(self.rows(_FROM_MAILBOX)) < len(self.appended):
                await asyncio.sleep(0.2)

    def outcome(self, ledger: Ledger, called: calls.Outcome | None) -> Outcome:
        """Compare what was seen with what the database and the relay hold."""
        told: dict[str, list[str]] = {}
        for number, message_id in self.rows(_TOLD):
            told.setdefault(number, []).extend([message_id] if message_id else [])
        took, ours = self._sink.took, {row[0] for row in self.rows(_MESSAGE_IDS)}
        mailbox = Counter(row[0] for row in self.rows(_FROM_MAILBOX))
        ledger.sent.update(sha256(raw).digest() for raw in self.appended)
        return Outcome(
            length=self.length,
            ledger=ledger,
            audit=audit(ledger, self.database),
            held=Counter(kind for each in self.stopped for kind, *_ in each.things),
            slowest=self._slowest(),
            fenced=self.cluster.fenced,
            dangers=len(told),
            untold=sum(not any(took[each] for each in ids) for ids in told.values()),
            told_twice=sum(len(ids) > 1 for ids in told.values()),
            again=sum(count - 1 for count in took.values()),
            strange=len(took.keys() - ours),
            steps=self.number(_STEPS),
            steps_twice=self.number(_STEPS_TWICE),
            sent_twice=self.number(_SENT_TWICE),
            appended=len(self.appended),
            missed=len({sha256(raw).hexdigest() for raw in self.appended} - mailbox.keys()),
            twice=sum(count > 1 for count in mailbox.values()),
            calls=called,
        )

    def _slowest(self) -> dict[str, float]:
        slowest = {"channel": self.slowest_channel}
        for each in self.stopped:
            for kind, which, _ in each.things:
                if kind in _ENDED:
                    ended = self.rows(_ENDED[kind], id=int(which))[0][0]
                    seconds = (ended - each.at).total_seconds() if ended else float("inf")
                    slowest[kind] = max(slowest.get(kind, 0.0), seconds)
        return slowest


def taken_over(gone: Mapping[str, str], followers: Mapping[str, str]) -> bool:
    """Return whether each channel has a follower, and another incarnation than that which is gone.

    A daemon that has stood still goes on as another incarnation, and may be the first to ask for what it has lost.

    Args:
        gone: the incarnation that followed each channel.
        followers: the one that follows each now.
    """
    return all(followers.get(channel, holder) != holder for channel, holder in gone.items())


async def prove_failover(folder: Path, length: Length, random: Random) -> Outcome:
    """Kill and stop daemons at random moments while messages and calls come in; let the rest finish, and audit."""
    lines = recording(calls.CALLS, length.calls_until)
    async with _scene(folder, length, random, REAL, lines) as (trial, server, switchboard):
        steps = [*(["kill"] * length.kills), *(["pause"] * length.pauses)]
        random.shuffle(steps)
        supply, laid = _with_dangers(random), messages(random)
        playing = None
        if switchboard is not None:
            await calls.followed(trial.database)
            playing = asyncio.create_task(switchboard.play())
        async with Senders(trial.cluster, random, SESSIONS, idle=True) as senders:
            for place, step in enumerate(steps):
                batch = list(islice(supply, _share(length.messages, len(steps), place)))
                sending = asyncio.create_task(senders.hand_over_all(batch))
                if server is not None:
                    await _append(trial, server, list(islice(laid, _share(length.mailbox, len(steps), place))))
                await (trial.kill() if step == "kill" else trial.pause())
                await sending
        called = None
        if playing is not None and switchboard is not None:
            await playing
            await calls.read(trial.database, switchboard)
            told = calls.at_rest(folder, lines, SMALL_DIRECTORY)
            called = calls.compared(told, trial.database, switchboard, length.kills)
        await trial.settled()
        return trial.outcome(senders.ledger, called)


async def left_without_leases(folder: Path, kills: int, random: Random) -> int:
    """Kill daemons that never take over what others held, and return how much stands claimed for ever."""
    length = Length(messages=0, kills=kills, pauses=0, lease=3.0, heartbeat=1.0, mailbox=0, calls_seconds=0.0)
    async with _scene(folder, length, random, UNLEASED, ()) as (trial, *_):
        async with Senders(trial.cluster, random, SESSIONS, idle=True) as senders:
            supply = _with_dangers(random)
            for _ in range(kills):
                sending = asyncio.create_task(senders.hand_over_all(list(islice(supply, 100))))
                name, program = trial.cluster.take()
                async with asyncio.timeout(_SECONDS_TO_SETTLE):
                    while not trial.rows(_HOLDS_ARRIVAL, name=f"{name}@%"):
                        # The others may have judged all of it before this one held any.
                        if sending.done():
                            sending = asyncio.create_task(senders.hand_over_all(list(islice(supply, 100))))
                        await asyncio.sleep(0)
                await program.kill()
                await sending
                await trial.cluster.add()
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            while trial.number(_WAITING):
                await asyncio.sleep(0.2)
        # What is claimed now is claimed by the dead, once the living have had a lease's time for theirs.
        await asyncio.sleep(3 * length.lease)
        return trial.number(_CLAIMED)


@asynccontextmanager
async def _scene(
    folder: Path, length: Length, random: Random, command: Sequence[str], lines: Sequence[Written]
) -> AsyncIterator[tuple[Trial, Dovecot | None, Switchboard | None]]:
    with on_postgresql(folder) as database, _mailbox(length) as server:
        async with relay_server(Sink()) as relay:
            assert isinstance(relay, Sink)
            environment, channels = _environment(folder, relay.port, length), ["smtp"]
            if server is not None:
                environment |= mailbox_environment(server, folder, poll_seconds="5")
                channels.append("imap")
            switchboard = None
            if length.calls_seconds:
                switchboard = _switchboard(folder, lines, length.calls_seconds)
                environment |= calls.environment(switchboard, quiet=3.0)
                channels.append("asterisk_cdr")
            environment["DTM_CHANNELS"] = json.dumps(channels)
            cluster = Cluster(database, random, environment, command)
            try:
                for _ in range(DAEMONS):
                    await cluster.add()
                yield Trial(length, random, database, relay, cluster), server, switchboard
            finally:
                await cluster.end()


def _switchboard(folder: Path, lines: Sequence[Written], seconds: float) -> Switchboard:
    logs = folder / "logs"
    logs.mkdir()
    return Switchboard(logs, list(lines), (lines[-1].at - lines[0].at) / seconds)


@contextmanager
def _mailbox(length: Length) -> Iterator[Dovecot | None]:
    if not length.mailbox:
        yield None
        return
    with running() as server:
        yield server


def _environment(folder: Path, port: int, length: Length) -> dict[str, str]:
    """Return the settings of all daemons: short steps of the timers, one judge each, a relay, no storms."""
    rules = folder / "rules"
    shutil.copytree(ROOT / "rules", rules)
    queues = rules / "queues.yaml"
    quick = queues.read_text(encoding="utf-8").replace("after: 10 minutes", "after: 1 minutes")
    queues.write_text(quick.replace("after: 30 minutes", "after: 2 minutes"), encoding="utf-8")
    return {
        "DTM_RULES_DIR": str(rules),
        "DTM_LEASE_SECONDS": str(length.lease),
        "DTM_LEASE_HEARTBEAT_SECONDS": str(length.heartbeat),
        "DTM_JUDGE_PROCESSES": "1",
        "DTM_TIMERS_SECONDS": "1",
        "DTM_TIMERS_STORM_CASES": "1000000",
        "DTM_OUTBOUND_HOST": "127.0.0.1",
        "DTM_OUTBOUND_PORT": str(port),
        "DTM_OUTBOUND_SECURITY": "none",
        "DTM_OUTBOUND_ANSWERS_PER_HOUR": "1000000",
    }


def _with_dangers(random: Random) -> Iterator[bytes]:
    """Yield messages without end, one in 25 of which tells of danger, each by somebody else."""
    for number, raw in enumerate(messages(random)):
        if number % _ONE_IN:
            yield raw
            continue
        yield (
            f"From: Voisine {number} <voisine{number}@tenant.example>\r\nTo: {RECIPIENT}\r\n"
            f"Subject: Urgent {number}\r\nMessage-ID: <danger{number}.{random.getrandbits(64):x}@tenant.example>\r\n"
            "Date: Tue, 24 Nov 2026 10:30:00 +0100\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour,\r\n\r\n{random.choice(_DANGER)}\r\n"
        ).encode()


def _share(total: int, parts: int, place: int) -> int:
    return total * (place + 1) // parts - total * place // parts


async def _append(trial: Trial, server: Dovecot, batch: Sequence[bytes]) -> None:
    for raw in batch:
        await asyncio.to_thread(server.append, raw)
        trial.appended.append(raw)
