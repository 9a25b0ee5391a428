"""The nightly pass is killed at random moments: nothing half is ever left, and what it ends with is always the same."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.privacy.erasing import vacuum
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.retention import RetentionPass
from dtm_contact.privacy.subject import of_cases
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, metadata, outbox, signing_keys
from dtm_contact.store.system_schema import directory_versions, positions
from tests.prove.database import Place, on_sqlite
from tests.prove.figures_store import OFFICES, Writer, places_of, put
from tests.prove.program import chance

FIRST: Final = date(2021, 1, 4)
DAYS: Final = 5 * 365
NOW: Final = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
"""The clock of all passes: cases of 2021 and 2022 have reached their age."""
SECRET: Final = "secretplante"
_FEW: Final = 0.02
"""Of so many messages octets may stay for a while: SQLite leaves what moved between pages in their free room."""
_SETTINGS: Final = Settings.defaults()
RESIDENCES: Final = tuple((f"R{number:03d}", OFFICES[number % 5]) for number in range(1, 21))
_OF_EACH_STORE: Final = {positions.name, directory_versions.name, signing_keys.name}
Pass = Callable[[str, Callable[[float], None]], None]


@dataclass(slots=True)
class Outcome:
    """What a trial showed; `faults`: what was half, or differs from a pass that nobody killed."""

    cases: int
    kills: int
    killed: int = 0
    transactions: int = 0
    longest: float = 0.0
    erased: int = 0
    left: int = 0
    planted: int = 0
    octets_found: int = 0
    octets_after_vacuum: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was half, all ended alike, and hardly an octet of what was erased is in the file."""
        few = self.octets_found <= self.planted * _FEW
        return not self.faults and few and not self.octets_after_vacuum and self.erased > 0 and self.left > 0

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"retention over {self.cases:,} cases of five years, killed {self.killed:,} times of {self.kills:,}"
        yield f"  {'cases erased':28}{self.erased:8,}"
        yield f"  {'cases left':28}{self.left:8,}"
        yield f"  {'transactions undisturbed':28}{self.transactions:8,}"
        yield f"  {'longest, ms':28}{self.longest * 1000:8.1f}"
        yield f"  {'messages erased as they came':28}{self.planted:8,}"
        yield f"  {'octets of such in the file':28}{self.octets_found:8,}"
        yield f"  {'the same after a vacuum':28}{self.octets_after_vacuum:8,}"
        yield from (f"  FAULT {fault}" for fault in self.faults[:20])


def fill(url: str, count: int, random: Random) -> None:
    """Fill a store with cases of five years, each with a message as it came and a mail that went out."""
    with open_store(url) as store:
        writer = Writer(random, places_of(RESIDENCES), FIRST, DAYS)
        put(store, writer.write(count))
        with store.database.writing(hurried=False) as connection:
            ids = connection.execute(sa.select(arrivals.c.id)).scalars().all()
            bodies = ({"arrival_id": each, "raw": f"{SECRET}-{each} ".encode() * 40} for each in ids)
            connection.execute(arrival_bodies.insert(), list(bodies))
            rows = connection.execute(sa.select(cases.c.id, cases.c.number, cases.c.opened_at)).all()
            letters = [
                {
                    "case_id": row.id, "kind": "reply", "reason": f"r{row.id}", "to_address": "a@free.example",
                    "mail_from": "us@ours.example", "message_id": f"o{row.id}", "raw": f"{SECRET}-o{row.id}".encode(),
                    "state": "waiting" if row.id % 97 == 0 else "sent", "created_at": row.opened_at,
                }
                for row in rows
            ]  # fmt: skip
            connection.execute(outbox.insert(), letters)
            held = [{"case_id": row.id, "since": NOW, "who": "claire", "why": "expertise"} for row in rows[::89]]
            connection.execute(legal_holds.insert(), held)


def snapshot(url: str) -> dict[str, set[tuple[Any, ...]]]:
    """Return every row of every table."""
    with open_store(url, read_only=True) as store, store.database.reading() as connection:
        return {
            table.name: {tuple(map(str, row)) for row in connection.execute(sa.select(table))}
            for table in metadata.sorted_tables
            if table.name not in _OF_EACH_STORE
        }


class Whole:
    """What belongs to each case and each contact of none while nothing is erased."""

    def __init__(self, url: str) -> None:
        """Count it."""
        self._before = self._counted(url)

    def faults(self, url: str) -> Iterator[str]:
        """Yield what is neither whole nor gone."""
        for key, counts in self._counted(url).items():
            expected = self._before.get(key)
            if expected is None:
                yield f"{key}: there was none"
            elif counts not in (expected, (*expected[:-1], 0)):
                yield f"{key}: {counts} where there were {expected}"

    @staticmethod
    def _counted(url: str) -> dict[str, tuple[int, ...]]:
        """Return of each case its row, contacts, events, letters and the messages as they came, these last."""
        from_case = (
            "SELECT 'case ' || coalesce(c.id, x.case_id), count(DISTINCT c.id), sum(x.k), sum(x.e), sum(x.o), sum(x.b)"
            " FROM (SELECT case_id, 1 k, 0 e, 0 o, 0 b FROM contacts WHERE case_id IS NOT NULL"
            " UNION ALL SELECT case_id, 0, 1, 0, 0 FROM events WHERE case_id IS NOT NULL"
            " UNION ALL SELECT case_id, 0, 0, 1, 0 FROM outbox"
            " UNION ALL SELECT id, 0, 0, 0, 0 FROM cases) x LEFT JOIN cases c ON c.id = x.case_id"
            " GROUP BY coalesce(c.id, x.case_id)"
        )
        # Of a message that came only the octets may go earlier, whole.
        from_arrival = (
            "SELECT 'arrival ' || a.id, 1, count(DISTINCT k.id), count(DISTINCT b.arrival_id) FROM arrivals a"
            " LEFT JOIN contacts k ON k.arrival_id = a.id LEFT JOIN arrival_bodies b ON b.arrival_id = a.id"
            " GROUP BY a.id"
        )
        with open_store(url, read_only=True) as store, store.database.reading() as connection:
            rows = [row for query in (from_case, from_arrival) for row in connection.execute(sa.text(query))]
        return {row[0]: tuple(int(each) for each in row[1:]) for row in rows}


