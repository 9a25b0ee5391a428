"""A mailbox taken over while all is killed: nobody answered or called, each mail once, then given back as it was."""

import asyncio
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from imaplib import Time2Internaldate
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from dtm_contact.takeover.folders import MboxFile
from tests.ingest.mailbox.dovecot import Dovecot, imap, running
from tests.outbound.relays import RelayServer, relay_server
from tests.prove.database import ROOT, Database, Place, on_sqlite
from tests.prove.mailbox import environment as following
from tests.prove.outbox import _environment as sending
from tests.prove.program import Program

REAL = ("-m", "dtm_contact")
LOUD = ("-m", "tests.prove.controls", "loud")
"""The same command, which takes mail over as if it had just come in: the control, which must answer and call."""

_DAYS = 60
_NEAR = 10
"""A mail answers one of so many before it: in a short trial as in a long one less than a month."""
_SECONDS_TO_IMPORT = 7200.0
_MOST_WAITED = 4.0
_PARIS = ZoneInfo("Europe/Paris")
_MATTERS = (
    ("Fuite", "Il y a une fuite d'eau dans la salle de bain depuis hier."),
    ("Ascenseur", "L'ascenseur est encore en panne, au 3e étage."),
    ("Chauffage", "Je n'ai plus de chauffage ni d'eau chaude."),
    ("Quittance", "Pouvez-vous m'envoyer ma quittance de loyer ?"),
    ("Bruit", "Les voisins font du bruit toute la nuit.\n\nFrom là-haut on entend tout.\n>From en bas aussi."),
    ("Cafards", "Il y a des cafards dans la cuisine et dans la gaine."),
    ("Interphone", "L'interphone ne sonne plus chez moi."),
)
_DANGER = ("Odeur de gaz", "Forte odeur de gaz dans le hall et dans mon logement.")
_TEXTS = dict((*_MATTERS, _DANGER))
_SENT = "SELECT count(*) FROM outbox"
_PLANNED = "SELECT count(*) FROM timers"
_STEPS = "SELECT count(*) FROM events WHERE what IN ('reminded', 'escalated', 'called next', 'storm')"
_BODIES = """
    SELECT arrival_bodies.raw, arrivals.state, contacts.case_id, cases.state FROM arrivals
    JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
    LEFT JOIN contacts ON contacts.arrival_id = arrivals.id LEFT JOIN cases ON cases.id = contacts.case_id"""
_UNPLACED = "SELECT count(*) FROM cases WHERE queue = '' OR office_id = ''"


@dataclass(frozen=True, slots=True)
class OldMail:
    """A mail of a mailbox in use before: its octets, when it came, and which one it answers, by its Message-ID."""

    raw: bytes
    at: datetime
    message_id: str
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        mails: different ones in the mailbox; `copies` of some lie there besides.
        kills: of the import; `restarts` of the daemon meanwhile.
        missed, twice: mails that the store does not have, or has more than once.
        waiting: still to be judged at the end.
        unplaced: cases that lie in no queue.
        joined: answers that lie in the case of the mail that they answer; `apart`: those that neither do nor are linked
            to it, as an answer is that is taken for another matter.
        sent: e-mails written, to whomever; `relayed`: that left; `planned`, `steps`: timers, and what they did.
        dangers: recent ones that waited for a person; `unasked`: imports that ended without asking.
        rung: notices after one was confirmed; `ended`: whether the import was, once all were decided.
        given: mails given back; `lost`: mails of open cases that were not; `altered`: given back with other octets.
        summaries: messages that tell of a case; `cases`: open ones.
    """

    mails: int
    copies: int
    kills: int
    restarts: int
    missed: int
    twice: int
    waiting: int
    unplaced: int
    joined: int
    apart: int
    sent: int
    relayed: int
    planned: int
    steps: int
    dangers: int
    unasked: int
    rung: int
    ended: bool
    given: int
    lost: int
    altered: int
    summaries: int
    cases: int

    @property
    def quiet(self) -> bool:
        """Whether nobody was answered, told or reminded."""
        return not (self.sent or self.relayed or self.planned or self.steps)

    @property
    def sound(self) -> bool:
        """Whether all was taken over once and in silence, and came back as it was."""
        faults = (self.missed, self.twice, self.waiting, self.unplaced, self.apart, self.unasked, self.lost)
        whole = not any(faults) and not self.altered and self.summaries == self.cases
        seen = self.ended and min(self.dangers, self.rung, self.given, self.joined) > 0
        return whole and self.quiet and seen

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield "a mailbox taken over, and given back"
        for name in self.__slots__:
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"


@dataclass
class Trial:
    """What a trial is made of.

    Attributes:
        database, program: the store, and the daemon on it.
        environment: the settings of the commands.
        command: how `dtm-contact` is started.
        source: the options that name the mailbox.
        kills, restarts: so far.
    """

    database: Database
    program: Program
    environment: dict[str, str]
    command: Sequence[str]
    source: Sequence[str] = ()
    kills: int = 0
    restarts: int = 0
    output: list[str] = field(default_factory=list)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *self.command,
            *arguments,
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command to its end; return its exit status and what it printed."""
        process = await self.start(*arguments)
        async with asyncio.timeout(_SECONDS_TO_IMPORT):
            told, _ = await process.communicate()
        return process.returncode or 0, told.decode()


