"""Backups of a daemon at work, each restored; then its machine is lost: the last one and the journal bring all back."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import psycopg
import sqlalchemy as sa

from dtm_contact.backup import BackupDamagedError, Made, make_backup, replay, restore, verify
from dtm_contact.settings import BackupSettings, Settings, StoreSettings
from dtm_contact.store import open_store
from tests.outbound.relays import RelayServer, relay_server
from tests.prove.database import Database, Place, PostgreSQL, Sqlite, on_sqlite
from tests.prove.kills import settled
from tests.prove.outbox import _environment as sending
from tests.prove.outbox import mail
from tests.prove.program import Program
from tests.prove.senders import Senders, digest

_SESSIONS = 2
_PAUSE = 0.05
_BEFORE_EACH = 5
"""So many messages are taken in before the next backup is begun; more come while it is made."""
_FIRST_MAIL = 1_000_000
_SECONDS_TO_EMPTY = 900.0
_TENANTS = "@tenant.example"
_TO_SEND = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed') AND held_since IS NULL"
_HELD = "SELECT count(*) FROM outbox WHERE held_since IS NOT NULL"
_BODIES = "SELECT raw FROM arrival_bodies"
_NUMBERS = """
    SELECT cases.number, arrivals.external_id FROM cases
    JOIN contacts ON contacts.case_id = cases.id JOIN arrivals ON arrivals.id = contacts.arrival_id"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        backups: made under load, each restored and verified.
        unsound: those with a fault, or without something that was answered 250 before they were begun.
        unseen: flipped bits that `verify` did not find, of as many as there were backups.
        mails: taken in after the last backup.
        window: of those, how many the restored backup does not have before the journal is taken in.
        lost: of those and all before, those that are not in the store in the end.
        sent: e-mails to tenants before the machine was lost; `again`: tenants who had a second one after it.
        unanswered: mails of tenants that no answer was sent for.
        numbers_twice: case numbers that were given to two messages.
        held: e-mails that still wait for a person's word, though a journal was taken in.
    """

    backups: int
    unsound: int
    unseen: int
    mails: int
    window: int
    lost: int
    sent: int
    again: int
    unanswered: int
    numbers_twice: int
    held: int

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, and nothing done twice."""
        faults = (self.unsound, self.unseen, self.lost, self.again, self.unanswered, self.numbers_twice, self.held)
        return not any(faults)

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield "backups under load, then the machine is lost"
        for name in self.__slots__:
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"


async def prove_backup(
    folder: Path, backups: int, mails: int, random: Random, place: Place = on_sqlite, *, journal: bool = True
) -> Outcome:
    """Make backups under load, take in so many mails after the last, lose the machine, restore, and hold it all up.

    Without `journal` the restored store is not given the journal: the control, which must lose the mails.
    """
    relay = RelayServer()
    with place(folder) as database:
        async with relay_server(relay):
            environment = sending(relay.port) | {"DTM_JOURNAL_DIR": str(folder / "journal")}
            program = Program(database, environment=environment)
            try:
                await program.started()
                async with Senders(program, random, _SESSIONS, _PAUSE) as senders:
                    made = [await _backed_up(database, folder, number, senders) for number in range(backups)]
                    await senders.finish()
                    batch = [mail(_FIRST_MAIL + number, "plain") for number in range(mails)]
                    await senders.hand_over_all(batch)
                await _all_done(database)
            finally:
                await program.kill()
            before, given = _to_tenants(relay), _numbers(database)
            with _elsewhere(database, folder / "restored") as restored:
                backup, kept_on_disk = made[-1].path, folder / "journal" if journal else None
                without = await asyncio.to_thread(_bring_back, restored, backup, kept_on_disk)
                again = Program(restored, environment=environment)
                try:
                    await again.started()
                    await _all_done(restored)
                finally:
                    await again.kill()
                after = _to_tenants(relay)
                kept = {digest(bytes(row[0])) for row in restored.rows(_BODIES)}
                return Outcome(
                    backups=backups,
                    unsound=sum(not each.sound for each in made),
                    unseen=sum(not each.flip_found for each in made),
                    mails=mails,
                    window=len({digest(raw) for raw in batch} - without),
                    lost=len(senders.ledger.answered - kept),
                    sent=sum(before.values()),
                    again=sum(count > 1 for count in after.values()),
                    unanswered=len([address for address in _writers(batch) if not after[address]]),
                    numbers_twice=_twice(given, _numbers(restored)),
                    held=int(restored.rows(_HELD)[0][0]),
                )


@dataclass(frozen=True, slots=True)
class _Made:
    path: Path
    sound: bool
    flip_found: bool


