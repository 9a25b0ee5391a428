"""Full disks, locks and lost connections: nothing is said to be stored that is not, and the store recovers."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.errors import CommitUnknownError, StoreUnavailableError
from dtm_contact.store import GroupCommitInbox, Store, StoreRefusedError, open_store
from dtm_contact.store.accepting import prepare_at_once
from tests.store.samples import arrival

LARGE = bytes(300_000)


class Disk:
    """A disk that holds so many more of a SQLite store's pages, as SQLite sees it."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._free: int | None = None
        sa.event.listen(self._database.engine, "connect", self._limit)

    def _limit(self, driver: sqlite3.Connection, _record: object) -> None:
        if self._free is not None:
            used = driver.execute("PRAGMA page_count").fetchone()[0]
            driver.execute(f"PRAGMA max_page_count = {used + self._free}")

    def leave_free(self, pages: int | None) -> None:
        self._free = pages
        self._database.close()


def stored(store: Store) -> list[str]:
    return [line.external_id for line in store.arrivals.listing()]


async def test_a_full_disk_refuses_until_there_is_room_again(sqlite_store: Store) -> None:
    disk, inbox = Disk(sqlite_store), GroupCommitInbox(sqlite_store)
    # Large, so that it takes up the room that the first probe left in the file.
    await inbox.accept([arrival("before", raw=LARGE)])
    disk.leave_free(4)
    with pytest.raises(StoreUnavailableError, match="SQLITE_FULL"):
        await inbox.accept([arrival("large", raw=LARGE)])
    with pytest.raises(StoreUnavailableError, match="SQLITE_FULL"):
        await inbox.accept([arrival("small")])
    assert stored(sqlite_store) == ["before"]
    disk.leave_free(None)
    await inbox.accept([arrival("large", raw=LARGE), arrival("after")])
    await inbox.close()
    assert stored(sqlite_store) == ["before", "large", "after"]


