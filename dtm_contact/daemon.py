"""The program on one page: what starts in which order, and what stops in reverse."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from dtm_contact.channels import start_channels
from dtm_contact.directory import Directory
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import GroupCommitInbox, Store, migrate, open_store
from dtm_contact.worker import Reception, WakingInbox, Worker

_log = get_log("daemon")


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that has started.

    Attributes:
        store: what it keeps everything in.
        addresses: where each channel listens, by the channel's name.
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
        directory = Directory(store.directory.load())
        rules = load_rules(settings.rules.dir, directory.offices, zone=settings.zone)
        worker = Worker(settings, store, Reception(rules, directory))
        stack.push_async_callback(worker.stop)
        await worker.start()
        inbox = GroupCommitInbox(store, on_change=_say_whether_mail_is_taken)
        stack.push_async_callback(inbox.close)
        opened = await start_channels(settings, WakingInbox(inbox, worker.arrived))
        for channel in opened:
            stack.push_async_callback(channel.stop)
        addresses = {channel.name: channel.address for channel in opened}
        _log.info("started", rules=rules.version, **addresses)
        yield Running(store, addresses)
        _log.info("stopping")


def _say_whether_mail_is_taken(trouble: StoreUnavailableError | None) -> None:
    if trouble is None:
        _log.info("the store can be written again: mail is taken")
    else:
        _log.error("the store cannot be written: senders are told to try again later", error=type(trouble).__name__)


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
