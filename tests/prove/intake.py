"""kill -9 under requests by HTTP and files in a folder: what was answered 202 or put away is in one case, once."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, Self

import httpx

from dtm_contact.background import cancel_and_wait
from tests.prove.audit import ORPHANS, TWO_EVENTS, TWO_JUDGEMENTS, waiting
from tests.prove.database import Database, Place, on_sqlite
from tests.prove.kills import EARLY, finished, settled
from tests.prove.program import REAL, Program

SOURCE: Final = "agence"
_TOKEN: Final = "proof-" + "x" * 40
_SENDERS: Final = 4
_DROPPERS: Final = 2
_PAUSE: Final = 0.1
_AGAIN: Final = 0.1
_REPLY_SECONDS: Final = 60.0
_SECONDS_TO_FINISH: Final = 600.0
_LONGEST_LIFE: Final = 1.5
_DIES_STARTING: Final = 1 / 5
_BOTH_WAYS: Final = 1 / 10
_CONFLICTS: Final = 1 / 10
_DONE_BEFORE: Final = 40
_SLOW_DISK: Final = "30"
"""So that even a busy machine kills the control between its answer and its commit."""
_MOST_LYING: Final = 30
_MOST_WAITING: Final = 150
_MATTERS = (
    "Il y a une fuite d'eau dans la salle de bain.",
    "L'ascenseur est en panne depuis hier.",
    "Je n'ai plus de chauffage.",
    "Les voisins font du bruit toute la nuit.",
)
_ARRIVALS = """
    SELECT arrivals.id, raw, state, case_id FROM arrivals
    JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
    LEFT JOIN contacts ON contacts.arrival_id = arrivals.id WHERE arrivals.channel IN ('http', 'folder')"""


@dataclass(frozen=True, slots=True)
class Content:
    """What was handed over: its fields, hashes of its files, or of a mail that is a file itself."""

    fields: str
    files: tuple[str, ...] = ()


@dataclass(slots=True)
class Ledger:
    """What the senders saw, and what they dropped.

    Attributes:
        sent: by request number what it held.
        answered: numbers for which a 202 was seen.
        dropped: by file name what it held.
        by_file: numbers of requests that were dropped as a file, by its name.
        conflicts: numbers that were sent again with other content and refused; `taken`: that were not.
        put_off: answers that asked to come again; `broken`: connections without an answer.
        wrong: answers that should not be.
    """

    sent: dict[str, Content] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    dropped: dict[str, Content] = field(default_factory=dict)
    by_file: dict[str, str] = field(default_factory=dict)
    conflicts: int = 0
    taken: int = 0
    put_off: int = 0
    broken: int = 0
    wrong: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Audit:
    """Faults that were counted; all of them are 0 for a daemon that keeps its word.

    Attributes:
        lost: requests answered 202 that are not in the store.
        lost_files: files put away as done that are not in the store; `left`: that were never put away.
        halved: of either, stored with other fields or files than were handed over.
        doubled: of either, stored as two arrivals, or in two cases.
        without_case: arrivals that led to no case; `undecided`: that were never judged.
        two_records: arrivals with two judgements, or two events of one; `cases_of_nothing`: that no arrival led to.
        conflicts_taken: the same number with other content, answered 202.
        refused: files put away as refused; `wrong`: answers of another status than may be.
        broken_store: the database's own check found faults.
    """

    lost: int
    lost_files: int
    left: int
    halved: int
    doubled: int
    without_case: int
    undecided: int
    two_records: int
    cases_of_nothing: int
    conflicts_taken: int
    refused: int
    wrong: int
    broken_store: int

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed."""

    times: int
    ledger: Ledger
    audit: Audit

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, and there was something to go wrong."""
        seen = min(len(self.ledger.answered), len(self.ledger.dropped), self.ledger.conflicts)
        return self.audit.sound and seen > 0

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        ledger = self.ledger
        yield f"kill -9 under requests by HTTP and files in a folder, {self.times} times"
        for name, number in (
            ("requests sent", len(ledger.sent)),
            ("202 seen", len(ledger.answered)),
            ("refused as conflicts", ledger.conflicts),
            ("put off", ledger.put_off),
            ("no answer, or no connection", ledger.broken),
            ("files dropped", len(ledger.dropped)),
            ("of them requests sent, too", len(set(ledger.by_file.values()) & ledger.sent.keys())),
        ):
            yield f"  {name:28}{number:8,}"
        for each in fields(self.audit):
            yield f"  {each.name.replace('_', ' '):28}{getattr(self.audit, each.name):8,}"


class Load:
    """Programs that post requests again until a 202 is seen, and programs that drop files.

    Attributes:
        held_back: hand over nothing further while it is set.
    """

    def __init__(self, program: Program, drop: Path, random: Random, pause: float = _PAUSE) -> None:
        """Prepare; `drop` is the folder of the source, each waits `pause` seconds after each thing."""
        self._pause = pause
        self.held_back = False
        self.ledger = Ledger()
        self._program = program
        self._drop = drop
        self._random = random
        self._numbers = count(1)
        self._enough = False
        self._tasks: list[asyncio.Task[None]] = []
        self._client = httpx.AsyncClient(timeout=_REPLY_SECONDS, headers={"Authorization": f"Bearer {_TOKEN}"})

    async def __aenter__(self) -> Self:
        """Begin."""
        work = [*(self._post_on for _ in range(_SENDERS)), *(self._drop_on for _ in range(_DROPPERS))]
        self._tasks = [asyncio.create_task(each()) for each in work]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Break off what is still under way."""
        await cancel_and_wait(*self._tasks, patience=0.1)
        await self._client.aclose()

    async def finish(self) -> None:
        """Begin nothing further; return once every request was answered by 202.

        Raises:
            TimeoutError: one never was.
        """
        self._enough = True
        async with asyncio.timeout(_SECONDS_TO_FINISH):
            await asyncio.gather(*self._tasks)

    async def _post_on(self) -> None:
        while not self._enough:
            said, files = self._request()
            number = said["number"]
            self.ledger.sent[number] = _content(said, files)
            if not files and self._random.random() < _BOTH_WAYS:
                await self._dropped(f"aussi-{number}.json", json.dumps(said).encode())
                self.ledger.by_file[f"aussi-{number}.json"] = number
            while await self._posted(said, files) != httpx.codes.ACCEPTED:
                await asyncio.sleep(_AGAIN)
            self.ledger.answered.add(number)
            if not self.ledger.conflicts or self._random.random() < _CONFLICTS:
                await self._conflict({**said, "demande": "Autre chose."})
            await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause)
        while self.held_back and not self._enough:
            await asyncio.sleep(_AGAIN)

    async def _conflict(self, said: dict[str, str]) -> None:
        status = await self._posted(said, [])
        self.ledger.conflicts += status == httpx.codes.CONFLICT
        self.ledger.taken += status == httpx.codes.ACCEPTED

    async def _posted(self, said: dict[str, str], files: Sequence[bytes]) -> int:
        """Post a request once; return the status, 0 where there was no answer."""
        body: dict[str, Any] = {"json": said}
        if files:
            attached = [("f", (f"{at}.pdf", each, "application/pdf")) for at, each in enumerate(files)]
            body = {"data": said, "files": attached}
        address = self._program.addresses.get("http", "127.0.0.1:9")
        try:
            answer = await self._client.post(f"http://{address}/intake/{SOURCE}", **body)
        except httpx.HTTPError:
            self.ledger.broken += 1
            return 0
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.ledger.put_off += 1
        elif answer.status_code not in {httpx.codes.ACCEPTED, httpx.codes.CONFLICT}:
            self.ledger.wrong[answer.status_code] += 1
        return answer.status_code

    async def _drop_on(self) -> None:
        while not self._enough:
            number = f"D-{next(self._numbers)}"
            kind = self._random.choice(("json", "eml", "pdf"))
            said = self._said(number)
            if kind == "json":
                self.ledger.by_file[f"{number}.json"] = number
                await self._dropped(f"{number}.json", json.dumps(said).encode(), _content(said))
            elif kind == "eml":
                text = f"From: a{number}@b.example\r\nSubject: {number}\r\n\r\n{said['demande']}\r\n".encode()
                await self._dropped(f"{number}.eml", text)
            else:
                await self._dropped(f"{number}.pdf", self._pdf())
            await self._rest()
            # A daemon that is away for long is to find files, and not a day's work.
            while len(_lying(self._drop)) > _MOST_LYING and not self._enough:
                await asyncio.sleep(_AGAIN)

    async def _dropped(self, name: str, octets: bytes, content: Content | None = None) -> None:
        """Write a file piece by piece, half of them under a name of their own until they are whole."""
        self.ledger.dropped[name] = content or Content("", (hashlib.sha256(octets).hexdigest(),))
        path = self._drop / (name if self._random.random() < 1 / 2 else f"{name}.part")
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(octets), len(octets) // 3 + 1):
                file.write(octets[start : start + len(octets) // 3 + 1])
                await asyncio.sleep(self._random.uniform(0, 0.05))
        if path.suffix == ".part":
            path.rename(self._drop / name)

    def _request(self) -> tuple[dict[str, str], list[bytes]]:
        files = [self._pdf() for _ in range(self._random.choice((0, 0, 0, 1, 2)))]
        return self._said(f"H-{next(self._numbers)}"), files

    def _said(self, number: str) -> dict[str, str]:
        said = f"{self._random.choice(_MATTERS)} Réf. {self._random.getrandbits(40):x}"
        return {"number": number, "courriel": f"locataire{number}@tenant.example", "demande": said}

    def _pdf(self) -> bytes:
        return b"%PDF-1.4\n" + self._random.randbytes(self._random.randrange(200, 60_000)) + b"\n%%EOF\n"


async def prove_intake(
    folder: Path, times: int, random: Random, place: Place = on_sqlite, *, pause: float = _PAUSE
) -> Outcome:
    """Kill the daemon so many times under both, then let it finish, and hold what was seen against the store."""
    with place(folder) as database:
        drop = _drop_folder(folder)
        program = Program(database, REAL, _environment(folder, drop))
        try:
            await program.started()
            async with Load(program, drop, random, pause) as load:
                for _ in range(times):
                    load.held_back = await asyncio.to_thread(waiting, database) > _MOST_WAITING
                    if random.random() >= _DIES_STARTING:
                        await program.started()
                    await asyncio.sleep(random.uniform(0, _LONGEST_LIFE))
                    await program.kill()
                    await program.launch()
                load.held_back = False
                await program.started()
                await load.finish()
            await _emptied(drop)
            await settled(database)
            await finished(program)
        finally:
            await program.kill()
        return Outcome(times, load.ledger, _audit(load.ledger, database, drop))


async def lost_by_early_answers(folder: Path, times: int, random: Random, place: Place = on_sqlite) -> tuple[int, int]:
    """Do the same to a daemon that answers before the commit; return how many requests and files it loses."""
    with place(folder) as database:
        drop = _drop_folder(folder)
        program = Program(database, EARLY, _environment(folder, drop) | {"EARLY_DISK_SECONDS": _SLOW_DISK})
        try:
            await program.started()
            async with Load(program, drop, random) as load:
                for _ in range(times):
                    await program.started()
                    before = len(load.ledger.answered)
                    async with asyncio.timeout(_SECONDS_TO_FINISH):
                        while len(load.ledger.answered) < before + _DONE_BEFORE:
                            await asyncio.sleep(0.005)
                    await program.kill()
        finally:
            await program.kill()
        found = _audit(load.ledger, database, drop)
        return found.lost, found.lost_files


def _drop_folder(folder: Path) -> Path:
    drop = folder / "drop"
    drop.mkdir()
    return drop


def _environment(folder: Path, drop: Path) -> dict[str, str]:
    tokens = folder / "tokens"
    tokens.write_text(f"{_TOKEN}\n", encoding="ascii")
    return {
        "DTM_CHANNELS": '["smtp", "http", "folder"]',
        "DTM_HTTP_PORT": "0",
        "DTM_HTTP_PER_MINUTE": "1000000",
        "DTM_HTTP_SOURCES": json.dumps({SOURCE: {"tokens": str(tokens)}}),
        "DTM_FOLDER_SOURCES": json.dumps({SOURCE: {"path": str(drop)}}),
        "DTM_FOLDER_QUIET_SECONDS": "0.2",
        "DTM_FOLDER_POLL_SECONDS": "0.1",
        # A judge that a busy machine keeps waiting is none that hangs.
        "DTM_JUDGE_SECONDS": "600",
    }


def _content(said: dict[str, str], files: Sequence[bytes] = ()) -> Content:
    return Content(json.dumps(said, sort_keys=True), tuple(hashlib.sha256(each).hexdigest() for each in files))


async def _emptied(drop: Path) -> None:
    """Return once every file was put away.

    Raises:
        TimeoutError: one never is.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS_TO_FINISH):
            while _lying(drop):
                await asyncio.sleep(0.1)


def _lying(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")}


@dataclass(slots=True)
class _Kept:
    """What the store has under one request number, or of one mail."""

    arrivals: set[int] = field(default_factory=set)
    cases: set[int] = field(default_factory=set)
    contents: set[Content] = field(default_factory=set)


def _audit(ledger: Ledger, database: Database, drop: Path) -> Audit:
    kept: dict[str, _Kept] = {}
    without_case, undecided = set(), set()
    for arrival, raw, state, case_id in database.rows(_ARRIVALS):
        key, content = _stored(bytes(raw))
        found = kept.setdefault(key, _Kept())
        found.arrivals.add(arrival)
        found.contents.add(content)
        if case_id is None:
            without_case.add(arrival)
        else:
            found.cases.add(case_id)
        if state not in {"judged", "set_aside"}:
            undecided.add(arrival)
    done = _lying(drop / "done") if (drop / "done").is_dir() else set()
    refused = _lying(drop / "refused") if (drop / "refused").is_dir() else set()
    wanted = {number: content for number, content in ledger.sent.items() if number in ledger.answered}
    files = {
        ledger.by_file.get(name) or content.files[0]: _whole(ledger, name, content)
        for name, content in ledger.dropped.items()
        if name in done
    }
    both = [(kept[key], content) for key, content in {**files, **wanted}.items() if key in kept]
    return Audit(
        lost=len(wanted.keys() - kept.keys()),
        lost_files=len(files.keys() - kept.keys()),
        left=len(_lying(drop)),
        halved=sum(1 for each, content in both if each.contents != {content}),
        doubled=sum(1 for each in kept.values() if len(each.arrivals) > 1 or len(each.cases) > 1),
        without_case=len(without_case),
        undecided=len(undecided),
        two_records=int(database.rows(TWO_JUDGEMENTS)[0][0]) + int(database.rows(TWO_EVENTS)[0][0]),
        cases_of_nothing=int(database.rows(ORPHANS)[0][0]),
        conflicts_taken=ledger.taken,
        refused=len(refused),
        wrong=ledger.wrong.total(),
        broken_store=int(database.broken()),
    )


def _whole(ledger: Ledger, name: str, content: Content) -> Content:
    """Return what a dropped file must have been stored as: a request that was sent as well, as that."""
    number = ledger.by_file.get(name)
    return ledger.sent.get(number, content) if number is not None else content


def _stored(raw: bytes) -> tuple[str, Content]:
    """Return what an arrival is known by, its request number or its file's hash, and what it holds."""
    message = message_from_bytes(raw, policy=policy.default)
    number = str(message["X-DTM-Request"])
    if message["X-DTM-Channel"] == "email":
        # Ours are the first four lines.
        octets = raw.split(b"\r\n", 4)[4]
        digest = hashlib.sha256(octets).hexdigest()
        return digest, Content("", (digest,))
    said, files = "", []
    for part in message.walk():
        held = part.get_payload(decode=True)
        if not isinstance(held, bytes) or part.get_filename() is None:
            continue
        if part.get_content_type() == "application/json":
            said = json.dumps(json.loads(held), sort_keys=True)
        else:
            files.append(hashlib.sha256(held).hexdigest())
    content = Content(said, tuple(files))
    return (number if said else files[0]), content