def old_mails(random: Random, count: int, now: datetime) -> list[OldMail]:
    """Make mails of the last two months: matters, answers to them, dangers old and recent, machines, files."""
    found: list[OldMail] = []
    for number in range(count):
        at = now - timedelta(days=_DAYS) * (1 - number / count) - timedelta(minutes=random.uniform(0, 30))
        if number >= count - max(3, count // 200):
            at = now - timedelta(hours=random.uniform(1, 40))
        found.append(_mail(random, number, at, found))
    return sorted(found, key=lambda mail: mail.at)


def _mail(random: Random, number: int, at: datetime, before: Sequence[OldMail]) -> OldMail:
    subject, text = random.choice(_MATTERS) if random.random() > 1 / 60 else _DANGER
    writer = f"locataire{number}@free.example"
    answered = ""
    if number % 8 == 7 and before:
        earlier = random.choice(before[-_NEAR:])
        parsed = message_from_bytes(earlier.raw)
        if not earlier.answers and earlier.message_id and parsed["Auto-Submitted"] is None:
            answered, writer, subject = earlier.message_id, str(parsed["X-Writer"]), f"Re: {parsed['Subject']}"
            text = f"Je relance une fois encore. {_TEXTS[str(parsed['Subject'])]}\n"
            at = max(at, earlier.at + timedelta(minutes=5))
    recent = datetime.now(UTC) - at < timedelta(hours=41)
    if recent and not answered and number % 2:
        subject, text = _DANGER
    message_id = f"{number}.{random.getrandbits(48):x}@free.example"
    heads = [
        f"Received: from free.example by mx.parishabitat.fr; {format_datetime(at + timedelta(seconds=2))}",
        f"From: Locataire {number} <{writer}>",
        "To: metropole@parishabitat.fr",
        f"Subject: {subject}",
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(at)}",
        f"X-Writer: {writer}",
        "MIME-Version: 1.0",
    ]
    heads += [f"In-Reply-To: <{answered}>", f"References: <{answered}>"] if answered else []
    heads += ["Auto-Submitted: auto-replied"] if number % 40 == 13 and not answered else []
    body = f"Bonjour,\n\n{text}\n\nCordialement\n(message {number})\n"
    if random.random() < 0.1:
        file = random.randbytes(random.randrange(100, 4_000)).hex()
        lines = "\n".join(file[start : start + 76] for start in range(0, len(file), 76))
        heads.append('Content-Type: multipart/mixed; boundary="b"')
        kind = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit"
        photo = 'Content-Type: image/jpeg\nContent-Disposition: attachment; filename="photo.jpg"'
        body = f"--b\n{kind}\n\n{body}\n--b\n{photo}\n\n{lines}\n--b--\n"
    else:
        heads += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    ends = "\r\n" if number % 3 else "\n"
    raw = ("\n".join(heads) + f"\n\n{body}").replace("\n", ends).encode()
    return OldMail(raw, at, message_id, answered)


