"""What being well means for the daemon, and what is counted when somebody asks."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial

from prometheus_client import REGISTRY

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.monitor import Check, Monitor
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker import Heartbeat

_LOOP_SECONDS = 2.0
# Alarms while which the daemon does not do its work; a parked arrival is an alarm, but no illness of the daemon.
_UNWELL = ("intake", "claiming", "recording", "imap", "imap_sent")
_FOLLOWED = ("imap", "imap_sent")
# A mailbox is looked at anew after so long without news; later than three such looks something hangs.
_LOOKS = 3
_MINUTE = 60.0
_DIRECTORY_SECONDS = 3600.0
_DIRECTORY_OLD = "directory-age"

_log = get_log("health")


def watch(settings: Settings, store: Store, alarms: Alarms, heartbeat: Heartbeat) -> Monitor:
    """Return the pages that watch over the daemon whose event loop runs this.

    Raises:
        OSError: the address to listen on is taken or not ours.
    """
    loop = asyncio.get_running_loop()
    checks: dict[str, Check] = {
        "event loop": partial(_loop_answers, loop),
        "store": partial(_store_answers, store),
        "leases": partial(_nothing_held_beyond, store, heartbeat),
        "mailbox": partial(_mailboxes_looked_at, settings, time.time),
        "alarms": lambda: ", ".join(cause for cause in alarms.lasting if cause in _UNWELL) or None,
    }
    metrics.FALSE_WAKINGS_BUDGET.set(settings.desk.false_wakings)
    return Monitor(settings.monitor.host, settings.monitor.port, checks, partial(_count_store, store))


@asynccontextmanager
async def watching_directory(
    settings: Settings, store: Store, alarms: Alarms, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Look at the age of the directory now and every hour until the block ends."""

    async def watching() -> None:
        while True:
            await asyncio.to_thread(look_at_directory, settings, store, alarms, clock())
            await asyncio.sleep(_DIRECTORY_SECONDS)

    task = asyncio.create_task(watching(), name="directory's age")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def look_at_directory(settings: Settings, store: Store, alarms: Alarms, now: datetime) -> None:
    """Raise the alarm where the directory in force was exported too long ago, or end it."""
    try:
        exported_at = store.directory.exported_at()
    except StoreUnavailableError as error:
        _log.warning("the age of the directory cannot be read", error=type(error).__name__)
        return
    most = timedelta(days=settings.directory.max_age_days)
    if exported_at is None or not most or now - exported_at <= most:
        alarms.over(_DIRECTORY_OLD)
        return
    age = (now - exported_at) / timedelta(days=1)
    told = (
        f"The directory in force was exported {age:.0f} days ago ({exported_at:%Y-%m-%d}); "
        f"DTM_DIRECTORY_MAX_AGE_DAYS allows {settings.directory.max_age_days:g}. Tenants who moved in since are not "
        "known. Does the landlord's export still run, and does its import? `dtm-contact directory history` lists the "
        "imports, `journalctl -u dtm-contact-directory` what became of the scheduled ones."
    )
    alarms.sound(_DIRECTORY_OLD, told)


def _loop_answers(loop: asyncio.AbstractEventLoop) -> str | None:
    answered = threading.Event()
    loop.call_soon_threadsafe(answered.set)
    return None if answered.wait(_LOOP_SECONDS) else f"no answer within {_LOOP_SECONDS:g} s"


def _mailboxes_looked_at(settings: Settings, clock: Callable[[], float]) -> str | None:
    for channel in filter(settings.channels.__contains__, _FOLLOWED):
        looked = REGISTRY.get_sample_value("dtm_channel_looked_seconds", {"channel": channel})
        silent = clock() - looked if looked else 0.0
        if silent > _LOOKS * settings.imap.poll_seconds:
            return f"{channel} was not looked at for {silent / _MINUTE:.0f} min"
    return None


def _store_answers(store: Store) -> str | None:
    try:
        store.arrivals.waiting()
    except StoreUnavailableError:
        return "cannot be read"
    return None


def _nothing_held_beyond(store: Store, heartbeat: Heartbeat) -> str | None:
    """Tell what is held by daemons whose lease is over, this one included: nobody works on that."""
    found = []
    if heartbeat.seconds_left() <= 0:
        found.append("this daemon has no lease: it judges and sends nothing")
    try:
        held = store.leases.held_beyond()
    except StoreUnavailableError:
        return "cannot be read"
    if held:
        gone = [str(line) for line in store.leases.listing() if not line.alive]
        found.append(f"held beyond a lease: {held}" + (f", by {'; '.join(gone)}" if gone else ""))
    return "; ".join(found) or None


def _count_store(store: Store) -> None:
    if exported_at := store.directory.exported_at():
        metrics.DIRECTORY_AGE.set((datetime.now(UTC) - exported_at).total_seconds())
    metrics.WAITING.set(store.arrivals.waiting())
    metrics.DAEMONS.set(sum(line.alive for line in store.leases.listing()))
    for kind, count in asdict(store.leases.held_beyond()).items():
        metrics.HELD_BEYOND.labels(kind).set(count)
    metrics.FALSE_WAKINGS.set(store.alarm_labels.false_wakings(datetime.now(UTC))[0])
    metrics.OPEN_CASES.clear()
    metrics.LATE_CASES.clear()
    metrics.POSSIBLE_DANGERS.clear()
    for count in store.cases.queue_counts(datetime.now(UTC)):
        metrics.OPEN_CASES.labels(count.queue).set(count.open)
        metrics.LATE_CASES.labels(count.queue).set(count.late)
        metrics.POSSIBLE_DANGERS.labels(count.queue).set(count.possible)
