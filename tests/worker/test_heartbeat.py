"""A daemon's lease as the daemon keeps it: gotten, renewed, lost, gotten anew; and who is refused one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from dtm_contact.errors import DaemonRunsError, LeaseLostError, StoreUnavailableError
from dtm_contact.settings import LeaseSettings, Settings, StoreSettings
from dtm_contact.store import Store, open_store
from dtm_contact.store.system_schema import daemons
from dtm_contact.worker import LeaseHeartbeat, heartbeat_lifespan
from tests.heard import made_alarms
from tests.store.samples import NOW, arrival

SECONDS = 30.0


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def heart(
    store: Store,
    settings: Settings,
    told: list[str] | None = None,
    clock: Callable[[], float] | None = None,
    taken_over: Callable[[], None] = lambda: None,
) -> LeaseHeartbeat:
    alarms = made_alarms(lambda cause, _sentence: (told if told is not None else []).append(cause))
    named = {} if clock is None else {"clock": clock}
    return LeaseHeartbeat(settings, store, alarms, taken_over=taken_over, **named)


def stand_still(store: Store, heartbeat: LeaseHeartbeat, clock: Clock) -> None:
    """Let a daemon stand still for longer than its lease lasts."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    mine = sa.update(daemons).where(daemons.c.incarnation == heartbeat.holder())
    with store.database.writing() as connection:
        connection.execute(mine.values(until=past, renewed_at=past - timedelta(seconds=SECONDS)))
    clock.now += 2 * SECONDS


async def test_whoever_stood_still_holds_nothing_and_begins_anew(settings: Settings, store: Store) -> None:
    clock = Clock()
    told: list[str] = []
    heartbeat = heart(store, settings, told, clock)
    async with heartbeat_lifespan(heartbeat):
        first = heartbeat.holder()
        store.arrivals.accept([arrival()])
        claimed = store.arrivals.claim(first, NOW)
        assert claimed is not None
        stand_still(store, heartbeat, clock)
        with pytest.raises(LeaseLostError):
            heartbeat.holder()
        assert store.leases.take_over().arrivals == 1
        await heartbeat.beat()
        assert heartbeat.holder() != first
        assert told == []
        assert [line.incarnation for line in store.leases.listing()] == [heartbeat.holder()]
    assert store.leases.listing() == []


async def test_whoever_stood_still_and_was_missed_by_nobody_goes_on(settings: Settings, store: Store) -> None:
    clock = Clock()
    heartbeat = heart(store, settings, None, clock)
    async with heartbeat_lifespan(heartbeat):
        first = heartbeat.holder()
        stand_still(store, heartbeat, clock)
        await heartbeat.beat()
        assert heartbeat.holder() == first


async def test_what_the_dead_held_is_taken_over_and_told(settings: Settings, store: Store) -> None:
    woken: list[str] = []
    heartbeat = heart(store, settings, taken_over=lambda: woken.append("woken"))
    async with heartbeat_lifespan(heartbeat):
        await heartbeat.beat()
        assert woken == []
        store.arrivals.accept([arrival()])
        assert store.arrivals.claim("dead", NOW) is not None
        await heartbeat.beat()
        assert woken == ["woken"]
        assert store.arrivals.claim(heartbeat.holder(), NOW) is not None