def _copies(mails: Sequence[OldMail], random: Random) -> list[OldMail]:
    """Return some of the mails as they came a second time, by an alias: servers wrote other lines above them."""
    some = random.sample(list(mails), max(1, len(mails) // 50))
    return [OldMail(b"Delivered-To: accueil@parishabitat.fr\n" + mail.raw, mail.at, mail.message_id) for mail in some]


def _as_mbox(path: Path, mails: Sequence[OldMail]) -> None:
    with path.open("wb") as file:
        for mail in mails:
            quoted = b"\n".join(
                b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in mail.raw.split(b"\n")
            )
            stamp = mail.at.strftime("%a %b %d %H:%M:%S %Y").encode()
            file.write(b"From sender@free.example " + stamp + b"\n" + quoted + b"\n")


def _append(server: Dovecot, mails: Sequence[OldMail]) -> None:
    with imap(server) as client:
        for mail in mails:
            client.append("INBOX", "", Time2Internaldate(mail.at), _with_crlf(mail.raw))


def _with_crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


async def prove_takeover(  # noqa: PLR0913 - how long, by chance, where from, and how it is told apart
    folder: Path,
    count: int,
    kills: int,
    random: Random,
    place: Place = on_sqlite,
    *,
    command: Sequence[str] = REAL,
    by_imap: bool = False,
) -> Outcome:
    """Take over so many mails, killed so many times, decide of the dangers, and give all back.

    Args:
        folder: of the trial.
        count: mails.
        kills: of the import; every second time the daemon is killed as well.
        random: all that is left to chance.
        place: makes the store.
        command: how `dtm-contact` is started.
        by_imap: the mailbox is a real Dovecot's; else it is an mbox file.
    """
    mails = old_mails(random, count, datetime.now(UTC))
    copies = _copies(mails, random)
    lying = [*mails, *copies]
    random.shuffle(lying)
    relay = RelayServer()
    with place(folder) as database:
        async with relay_server(relay):
            if by_imap:
                with running() as server:
                    await asyncio.to_thread(_append, server, lying)
                    settings = following(server, folder) | {"DTM_CHANNELS": '["smtp"]'}
                    outcome = await _prove(
                        folder,
                        (mails, copies),
                        relay,
                        database,
                        kills,
                        random,
                        command,
                        settings,
                        ("--folder", "INBOX"),
                    )
                    left = await asyncio.to_thread(server.uids)
                    assert len(left) == len(lying), "the mailbox was changed"
                    return outcome
            path = folder / "old.mbox"
            _as_mbox(path, lying)
            return await _prove(
                folder, (mails, copies), relay, database, kills, random, command, {}, ("--mbox", str(path))
            )


async def _prove(  # noqa: PLR0913, PLR0917 - the parts of one trial
    folder: Path,
    lying: tuple[list[OldMail], list[OldMail]],
    relay: RelayServer,
    database: Database,
    kills: int,
    random: Random,
    command: Sequence[str],
    settings: dict[str, str],
    source: Sequence[str],
) -> Outcome:
    mails, copies = lying
    environment = sending(relay.port) | settings | {"DTM_TIMERS_SECONDS": "0.5"}
    program = Program(database, environment=environment)
    trial = Trial(database, program, dict(program.environment), command, source)
    try:
        await program.started()
        await _killed(trial, kills, random)
        unasked = await _taken_over(trial)
        # Whatever timers would do by themselves has been planned by now.
        await asyncio.sleep(2.0)
        sent, planned, steps = (int(database.rows(query)[0][0]) for query in (_SENT, _PLANNED, _STEPS))
        relayed = len(relay.taken)
        dangers = await _pending(trial)
        rung, ended = await _decide(trial, dangers, relay)
        status, _told = await trial.run("mailbox", "give-back", "--mbox", str(folder / "back"))
    finally:
        await program.kill()
    given, lost, altered, summaries = await _given_back(folder / "back", database, mails, status)
    joined, apart = _answers(database, mails)
    stored = Counter(_message_id(bytes(row[0])) for row in database.rows(_BODIES))
    return Outcome(
        mails=len(mails),
        copies=len(copies),
        kills=trial.kills,
        restarts=trial.restarts,
        missed=sum(not stored[mail.message_id] for mail in mails),
        twice=sum(stored[mail.message_id] > 1 for mail in mails),
        waiting=sum(row[1] in ("waiting", "claimed") for row in database.rows(_BODIES)),
        unplaced=int(database.rows(_UNPLACED)[0][0]),
        joined=joined,
        apart=apart,
        sent=sent,
        relayed=relayed,
        planned=planned,
        steps=steps,
        dangers=len(dangers),
        unasked=unasked,
        rung=rung,
        ended=ended,
        given=given,
        lost=lost,
        altered=altered,
        summaries=summaries,
        cases=int(database.rows("SELECT count(*) FROM cases WHERE state = 'open'")[0][0]),
    )


async def _killed(trial: Trial, kills: int, random: Random) -> None:
    """Begin the import and kill it, so many times; every second time the daemon as well."""
    for number in range(kills):
        process = await trial.start("mailbox", "import", *trial.source, "--pending", "--json")
        # Some before it has read anything, some in its midst.
        await asyncio.sleep(random.uniform(0.5, _MOST_WAITED))
        if process.returncode is None:
            process.kill()
            trial.kills += 1
        await process.wait()
        if number % 2:
            await trial.program.kill()
            trial.restarts += 1
            await trial.program.started()


async def _taken_over(trial: Trial) -> int:
    """Let the import come to its end; return 1 where it says that it is ended though recent dangers wait."""
    _status, told = await trial.run("mailbox", "import", *trial.source, "--pending", "--json")
    done = json.loads(told.splitlines()[-1])
    return int(done["ended"] and bool(done["dangers"]))


async def _pending(trial: Trial) -> list[str]:
    status, told = await trial.run("mailbox", "dangers", "--json")
    waiting = [each["number"] for each in json.loads(told)["dangers"]]
    assert status == int(bool(waiting))
    return waiting


async def _decide(trial: Trial, dangers: Sequence[str], relay: RelayServer) -> tuple[int, bool]:
    """Confirm the first danger and decline the others; return how many notices went out, and whether all is ended."""
    if not dangers:
        return 0, False
    before = len(relay.taken)
    first, *others = dangers
    status, told = await trial.run("mailbox", "dangers", "--confirm", first, "--json")
    for number in others:
        status, told = await trial.run("mailbox", "dangers", "--no", number, "--why", "vu hier", "--json")
    async with asyncio.timeout(60):
        while len(relay.taken) == before:
            await asyncio.sleep(0.1)
    ended = bool(trial.database.rows("SELECT count(*) FROM imports WHERE ended_at IS NOT NULL")[0][0])
    return len(relay.taken) - before, ended and status == 0 and not json.loads(told)["dangers"]


async def _given_back(
    folder: Path, database: Database, mails: Sequence[OldMail], status: int
) -> tuple[int, int, int, int]:
    """Return how many mails were given back, how many of open cases not, how many altered, and the summaries."""
    by_id = {mail.message_id: mail.raw for mail in mails}
    given: Counter[str] = Counter()
    altered = summaries = 0
    for path in _mbox_files(folder):
        source = MboxFile(path, 2**40, _PARIS)
        heads = (await source.contents(None)).heads
        for raw in (await source.read(heads)).values():
            message_id = _message_id(raw)
            if message_id.startswith("dossier-"):
                summaries += 1
                continue
            given[message_id] += 1
            if _same_octets(raw, by_id.get(message_id, b"")):
                continue
            altered += 1
    rows = database.rows(_BODIES)
    in_open_cases = [_message_id(bytes(raw)) for raw, _state, _case, state in rows if state == "open"]
    lost = sum(not given[message_id] for message_id in in_open_cases) + status
    with (folder / "contenu.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file, delimiter=";"))
    assert len(listed) == sum(given.values()) + summaries
    return sum(given.values()), lost, altered, summaries


def _mbox_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mbox"))


def _same_octets(raw: bytes, original: bytes) -> bool:
    """Tell whether a mail is the original, or its other copy, or the same as IMAP gives it, with CRLF."""
    bare = raw.removeprefix(b"Delivered-To: accueil@parishabitat.fr\r\n")
    bare = bare.removeprefix(b"Delivered-To: accueil@parishabitat.fr\n")
    return bare in (original, _with_crlf(original))


def _answers(database: Database, mails: Sequence[OldMail]) -> tuple[int, int]:
    """Return how many answers lie in the case of what they answer, and how many neither do nor are linked to it."""
    case_of = {_message_id(bytes(raw)): case for raw, _state, case, _open in database.rows(_BODIES)}
    linked = {frozenset(row) for row in database.rows("SELECT case_id, other_id FROM case_links")}
    pairs = [(case_of.get(mail.message_id), case_of.get(mail.answers)) for mail in mails if mail.answers]
    # What was set aside has no case that an answer could lie in.
    pairs = [pair for pair in pairs if pair[1] is not None]
    joined = sum(mine == theirs for mine, theirs in pairs)
    return joined, sum(mine != theirs and frozenset((mine, theirs)) not in linked for mine, theirs in pairs)


def _message_id(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"]).strip("<> ")
