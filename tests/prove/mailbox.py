"""A mailbox followed by a daemon that is killed, while its connections are cut: every message once, in its folder."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from imaplib import Time2Internaldate
from itertools import islice
from pathlib import Path
from random import Random

from dtm_contact.ingest.imap_client import encoded
from dtm_contact.settings import ImapSettings
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot, imap, running
from tests.loopback import Line, line_to
from tests.prove.database import Database, Place, on_sqlite
from tests.prove.kills import settled
from tests.prove.program import Program
from tests.prove.senders import messages

_SECONDS_TO_SETTLE = 900.0
_LONGEST_LIFE = 4.0
_AT_ONCE = 20
_WEEK = timedelta(days=7)
_WENT = """
    SELECT arrivals.external_id, arrivals.kind, cases.queue, arrival_bodies.raw, arrivals.id FROM arrivals
    JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
    LEFT JOIN contacts ON contacts.arrival_id = arrivals.id LEFT JOIN cases ON cases.id = contacts.case_id
    WHERE arrivals.channel = 'imap' ORDER BY arrivals.id"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        kills, cuts: of the daemon, and connections of its that were cut.
        appended: messages in all.
        away: of these, appended while the daemon was away, dated over a week.
        anew: of these, in the folder when its UIDs were given anew.
        arrivals: in the store.
        missed, twice: messages that the store does not have, or has more than once.
        misplaced: messages that lie elsewhere than where their case lies.
        copies: messages that lie in more than one folder, or in none.
        out_of_turn: messages of the week away that were taken in before an older one.
    """

    kills: int
    cuts: int
    appended: int
    away: int
    anew: int
    arrivals: int
    missed: int
    twice: int
    misplaced: int
    copies: int
    out_of_turn: int

    @property
    def sound(self) -> bool:
        """Whether each message was taken in once and lies where it belongs."""
        return (
            not (self.missed or self.twice or self.misplaced or self.copies or self.out_of_turn)
            and self.cuts >= self.kills
        )

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"a mailbox, {self.kills} kills of the daemon, {self.cuts} connections cut"
        for name in ("appended", "away", "anew", "arrivals", "missed", "twice", "misplaced", "copies", "out_of_turn"):
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"


@dataclass
class Trial:
    """A mailbox, the daemon that follows it by a line, and what was laid into it."""

    server: Dovecot
    line: Line
    program: Program
    database: Database
    appended: list[bytes] = field(default_factory=list)
    cuts: int = 0

    async def append(self, batch: Sequence[bytes], since: datetime | None = None) -> None:
        """Lay messages into the folder by one connection; `since`: dated from then until now, evenly."""
        await asyncio.to_thread(self._append, batch, since)
        self.appended += batch

    def _append(self, batch: Sequence[bytes], since: datetime | None) -> None:
        now = datetime.now(UTC)
        with imap(self.server) as client:
            for number, raw in enumerate(batch):
                at = now if since is None else since + (now - since) * number / len(batch)
                client.append("INBOX", "", Time2Internaldate(at), raw)

    async def cut(self) -> None:
        """Cut the daemon's connection, as soon as it has one."""
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            while not (cut := self.line.cut()):
                await asyncio.sleep(0.02)
        self.cuts += cut

    def environment(self, folder: Path, **values: str) -> dict[str, str]:
        """Return the settings of a daemon that reaches the mailbox by the line."""
        return environment(self.server, folder, port=str(self.line.port), **values)

    async def taken(self, *, filed: bool) -> None:
        """Return once all is in the store, judged, and, where it is to be, moved out of the folder."""
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            while await asyncio.to_thread(_count, self.database) < len(self.appended):
                await asyncio.sleep(0.1)
            await settled(self.database)
            while filed and len(await asyncio.to_thread(self.server.uids)) > 0:
                await asyncio.sleep(0.2)


async def prove_mailbox(folder: Path, total: int, times: int, random: Random, place: Place = on_sqlite) -> Outcome:
    """Append so many messages while the daemon is killed and its connections are cut, so many times each.

    A tenth of them is appended while the daemon is away, as over a week; another one lies there when the UIDs are
    given anew.
    """
    with place(folder) as database, running() as server:
        async with line_to(server.port) as line:
            program = Program(database, environment=environment(server, folder, port=str(line.port)))
            trial = Trial(server, line, program, database)
            supply = messages(random)
            tenth = total // 10
            try:
                await trial.program.started()
                await _kill_and_cut(trial, list(islice(supply, total - 2 * tenth)), times, random)
                away = await _away_for_a_week(trial, list(islice(supply, tenth)))
                anew = await _uids_anew(trial, list(islice(supply, tenth)), folder)
            finally:
                await trial.program.kill()
            return _audit(trial, times, away, anew)


