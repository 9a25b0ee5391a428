"""The program on one page: what starts in which order, and what stops in reverse."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.channels import start_channels
from dtm_contact.directory import Directory
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.monitor import Check, Monitor
from dtm_contact.notices import Notices
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import GroupCommitInbox, Store, migrate, open_store
from dtm_contact.worker import Reception, WakingInbox, Worker

_log = get_log("daemon")
_LOOP_SECONDS = 2.0
# Alarms while which the daemon does not do its work; a parked arrival is an alarm, but no illness of the daemon.
_UNWELL = ("intake", "claiming", "recording")


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that has started.

    Attributes:
        store: what it keeps everything in.
        addresses: where each channel listens, by the channel's name, and the monitor's pages.
    """

    store: Store
    addresses: dict[str, str]


@asynccontextmanager
async def daemon(settings: Settings) -> AsyncIterator[Running]:
    """Start everything, hand it out, and stop it in reverse when the block ends.

    Mail is taken in last and refused first: what a sender was thanked for has somebody to judge it.

    Raises:
        NoDirectoryError: no directory has been imported.
        InvalidFilesError: the rules hold errors; all of them are told.
        UnknownSchemaError: the store is of another version.
        OSError: an address to listen on is taken or not ours.
    """
    async with AsyncExitStack() as stack:
        store = stack.enter_context(open_store(settings.store.url))
        notices = Notices(settings.alarm)
        stack.callback(notices.close)
        alarms = Alarms(notices, time.monotonic)
        worker = Worker(settings, store, alarms)
        stack.push_async_callback(worker.stop)
        await worker.launch()
        directory = Directory(store.directory.load())
        # Offices are not checked here: an export that dropped one in the night must not keep mail from being judged.
        rules = load_rules(settings.rules.dir, zone=settings.zone)
        await worker.start(Reception(rules, directory))
        inbox = GroupCommitInbox(store, on_change=partial(_tell_whether_mail_is_taken, alarms))
        stack.push_async_callback(inbox.close)
        opened = await start_channels(settings, WakingInbox(inbox, worker.arrived))
        for channel in opened:
            stack.push_async_callback(channel.stop)
        addresses = {channel.name: channel.address for channel in opened}
        monitor = stack.enter_context(_monitor(settings, store, alarms))
        addresses["monitor"] = monitor.address
        _log.info("started", rules=rules.version, **addresses)
        yield Running(store, addresses)
        _log.info("stopping")


def _tell_whether_mail_is_taken(alarms: Alarms, trouble: StoreUnavailableError | None) -> None:
    if trouble is None:
        alarms.over("intake")
    else:
        told = f"The store cannot be written ({type(trouble).__name__}): senders are told to try again later."
        alarms.sound("intake", told)


def _monitor(settings: Settings, store: Store, alarms: Alarms) -> Monitor:
    loop = asyncio.get_running_loop()
    checks: dict[str, Check] = {
        "event loop": partial(_loop_answers, loop),
        "store": partial(_store_answers, store),
        "alarms": lambda: ", ".join(cause for cause in alarms.lasting if cause in _UNWELL) or None,
    }
    return Monitor(settings.monitor.host, settings.monitor.port, checks, partial(_count_store, store))


def _loop_answers(loop: asyncio.AbstractEventLoop) -> str | None:
    answered = threading.Event()
    loop.call_soon_threadsafe(answered.set)
    return None if answered.wait(_LOOP_SECONDS) else f"no answer within {_LOOP_SECONDS:g} s"


def _store_answers(store: Store) -> str | None:
    try:
        store.arrivals.waiting()
    except StoreUnavailableError:
        return "cannot be read"
    return None


def _count_store(store: Store) -> None:
    metrics.WAITING.set(store.arrivals.waiting())
    metrics.OPEN_CASES.clear()
    metrics.LATE_CASES.clear()
    for count in store.cases.queue_counts(datetime.now(UTC)):
        metrics.OPEN_CASES.labels(count.queue).set(count.open)
        metrics.LATE_CASES.labels(count.queue).set(count.late)


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, in place of ending the process."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def run(settings: Settings) -> None:
    """Bring the store's tables up to date, run the daemon until SIGINT or SIGTERM, stop it cleanly."""
    migrate(settings.store.url)
    stopped = stop_signal()
    async with daemon(settings):
        await stopped.wait()
