"""What a daemon holds is its own while its lease lasts; then others take it, and whoever comes late changes nothing."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.errors import HeldError, NotFoundError, StoreUnavailableError
from dtm_contact.store import Claimed, Held, Store, events, name_lock, open_store
from dtm_contact.store.record_result import lock_arrival
from dtm_contact.store.system_schema import daemons
from tests.store.samples import NOW, arrival, daemon, judgement, minutes
from tests.store.test_joining import letter, recorded

LEASE = 30.0


def over(store: Store, incarnation: str) -> None:
    """Let a lease be over: as if its daemon had stood still for longer than it lasts."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with store.database.writing() as connection:
        mine = sa.update(daemons).where(daemons.c.incarnation == incarnation)
        connection.execute(mine.values(until=past, renewed_at=past - timedelta(seconds=LEASE)))


@pytest.fixture
def two(store: Store) -> Store:
    """A store with two daemons."""
    for name in ("dead", "living"):
        store.leases.register(daemon(name), LEASE)
    return store


def holding(store: Store, name: str) -> Claimed:
    """Let a daemon hold one arrival, one e-mail and one channel, and return the arrival."""
    recorded(store, judgement(), f"case of {name}", letters=[letter(f"to {name}")])
    store.arrivals.accept([arrival(f"of {name}")])
    claimed = store.arrivals.claim(name, NOW)
    assert claimed is not None
    assert store.outbox.claim(name, NOW) is not None
    assert store.checkpoints.follow(f"log of {name}", name)
    return claimed


def test_what_is_held_beyond_a_lease_is_told_and_given_back(two: Store) -> None:
    for name in ("dead", "living"):
        holding(two, name)
    assert not two.leases.held_beyond()
    assert not two.leases.take_over()
    over(two, "dead")
    assert two.leases.held_beyond() == Held(1, 1, 1)
    assert two.leases.take_over() == Held(1, 1, 1)
    assert not two.leases.held_beyond()
    assert [line.name for line in two.leases.listing()] == ["living"]
    again = two.arrivals.claim("living", NOW)
    assert again is not None
    assert (again.arrival.external_id, again.attempt) == ("of dead", 2)
    assert two.checkpoints.follow("log of dead", "living")


def test_what_is_held_under_a_name_that_never_had_a_lease_is_given_back(two: Store) -> None:
    holding(two, "unheard of")
    assert two.leases.take_over() == Held(1, 1, 1)


def test_a_lease_that_is_over_can_be_renewed_until_somebody_takes_over(two: Store) -> None:
    claimed = holding(two, "dead")
    over(two, "dead")
    assert two.leases.renew("dead", LEASE)
    assert not two.leases.take_over()
    over(two, "dead")
    two.leases.take_over()
    assert not two.leases.renew("dead", LEASE)
    assert two.cases.record(claimed, judgement(), {}, NOW) is None


def test_a_start_takes_back_what_its_own_name_held_and_an_end_gives_it_back(two: Store) -> None:
    holding(two, "dead")
    two.leases.register(replace(daemon("dead"), incarnation="again"), LEASE)
    assert two.arrivals.claim("again", NOW) is not None
    two.leases.end("again")
    assert not two.leases.held_beyond()
    assert two.arrivals.claim("living", NOW) is not None


def test_whoever_comes_late_records_nothing(two: Store) -> None:
    late = holding(two, "dead")
    over(two, "dead")
    two.leases.take_over()
    held = two.arrivals.claim("living", minutes(1))
    assert held is not None
    assert two.cases.record(late, judgement(), {}, NOW) is None
    number = two.cases.record(held, judgement(), {}, NOW)
    assert number is not None
    assert two.cases.record(late, judgement(), {}, NOW) == number


def test_whoever_comes_late_sends_nothing_and_settles_nothing_that_another_sends(two: Store) -> None:
    recorded(two, judgement(), "case", letters=[letter()])
    late = two.outbox.claim("dead", NOW)
    assert late is not None
    assert 0 < two.outbox.lease_left(late, "dead") <= LEASE
    over(two, "dead")
    assert two.outbox.lease_left(late, "dead") <= 0
    two.leases.take_over()
    assert two.outbox.lease_left(late, "dead") == 0
    held = two.outbox.claim("living", NOW)
    assert held is not None
    for fate in ("sent", "refused", "given_up"):
        two.outbox.settle(late, fate, "250", NOW)
    two.outbox.retry(late, "451", minutes(60))
    assert two.outbox.lease_left(held, "living") > 0
    two.outbox.settle(held, "sent", "250", NOW)
    assert two.outbox.waiting() == 0


