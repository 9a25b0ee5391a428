"""The day the machine burns, by the commands of the manual: the journal's disk, the backup and its key are left."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Final

from tests.outbound.relays import RelayServer, relay_server
from tests.prove.backup import _all_done, _numbers, _twice
from tests.prove.database import ROOT, Database, Sqlite, on_sqlite
from tests.prove.outbox import _environment as sending
from tests.prove.outbox import mail
from tests.prove.program import Program
from tests.prove.senders import RECIPIENT, Senders, digest

_SESSIONS: Final = 4
_FIRST_AFTER: Final = 1_000_000
_DANGERS: Final = 3
_TENANTS: Final = "@tenant.example"
_BODIES: Final = "SELECT raw FROM arrival_bodies"
_DOUBLED: Final = "SELECT count(*) - count(DISTINCT external_id) FROM arrivals"
_OF_MAIL: Final = """
    SELECT cases.number FROM cases JOIN contacts ON contacts.case_id = cases.id
    JOIN arrival_bodies ON arrival_bodies.arrival_id = contacts.arrival_id WHERE raw = %(raw)s"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        mails: taken in, before the backup and after it.
        lost: of those, that are not in the restored store; `doubled`: that are in it twice.
        numbers_twice: case numbers that stand for another message than they did.
        released_early: what `outbox release --all` let go before the journal was taken in.
        again: e-mails that tenants had a second time, answers and replies.
        unanswered: writers that no answer was sent to.
        untold: dangers after the backup whose notice after the fire does not name both numbers.
        told_twice: of those, dangers of which somebody was notified more than once after the fire.
        replies: those that `arrivals replay` lists as sent after the backup, of two; `unnoted`: cases without a word
            of theirs.
        not_in_force: settings of the backup that the restore did not name, though the new machine had others.
        keyless: whether the backup could be opened without its key.
    """

    mails: int
    lost: int
    doubled: int
    numbers_twice: int
    released_early: int
    again: int
    unanswered: int
    untold: int
    told_twice: int
    replies: int
    unnoted: int
    not_in_force: int
    keyless: bool

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, nothing done twice, and what cannot come back was said."""
        faults = (self.lost, self.doubled, self.numbers_twice, self.released_early, self.again, self.unanswered)
        unsaid = (self.untold, self.told_twice, 2 - self.replies, self.unnoted, self.not_in_force, self.keyless)
        return not any((*faults, *unsaid))

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield "the machine burns: journal, encrypted backup and key are left"
        for name in self.__slots__:
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"


def danger(number: int) -> bytes:
    """Return a message of danger."""
    date = format_datetime(datetime.now(UTC))
    return (
        f"From: voisin{number}@courriel.example\r\nTo: {RECIPIENT}\r\nSubject: Odeur de gaz\r\n"
        f"Message-ID: <danger{number}@courriel.example>\r\nDate: {date}\r\n\r\n"
        f"Forte odeur de gaz dans le hall, au {number} rue Hoche, on ne peut plus respirer.\r\n"
    ).encode()


@dataclass(frozen=True, slots=True)
class _Left:
    """What is known of the lost machine.

    Attributes:
        given: the messages of each case by its number.
        dangers: the numbers of the dangers that came after the backup.
        answered: those of the cases that were answered at the desk after it.
        answered_250: digests of all messages whose 250 was seen.
        sent: what tenants had; `messages`: how many e-mails went out in all.
    """

    given: dict[str, set[str]]
    dangers: list[str]
    answered: list[str]
    answered_250: set[bytes]
    sent: Counter[tuple[str, str]]
    messages: int


async def prove_fire(folder: Path, before: int, after: int, random: Random) -> Outcome:
    """Take in mail, back up under load, take in more, with dangers and replies; lose the machine, and restore it."""
    relay = RelayServer()
    for name in ("site", "disk", "backups", "new"):
        (folder / name).mkdir()
    async with relay_server(relay):
        environment = sending(relay.port) | {
            "DTM_JOURNAL_DIR": str(folder / "disk"),
            "DTM_BACKUP_DIR": str(folder / "backups"),
            "DTM_BACKUP_AGE_RECIPIENT": _pair(folder / "elsewhere.key"),
            "DTM_RULES_OBSERVE": "false",
            "DTM_JUDGE_PROCESSES": "1",
            "DTM_DESK_SOCKET": str(folder / "site" / "desk.sock"),
        }
        dangers = [danger(number) for number in range(1, _DANGERS + 1)]
        with on_sqlite(folder / "site") as database:
            program = Program(database, environment=environment)
            senders = Senders(program, random, _SESSIONS, idle=True)
            left = await _worked(program, relay, dangers, (before, after), senders)
        shutil.rmtree(folder / "site")
        restored = Sqlite(folder / "new" / "store.db")
        back = await _restored(restored, folder)
        shown = [(await _run(back.environment, "case", "show", number)).stdout for number in left.answered]
    told = [str(message["Subject"]) for _from, _to, message in relay.taken[left.messages :]]
    now = [_number_of(restored, each) for each in dangers]
    named = [f"dossier {number} (avant : {lost})" for number, lost in zip(now, left.dangers, strict=True)]
    notices = [[each for each in told if each.endswith(name)] for name in named]
    kept = {digest(bytes(row[0])) for row in restored.rows(_BODIES)}
    everything = _to_tenants(relay)
    return Outcome(
        mails=before + after,
        lost=len(left.answered_250 - kept),
        doubled=restored.rows(_DOUBLED)[0][0],
        numbers_twice=_twice(left.given, _numbers(restored)),
        released_early=back.released_early,
        again=sum(count - 1 for what, count in everything.items() if count > 1 and left.sent[what] < count),
        unanswered=before + after - _DANGERS - len({to for to, _what in everything}),
        untold=sum(not each for each in notices),
        told_twice=sum(len(each) > 1 for each in notices),
        replies=back.replies,
        unnoted=sum("dont le texte est perdu" not in each for each in shown),
        not_in_force=sum(name not in back.said for name in ("DTM_RULES_OBSERVE", "DTM_OUTBOUND_HOST")),
        keyless=back.keyless,
    )