def real_pass(url: str, rest: Callable[[float], None]) -> None:
    """Run the pass of the program."""
    with open_store(url) as store:
        RetentionPass(_SETTINGS, store, rest=rest).run(NOW)


def unresumable_pass(url: str, rest: Callable[[float], None]) -> None:
    """Erase as a pass would that goes through the tables one by one: killed between two, it leaves cases half."""
    with open_store(url) as store:
        with store.database.reading() as connection:
            due = sa.select(cases.c.id, cases.c.number).where(cases.c.state == "closed", cases.c.closed_at < _AGE)
            numbers = {row.id: row.number for row in connection.execute(due)}
        for some in _pieces(list(numbers), 50):
            for place in PLACES:
                with store.database.writing() as connection:
                    place.delete(connection, of_cases(connection, {each: numbers[each] for each in some}))
                rest(0)


_AGE: Final = NOW - timedelta(days=3 * 365)


def _pieces(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def without_overwriting(url: str, rest: Callable[[float], None]) -> None:
    """Run the pass on connections that leave the octets of what is deleted in free pages."""
    with open_store(url) as store:
        store.database.close()
        event.listen(
            store.database.engine, "connect", lambda driver, _record: driver.execute("PRAGMA secure_delete = OFF")
        )
        _Leaving(_SETTINGS, store, rest=rest).run(NOW)


class _Leaving(RetentionPass):
    """A pass that keeps the pages that became free: what was not overwritten is seen in them."""

    def _free(self) -> None:
        """Leave them."""


def _killed(run: Pass, url: str, after: int, delay: float) -> bool:
    """Run a pass in a process of its own and kill it after so many transactions; return whether it was still alive."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            run(url, lambda _seconds: _tell(write))
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    seen = 0
    while seen < after and (told := os.read(read, 64)):
        seen += len(told)
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.close(read)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the pass ended with status {os.WEXITSTATUS(status)}")
    return os.WIFSIGNALED(status)


def _tell(write: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(write, b".")


def prove_retention(
    folder: Path, count: int, kills: int, random: Random, *, place: Place = on_sqlite, run: Pass = real_pass
) -> Outcome:
    """Kill passes on one store again and again, end with one that nobody kills, and compare with an undisturbed one."""
    outcome = Outcome(count, kills)
    with ExitStack() as stack:
        urls = []
        for name in ("killed", "undisturbed"):
            (folder / name).mkdir()
            urls.append(stack.enter_context(place(folder / name)).url)
        killed, undisturbed = urls
        for url in urls:
            fill(url, count, chance(7))
        whole = Whole(killed)
        with open_store(undisturbed) as store:
            done = RetentionPass(_SETTINGS, store, share=100).run(NOW)
        outcome.transactions, outcome.longest = done.transactions, done.longest
        outcome.erased = done.counts["cases"]
        expected = snapshot(undisturbed)
        outcome.left = len(expected[cases.name])
        most = max(2, 2 * done.transactions // max(kills, 1))
        for _ in range(kills):
            try:
                outcome.killed += _killed(run, killed, random.randrange(1, most), random.random() * 0.01)
            except RuntimeError as error:
                outcome.faults.append(str(error))
            outcome.faults += whole.faults(killed)
        for when in ("", "once more: "):
            try:
                run(killed, lambda _seconds: None)
            except StoreUnavailableError as error:
                outcome.faults.append(f"{when}the pass failed: {error}")
            outcome.faults += [f"{when}{each}" for each in _differences(snapshot(killed), expected)]
        outcome.planted, outcome.octets_found = _octets_left(killed)
        with open_store(killed) as store:
            vacuum(store.database)
        outcome.octets_after_vacuum = _octets_left(killed)[1]
    return outcome


def _differences(found: dict[str, set[tuple[Any, ...]]], expected: dict[str, set[tuple[Any, ...]]]) -> list[str]:
    return [
        f"{name}: {len(found[name] - rows):,} rows too many, {len(rows - found[name]):,} are missing"
        for name, rows in expected.items()
        if found[name] != rows
    ]


def _octets_left(url: str) -> tuple[int, int]:
    """Return how many messages as they came were erased, and of how many octets are left in the file or its log."""
    with open_store(url, read_only=True) as store:
        path = store.database.sqlite_path
        if path is None:
            return 0, 0
        with store.database.reading() as connection:
            kept = set(connection.execute(sa.select(arrival_bodies.c.arrival_id)).scalars())
            last = connection.execute(sa.select(sa.func.max(arrivals.c.id))).scalar_one()
    logged = path.with_name(f"{path.name}-wal")
    octets = path.read_bytes() + (logged.read_bytes() if logged.exists() else b"")
    gone = [each for each in range(1, last + 1) if each not in kept]
    return len(gone), sum(f"{SECRET}-{each} ".encode() in octets for each in gone)