async def _backed_up(database: Database, folder: Path, number: int, senders: Senders) -> _Made:
    """Make a backup while mail comes in, then verify it, restore it, and look for a bit that is flipped in it."""
    senders.held_back = False
    enough = len(senders.ledger.answered) + _BEFORE_EACH
    async with asyncio.timeout(_SECONDS_TO_EMPTY):
        while len(senders.ledger.answered) < enough:
            await asyncio.sleep(0.01)
    answered = set(senders.ledger.answered)
    made = await asyncio.to_thread(_made, database, folder / "backups")
    # What is looked at now needs no load, and the machine is not to be kept busy by it for long.
    senders.held_back = True
    sound = await asyncio.to_thread(_is_sound, database, folder / f"{number}", made, answered)
    return _Made(made.path, sound, await asyncio.to_thread(_flip_found, database, made.path, number))


def _made(database: Database, folder: Path) -> Made:
    with open_store(database.url, read_only=True) as store:
        site = _site(database.url)
        return make_backup(site, store, folder, datetime.now(UTC), keep=1_000, secrets=False, check=False)


def _is_sound(database: Database, folder: Path, made: Made, answered: set[bytes]) -> bool:
    """Say whether a backup is sound, and holds once restored all that was answered before it was begun."""
    folder.mkdir()
    with _elsewhere(database, folder / "scratch", "scratch") as scratch:
        url = "" if isinstance(scratch, Sqlite) else scratch.url
        found = verify(_site(database.url), made.path, scratch_url=url)
    with _elsewhere(database, folder / "copy", "copy") as copy:
        restore(_site(copy.url), made.path, datetime.now(UTC))
        bodies = {digest(bytes(row[0])) for row in copy.rows(_BODIES)}
        return not found.faults and found.loaded and not answered - bodies and not copy.broken()


def _flip_found(database: Database, path: Path, number: int) -> bool:
    """Say whether a bit that is flipped in a copy of a backup is found; at another place for each."""
    octets = bytearray(path.read_bytes())
    octets[(7919 * (number + 1)) ** 2 % len(octets)] ^= 1 << number % 8
    flipped = path.with_name(f"flipped-{number}.tar")
    flipped.write_bytes(octets)
    try:
        return bool(verify(_site(database.url), flipped).faults)
    except BackupDamagedError:
        return True
    finally:
        flipped.unlink()


def _bring_back(restored: Database, backup: Path, kept: Path | None) -> set[bytes]:
    """Restore a backup and take in a journal; return the messages that were there before that."""
    restore(_site(restored.url), backup, datetime.now(UTC))
    without = {digest(bytes(row[0])) for row in restored.rows(_BODIES)}
    if kept is not None:
        with open_store(restored.url) as store:
            replay(store, kept, datetime.now(UTC))
    return without


def _site(url: str) -> Settings:
    return Settings.defaults().model_copy(update={"store": StoreSettings(url=url), "backup": BackupSettings()})


@contextmanager
def _elsewhere(database: Database, folder: Path, name: str = "restored") -> Iterator[Database]:
    """Give an empty place for a store, of the same kind."""
    if isinstance(database, Sqlite):
        folder.mkdir()
        yield Sqlite(folder / "store.db")
        return
    with psycopg.connect(database.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    place = PostgreSQL(sa.make_url(database.url).set(database=name).render_as_string(hide_password=False))
    try:
        yield place
    finally:
        place.close()
        with psycopg.connect(database.url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def _all_done(database: Database) -> None:
    """Return once all is judged and all that may be sent is."""
    await settled(database)
    async with asyncio.timeout(_SECONDS_TO_EMPTY):
        while (await asyncio.to_thread(database.rows, _TO_SEND))[0][0]:
            await asyncio.sleep(0.1)


def _to_tenants(relay: RelayServer) -> Counter[str]:
    return Counter(to for _from, to, _message in relay.taken if to.endswith(_TENANTS))


def _writers(batch: list[bytes]) -> list[str]:
    return [raw.split(b"\r\n", 1)[0].decode().removeprefix("From: ") for raw in batch]


def _numbers(database: Database) -> dict[str, set[str]]:
    """Return the messages of each case by its number."""
    found: dict[str, set[str]] = {}
    for number, external_id in database.rows(_NUMBERS):
        found.setdefault(number, set()).add(external_id)
    return found


def _twice(before: dict[str, set[str]], after: dict[str, set[str]]) -> int:
    """Return how many numbers stand for another message than they did."""
    return sum(not messages & before[number] for number, messages in after.items() if number in before)