async def test_a_store_that_is_ill_costs_the_lease_and_is_an_alarm_until_it_is_well(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    told: list[str] = []
    heartbeat = heart(store, settings, told, clock)
    async with heartbeat_lifespan(heartbeat):
        with monkeypatch.context() as patch:
            patch.setattr(store.leases, "renew", lambda *_: 1 / 0)
            await heartbeat.beat()
            assert told == ["lease"]
            assert heartbeat.holder()
            clock.now += SECONDS
            with pytest.raises(LeaseLostError):
                heartbeat.holder()
        await heartbeat.beat()
        assert heartbeat.holder()
        assert told == ["lease"]
        # What is ill once more is told once more.
        monkeypatch.setattr(store.leases, "renew", lambda *_: 1 / 0)
        await heartbeat.beat()
    assert told == ["lease", "lease"]


async def test_a_store_that_cannot_be_written_at_the_start_is_an_alarm_and_costs_no_start(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ill(*_: object, **__: object) -> None:
        raise StoreUnavailableError("read-only")

    told: list[str] = []
    heartbeat = heart(store, settings, told)
    with monkeypatch.context() as patch:
        patch.setattr(store.leases, "register", ill)
        await heartbeat.begin()
    assert told == ["lease"]
    with pytest.raises(LeaseLostError):
        heartbeat.holder()
    await heartbeat.beat()
    assert heartbeat.holder()
    await heartbeat.end()


async def test_a_second_daemon_on_a_sqlite_file_is_refused_and_told_which_one_runs(
    settings: Settings, store: Store
) -> None:
    with open_store(settings.store.url) as another:
        async with heartbeat_lifespan(heart(store, settings)):
            other = settings.model_copy(update={"name": "other"})
            with pytest.raises(DaemonRunsError, match=rf"daemon \(host .*, process {os.getpid()}, since .*PostgreSQL"):
                async with heartbeat_lifespan(heart(another, other)):
                    pass
        async with heartbeat_lifespan(heart(another, settings)):
            assert [line.name for line in another.leases.listing()] == ["daemon"]


@pytest.fixture
def shared(settings: Settings, postgresql_url: str) -> Settings:
    """Settings of a daemon called d1 on PostgreSQL."""
    return settings.model_copy(update={"store": StoreSettings(url=postgresql_url), "name": "d1"})


async def test_two_living_daemons_of_one_name_are_refused_and_of_two_names_not(shared: Settings) -> None:
    with open_store(shared.store.url) as one, open_store(shared.store.url) as two:
        async with heartbeat_lifespan(heart(one, shared)):
            with pytest.raises(DaemonRunsError, match=r"d1 \(host .*lease until .*DTM_NAME"):
                async with heartbeat_lifespan(heart(two, shared)):
                    pass
            async with heartbeat_lifespan(heart(two, shared.model_copy(update={"name": "d2"}))):
                assert [line.name for line in one.leases.listing()] == ["d1", "d2"]


async def test_whose_name_another_has_by_now_judges_nothing_until_that_is_gone(shared: Settings) -> None:
    told: list[str] = []
    clock = Clock()
    with open_store(shared.store.url) as one, open_store(shared.store.url) as two:
        paused = heart(one, shared, told, clock)
        async with heartbeat_lifespan(paused):
            stand_still(one, paused, clock)
            async with heartbeat_lifespan(heart(two, shared)) as other:
                await paused.beat()
                with pytest.raises(LeaseLostError):
                    paused.holder()
                assert told == ["lease"]
                assert other.holder()
            await paused.beat()
            assert paused.holder()


def claimed_and_killed(url: str) -> None:
    """Let a daemon called d1 claim an arrival in a process of its own, and kill it."""
    code = (
        "import sys; from datetime import UTC, datetime; from dtm_contact.store import *\n"
        "store = open_store(sys.argv[1]); daemon = Daemon.here('d1')\n"
        "print(name_lock(store.database, daemon).acquire(), flush=True)\n"
        "store.leases.register(daemon, 3600); store.arrivals.claim(daemon.incarnation, datetime.now(UTC))\n"
        "print('claimed', flush=True); sys.stdin.readline()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["True\n", "claimed\n"]
    process.kill()
    process.communicate()


async def test_after_a_kill_the_same_name_starts_again_and_has_what_was_held(shared: Settings) -> None:
    with open_store(shared.store.url) as store:
        store.arrivals.accept([arrival()])
        await asyncio.to_thread(claimed_and_killed, shared.store.url)
        # Its lease has an hour to go: that it is dead is known by its connection.
        async with heartbeat_lifespan(heart(store, shared)) as heartbeat:
            assert store.arrivals.claim(heartbeat.holder(), datetime.now(UTC)) is not None


def test_a_lease_outlasts_some_heartbeats() -> None:
    with pytest.raises(ValidationError, match="outlast 3 heartbeats"):
        LeaseSettings(seconds=10, heartbeat_seconds=4)
    with pytest.raises(ValidationError):
        LeaseSettings(seconds=60)