def test_what_was_sent_late_and_claimed_by_nobody_since_is_not_sent_again(two: Store) -> None:
    recorded(two, judgement(), "case", letters=[letter()])
    late = two.outbox.claim("dead", NOW)
    assert late is not None
    over(two, "dead")
    two.leases.take_over()
    two.outbox.settle(late, "refused", "554", NOW)
    assert two.outbox.waiting() == 1
    two.outbox.settle(late, "sent", "250", NOW)
    assert two.outbox.waiting() == 0
    assert two.outbox.claim("living", NOW) is None


def test_an_arrival_is_tried_again_by_hand_unless_a_daemon_that_lives_holds_it(two: Store) -> None:
    claimed = holding(two, "dead")
    with pytest.raises(HeldError, match=r"judged by dead \(host machine, process 1, .*lease until"):
        two.arrivals.retry(claimed.id, "paul", minutes(1))
    over(two, "dead")
    two.arrivals.retry(claimed.id, "paul", minutes(1))
    again = two.arrivals.claim("living", minutes(1))
    assert again is not None
    assert (again.id, again.attempt) == (claimed.id, 1)
    assert two.cases.record(claimed, judgement(), {}, NOW) is None
    two.cases.record(again, judgement(), {}, NOW)
    with pytest.raises(NotFoundError, match="parked or claimed"):
        two.arrivals.retry(claimed.id, "paul", minutes(1))


def test_whoever_stands_still_within_a_transaction_keeps_nothing_locked(postgresql_url: str) -> None:
    with open_store(postgresql_url, patience=1) as still, open_store(postgresql_url) as other:
        other.arrivals.accept([arrival()])
        claimed = still.arrivals.claim("still", NOW)
        assert claimed is not None

        def recorded_late() -> None:
            with still.database.writing() as connection:
                lock_arrival(connection, claimed)
                assert not other.leases.take_over()
                until(lambda: other.leases.take_over().arrivals == 1)
                event = events.NewEvent("still", "judged", NOW)
                events.append(connection, event, case_id=None, arrival_id=claimed.id)

        with pytest.raises(StoreUnavailableError):
            recorded_late()
        assert other.arrivals.claim("living", NOW) is not None


def test_a_clock_that_was_set_back_keeps_no_dead_daemon_alive(two: Store) -> None:
    holding(two, "dead")
    future = datetime.now(UTC) + timedelta(hours=1)
    with two.database.writing() as connection:
        mine = sa.update(daemons).where(daemons.c.incarnation == "dead")
        connection.execute(mine.values(until=future + timedelta(seconds=LEASE), renewed_at=future))
    assert two.leases.take_over() == Held(1, 1, 1)


@contextmanager
def elsewhere(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Hold a daemon's lock in another process."""
    code = (
        "import sys; from dtm_contact.store import *; store = open_store(sys.argv[1]);"
        "lock = name_lock(store.database, Daemon.here(sys.argv[2])); print(lock.acquire(), flush=True);"
        "sys.stdin.readline()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        pass


def test_a_name_is_one_daemons_until_its_process_ends(store: Store, url: str) -> None:
    lock = name_lock(store.database, daemon("d1"))
    with elsewhere(url, "d1") as other:
        assert not lock.acquire()
        other.kill()
        until(lock.acquire)
        assert lock.acquire()
    lock.release()
    with elsewhere(url, "d1"):
        assert not lock.acquire()


def test_a_sqlite_file_is_one_daemons_by_whatever_link_it_is_reached(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "linked.db"
    link.symlink_to(tmp_path / "store.db")
    with open_store(sqlite_url) as one, open_store(f"sqlite:///{link}") as two:
        first, second = name_lock(one.database, daemon("d1")), name_lock(two.database, daemon("d2"))
        assert first.acquire()
        assert not second.acquire()
        (tmp_path / "store.db.daemon").unlink()
        assert first.acquire()
        assert not second.acquire()
        first.release()
        assert second.acquire()
        second.release()


def test_names_are_apart_on_postgresql_and_a_sqlite_file_is_one_daemons(store: Store, url: str) -> None:
    lock = name_lock(store.database, daemon("d2"))
    with elsewhere(url, "d1"):
        assert lock.acquire() is (store.database.sqlite_path is None)
        assert "d1" in lock.owner() or store.database.sqlite_path is None
    lock.release()


def test_an_owner_whose_lease_is_over_loses_the_name_and_one_that_lives_does_not(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store, elsewhere(postgresql_url, "d1"):
        lock = name_lock(store.database, daemon("d1"))
        store.leases.register(daemon("d1"), LEASE)
        lock.evict()
        assert not lock.acquire()
        over(store, "d1")
        lock.evict()
        until(lock.acquire)
        lock.release()


def test_a_lock_that_the_server_has_dropped_is_gotten_again(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        lock, another = name_lock(store.database, daemon("d1")), name_lock(store.database, daemon("d1"))
        assert lock.acquire()
        another.evict()
        until(lock.acquire)
        assert not another.acquire()
        lock.release()
        until(another.acquire)
        another.release()