async def _kill_and_cut(trial: Trial, batch: list[bytes], times: int, random: Random) -> None:
    steps = ["kill", "cut"] * times
    random.shuffle(steps)
    share = len(batch) // len(steps) + 1
    for place, step in enumerate(steps):
        for start in range(place * share, min((place + 1) * share, len(batch)), _AT_ONCE):
            await trial.append(batch[start : min(start + _AT_ONCE, (place + 1) * share)])
        await asyncio.sleep(random.uniform(0, _LONGEST_LIFE / 2))
        if step == "cut":
            await trial.program.started()
            await trial.cut()
        else:
            await trial.program.kill()
            await trial.program.launch()
            await trial.append(batch[:0])
    await trial.program.started()
    await trial.taken(filed=True)


async def _away_for_a_week(trial: Trial, batch: list[bytes]) -> list[bytes]:
    await trial.program.stop()
    await trial.append(batch, datetime.now(UTC) - _WEEK)
    await trial.program.launch()
    await trial.program.started()
    await trial.taken(filed=True)
    return batch


async def _uids_anew(trial: Trial, batch: list[bytes], folder: Path) -> list[bytes]:
    """Let what lies in the folder stay there; give its UIDs anew, as after a restored backup; nothing comes twice."""
    await trial.program.stop()
    trial.program = Program(trial.database, environment=trial.environment(folder, after="flag"))
    await trial.program.started()
    half = len(batch) // 2
    await trial.append(batch[:half])
    await trial.taken(filed=False)
    await trial.program.stop()
    inbox = trial.server.folder / "mail"
    (inbox / "dovecot-uidlist").unlink()
    for index in inbox.glob("dovecot.index*"):
        index.unlink()
    await trial.append(batch[half:])
    await trial.program.started()
    await trial.taken(filed=False)
    return batch


def environment(server: Dovecot, folder: Path, **values: str) -> dict[str, str]:
    """Return the settings of a daemon that follows the mailbox; the password lies in `folder`."""
    secret = folder / "password"
    secret.write_text(f"{PASSWORD}\n")
    chosen = {
        "host": "127.0.0.1", "port": str(server.port), "tls": "false", "user": USER, "password_file": str(secret),
        "since": "2000-01-01", "after": "move", "pause": "0.1", "longest_pause": "1", "seconds": "30", **values,
    }  # fmt: skip
    return {"DTM_CHANNELS": '["smtp", "imap"]'} | {f"DTM_IMAP_{name.upper()}": value for name, value in chosen.items()}


def _count(database: Database) -> int:
    return int(database.rows("SELECT count(*) FROM arrivals WHERE channel = 'imap'")[0][0])


def _audit(trial: Trial, times: int, away: list[bytes], anew: list[bytes]) -> Outcome:
    rows = trial.database.rows(_WENT)
    taken = Counter(bytes(row[3]) for row in rows)
    folders = _folders(trial.server)
    stays, settings = set(anew), ImapSettings()
    expected = {
        raw: "." if raw in stays else encoded(settings.folder_of(queue or kind or "none"))
        for _external_id, kind, queue, raw, _id in rows
    }
    order = [raw for *_rest, raw, _id in rows if raw in set(away)]
    return Outcome(
        kills=times,
        cuts=trial.cuts,
        appended=len(trial.appended),
        away=len(away),
        anew=len(anew),
        arrivals=len(rows),
        missed=len(set(trial.appended) - taken.keys()),
        twice=sum(count > 1 for count in taken.values()),
        misplaced=sum(folders.get(_bare(raw)) != [place] for raw, place in expected.items()),
        copies=sum(len(folders.get(_bare(raw), ())) != 1 for raw in trial.appended),
        out_of_turn=sum(seen != sent for seen, sent in zip(order, away, strict=False)),
    )


def _folders(server: Dovecot) -> dict[bytes, list[str]]:
    """Return the folders in which each message lies, as they lie on the server's disk."""
    found: dict[bytes, list[str]] = {}
    mail = server.folder / "mail"
    for path in mail.rglob("*"):
        if path.is_file() and path.parent.name in ("cur", "new"):
            found.setdefault(_bare(path.read_bytes()), []).append(str(path.parent.parent.relative_to(mail)))
    return found


def _bare(raw: bytes) -> bytes:
    """Return what is the same whether a server ends lines as the network does or as its disk does."""
    return raw.replace(b"\r\n", b"\n")