async def _worked(
    program: Program, relay: RelayServer, dangers: list[bytes], mails: tuple[int, int], senders: Senders
) -> _Left:
    """Have a daemon take mail in, with a backup meanwhile and dangers and two replies after it, until it is killed."""
    database, (before, after) = program.database, mails
    try:
        await program.started()
        first = [mail(number, "plain") for number in range(before)]
        (await senders.hand_over(first[0])).close()
        handing = asyncio.create_task(senders.hand_over_all(first[1:]))
        await _run(program.environment, "backup", "--verify")
        await handing
        batch = [mail(_FIRST_AFTER + number, "plain") for number in range(after - len(dangers))]
        half = len(batch) // 2
        await senders.hand_over_all([*batch[:half], *dangers, *batch[half:]])
        await _all_done(database)
        answered = [_number_of(database, each) for each in (first[0], batch[0])]
        for number, writer in zip(answered, (0, _FIRST_AFTER), strict=True):
            to = ("--to", f"plain{writer}{_TENANTS}", "--unproven-ok")
            words = (number, "Nous passons demain.", "--as", "claire", *to)
            await _run(program.environment, "case", "reply", *words)
        await _all_done(database)
    finally:
        await program.kill()
    lost = [_number_of(database, each) for each in dangers]
    return _Left(_numbers(database), lost, answered, senders.ledger.answered, _to_tenants(relay), len(relay.taken))


@dataclass(frozen=True, slots=True)
class _Back:
    """What came of the restore: see `Outcome`; `said`: what it printed, `environment`: the settings put back."""

    environment: dict[str, str]
    said: str
    keyless: bool
    released_early: int
    replies: int


async def _restored(restored: Sqlite, folder: Path) -> _Back:
    """Restore on a machine that was laid out anew, put its settings back, take the journal in, and let it work."""
    (backup,) = (folder / "backups").glob("*.age")
    # As it is laid out: it only observes, and sends to nobody.
    new = {"DTM_RULES_DIR": str(folder / "new" / "rules"), "DTM_RULES_OBSERVE": "true"}
    bare = Program(restored, environment=new).environment
    keyless = (await _run(bare, "restore", str(backup), fails=True)).returncode == 0
    identity = ("--identity", str(folder / "elsewhere.key"))
    said = (await _run(bare, "restore", str(backup), *identity)).stdout
    await _run(bare, "restore", str(backup), *identity, "--files", str(folder / "out"))
    own = {
        "DTM_STORE_URL": restored.url,
        "DTM_RULES_DIR": new["DTM_RULES_DIR"],
        "DTM_DESK_SOCKET": str(folder / "new" / "desk.sock"),
    }
    again = Program(restored, environment=_settings_of(folder / "out" / "settings.env") | own)
    early = await _run(again.environment, "outbox", "release", "--all", fails=True)
    replayed = await _run(again.environment, "arrivals", "replay", str(folder / "disk"), "--json")
    await _run(again.environment, "outbox", "release", "--all")
    try:
        await again.started()
        await _all_done(restored)
    finally:
        await again.kill()
    replies = len(json.loads(replayed.stdout)["replies"])
    return _Back(again.environment, said, keyless, early.stdout.count("will be sent"), replies)


def _pair(path: Path) -> str:
    """Make a pair of keys, and return the public one."""
    made = subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True, text=True)
    return made.stderr.split()[-1]


async def _run(
    environment: Mapping[str, str], *arguments: str, fails: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator types it.

    Raises:
        RuntimeError: it ended with a status other than 0, and was not expected to.
    """
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "dtm_contact", *arguments],
        cwd=ROOT,
        env={**environment, "DTM_CONFIG": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not fails:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done


def _settings_of(path: Path) -> dict[str, str]:
    """Read the settings of a backup as the shell reads them."""
    words = ["sh", "-ac", f". {path}; env"]
    said = subprocess.run(words, check=True, capture_output=True, text=True, env={"PATH": os.defpath}).stdout
    lines = (line.partition("=") for line in said.splitlines() if line.startswith("DTM_"))
    return {name: value for name, _sign, value in lines}


def _number_of(database: Database, raw: bytes) -> str:
    return str(database.rows(_OF_MAIL, raw=raw)[0][0])


def _to_tenants(relay: RelayServer) -> Counter[tuple[str, str]]:
    """Return what each tenant had: an answer, or a reply of an agent, each by what it answers."""

    def what(message: Message) -> str:
        return f"{message['Auto-Submitted']} {message['In-Reply-To']}"

    return Counter((to, what(message)) for _from, to, message in relay.taken if to.endswith(_TENANTS))