@contextmanager
def no_file_grows_beyond(octets: int) -> Iterator[None]:
    """Let the operating system refuse longer writes (EFBIG), as a disk that fails would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fails_under_the_commit_leaves_its_outcome_open(sqlite_store: Store) -> None:
    sqlite_store.arrivals.accept([arrival("before")])
    assert sqlite_store.database.sqlite_path is not None
    log = Path(f"{sqlite_store.database.sqlite_path}-wal")
    with no_file_grows_beyond(log.stat().st_size + 20_000):
        with pytest.raises(CommitUnknownError, match="SQLITE_IOERR_WRITE"):
            sqlite_store.arrivals.accept([arrival("lost", raw=LARGE)])
        with pytest.raises(StoreUnavailableError):
            sqlite_store.database.probe()
    sqlite_store.database.probe()
    sqlite_store.arrivals.accept([arrival("after")])
    assert stored(sqlite_store) == ["before", "after"]


def test_a_disk_without_room_even_for_reading_is_named_with_what_to_do(sqlite_url: str) -> None:
    # After a clean stop SQLite begins with a new file for its shared memory.
    with (
        no_file_grows_beyond(1_000),
        pytest.raises(StoreUnavailableError, match=r"SQLITE_IOERR_SHMSIZE \(no room .* free some"),
    ):
        open_store(sqlite_url)


def test_a_probe_leaves_nothing_behind(store: Store) -> None:
    store.database.probe()
    with store.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM probes")).scalar_one() == 0


def test_another_programs_lock_is_waited_for_only_so_long(sqlite_url: str) -> None:
    with open_store(sqlite_url, patience=0.05) as store:
        other = sqlite3.connect(sa.make_url(sqlite_url).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="SQLITE_BUSY"):
            store.arrivals.accept([arrival("locked out")])
        assert stored(store) == []
        other.execute("ROLLBACK")
        other.close()
        store.arrivals.accept([arrival("after")])
        assert stored(store) == ["after"]


def test_what_was_read_before_a_write_still_holds_when_it_is_written(sqlite_url: str) -> None:
    with open_store(sqlite_url) as first, open_store(sqlite_url, patience=0.05) as second:
        with first.database.writing() as connection:
            connection.execute(sa.text("SELECT count(*) FROM arrivals"))
            with pytest.raises(StoreUnavailableError, match="SQLITE_BUSY"):
                second.arrivals.accept([arrival("between")])
            connection.execute(sa.text("DELETE FROM arrivals"))
        second.arrivals.accept([arrival("after")])
        assert stored(first) == ["after"]


def test_what_sqlite_rolled_back_by_itself_is_not_said_to_be_stored(sqlite_store: Store) -> None:
    with (
        pytest.raises(StoreUnavailableError, match="rolled back"),
        sqlite_store.database.writing() as connection,
    ):
        connection.exec_driver_sql("ROLLBACK")


def test_one_that_breaks_off_leaves_nothing_of_the_others(sqlite_store: Store) -> None:
    nothing: Any = None
    sqlite_store.arrivals.accept([arrival("before")])
    with pytest.raises(StoreRefusedError, match="IntegrityError"):
        sqlite_store.arrivals.accept([arrival("beside"), replace(arrival("of no channel"), channel=nothing)])
    assert stored(sqlite_store) == ["before"]
    sqlite_store.arrivals.accept([arrival("after")])
    assert stored(sqlite_store) == ["before", "after"]


def end_connection(store: Store, pid: int) -> None:
    with store.database.engine.connect() as other:
        other.execute(sa.select(sa.func.pg_terminate_backend(pid, 5_000)))


def pid_of(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one())


def write_on_a_lost_connection(store: Store, connection: sa.Connection) -> None:
    end_connection(store, pid_of(connection))
    connection.execute(sa.text("DELETE FROM probes"))


def test_a_connection_lost_before_the_commit(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        with pytest.raises(StoreUnavailableError) as raised, store.database.writing() as connection:
            write_on_a_lost_connection(store, connection)
        assert not isinstance(raised.value, CommitUnknownError)
        store.arrivals.accept([arrival("after")])
        assert stored(store) == ["after"]


def test_a_connection_lost_under_the_commit_leaves_its_outcome_open(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        with pytest.raises(CommitUnknownError), store.database.writing() as connection:
            end_connection(store, pid_of(connection))
        store.arrivals.accept([arrival("after")])
        assert stored(store) == ["after"]


def test_a_server_that_was_started_again_is_found_again(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        store.arrivals.accept([arrival("before")])
        with store.database.reading() as connection:
            pid = pid_of(connection)
        other = open_store(postgresql_url)
        end_connection(other, pid)
        other.close()
        store.arrivals.accept([arrival("after")])
        assert stored(store) == ["before", "after"]


@pytest.mark.parametrize("verb", ["accept", "claim", "looked_at"])
def test_a_read_only_store_refuses_every_write(url: str, verb: str) -> None:
    arguments: dict[str, tuple[object, ...]] = {
        "accept": ([arrival()],),
        "claim": ("worker", arrival().received_at),
        "looked_at": ({1: 0},),
    }
    with open_store(url, read_only=True) as store:
        with pytest.raises(StoreRefusedError, match="reading only"):
            getattr(store.arrivals, verb)(*arguments[verb])
        assert store.arrivals.waiting() == 0


def test_a_reader_beside_the_writer_sees_what_is_committed(store: Store, url: str) -> None:
    with open_store(url, read_only=True) as reader:
        store.arrivals.accept([arrival("a")])
        assert stored(reader) == ["a"]


def test_not_even_a_reading_transaction_of_a_read_only_store_can_write(url: str) -> None:
    with (
        open_store(url, read_only=True) as store,
        pytest.raises(StoreUnavailableError),
        store.database.reading() as connection,
    ):
        connection.execute(sa.text("DELETE FROM arrivals"))


def test_sqlite_waits_for_the_disk(sqlite_store: Store) -> None:
    sqlite_store.arrivals.claim("worker", arrival().received_at)
    with sqlite_store.database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_arrivals_always_wait_for_the_disk(sqlite_store: Store) -> None:
    sqlite_store.arrivals.claim("worker", arrival().received_at)
    with sqlite_store.database.at_once(prepare_at_once) as driver:
        told = {name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
        assert told == {"synchronous": 2, "journal_mode": "wal"}
        assert driver.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_postgresql_waits_for_the_disk(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        store.arrivals.claim("worker", arrival().received_at)
        with store.database.writing() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
