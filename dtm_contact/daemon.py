"""The program on one page: what starts in which order, and what stops in reverse."""

import asyncio
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from dtm_contact.alarms import Alarms, cause_of
from dtm_contact.alerting import Announcer, announce_lasting, announcing, kept_in, notifiers_of
from dtm_contact.background import beside
from dtm_contact.backup import StoreJournal, open_journal
from dtm_contact.beginning import make_store, watching_for_missing
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cases.server import hearing
from dtm_contact.danger_page import Keeper, keeping
from dtm_contact.dead_man_switch import DeadManSwitch, signing
from dtm_contact.directory import Directory
from dtm_contact.errors import DtmContactError, StoreUnavailableError, described, translate_open_errors
from dtm_contact.figures.keeping import FigureKeeper, counting_figures
from dtm_contact.figures.report import MonthlyReport
from dtm_contact.health import READY, Health, HealthWatch, answers, watching_ages, watching_health
from dtm_contact.ingest import RunningReceiver, open_receivers, start_receivers
from dtm_contact.log import get_log
from dtm_contact.log import reopen as reopen_log
from dtm_contact.monitor import Monitor
from dtm_contact.outbound import Answering
from dtm_contact.outbound.notices import NoticeWriter
from dtm_contact.privacy.retention import keeping_ages
from dtm_contact.rules import RuleSet
from dtm_contact.service_manager import ServiceManager, Watchdog, fed
from dtm_contact.settings import HttpSettings, MailServerSettings, Settings
from dtm_contact.store import GroupCommitInbox, Store, open_store
from dtm_contact.store.secret_keys import SecretKeys
from dtm_contact.timers import Runner, Storms, running
from dtm_contact.tokens import CaseTokens
from dtm_contact.web.supervisor import open_desk
from dtm_contact.worker import (
    FallbackQueue,
    LeaseHeartbeat,
    OutboxWriter,
    QueueWatch,
    RulesWatch,
    WakingInbox,
    Worker,
    at_start,
    copies,
    heartbeat_lifespan,
    queue_watch_lifespan,
    quiet_copy,
    rules_watch_lifespan,
    sender_lifespan,
    tokens_of,
    utc_now,
)

_log = get_log("daemon")
_DESK_STARTS_SECONDS = 120.0
# The store's connections, the pipes to the judges, the monitor's pages, the log.
_FILES_BESIDE_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon that has started.

    Attributes:
        store: what it keeps everything in.
        addresses: where each channel listens, by the channel's name, and the monitor's pages.
        worker: judges what arrives.
        rules_watch: has changed rules take effect.
        alarms: what is wrong with it.
    """

    store: Store
    addresses: dict[str, str]
    worker: Worker
    rules_watch: RulesWatch
    alarms: Alarms

    def status(self) -> str:
        """Return in a few words how it stands, without a person's data."""
        lasting = ", ".join(self.alarms.lasting) or "none"
        return f"rules {self.rules_watch.rules_now().version}; alarms: {lasting}"


@asynccontextmanager
async def daemon(settings: Settings) -> AsyncIterator[RunningDaemon]:
    """Start everything, hand it out, and stop it in reverse when the block ends.

    Mail is taken in last and refused first: what a sender was thanked for has somebody to judge it.

    Raises:
        NoDirectoryError: no directory has been imported.
        InvalidFilesError: the rules hold errors; all of them are told.
        UnknownSchemaError: the store is of another version.
        StoreUnavailableError: the store cannot be read.
        WrongSettingError: the secret that signs case numbers, or the password to send with, cannot be read.
        CannotOpenError: an address to listen on is taken or not ours.
        DaemonRunsError: another daemon of this name, or on this SQLite file, runs.
    """
    _allow_files(settings)
    async with AsyncExitStack() as stack:
        store, announcer, alarms = await _begun(stack, settings)
        tokens = tokens_of(settings, store)
        heartbeat = await stack.enter_async_context(heartbeat_lifespan(LeaseHeartbeat(settings, store, alarms)))
        holder = heartbeat.holder
        taken = stack.enter_context(copies(settings))
        copy = await quiet_copy(taken)
        worker = Worker(copy, store, alarms, holder=holder)
        stack.push_async_callback(worker.stop)
        estate = store.directory.in_force
        _log.info("directory in memory", leases=len(estate().records.leases))
        await worker.launch()
        in_force = await at_start(settings, store, taken, copy, alarms, utc_now())
        if in_force.settings is not copy:
            await worker.restart(in_force)
        journal = await stack.enter_async_context(open_journal(settings, store, alarms, utc_now))
        await stack.enter_async_context(watching_for_missing(settings, store, alarms))
        mail = await _mail(stack, settings, store, alarms, (tokens, storms := Storms(), holder), journal)
        heartbeat.taken_over = wake = partial(_wake, worker, mail)
        worker.start(FallbackQueue(in_force.rules, estate), mail)
        inbox = await _inbox(stack, settings, holder, store, alarms)
        watching = RulesWatch(
            settings, store, taken, alarms, in_force=in_force, clock=utc_now, use_rules=worker.use_rules
        )
        await stack.enter_async_context(rules_watch_lifespan(watching))
        post = NoticeWriter(settings, mail.answering.tokens, mail.wake) if mail else None
        rules = watching.rules_now
        await stack.enter_async_context(queue_watch_lifespan(QueueWatch(store, alarms, rules=rules, clock=utc_now)))
        runner = Runner(
            settings, store, estate, alarms, rules=rules, clock=utc_now, storms=storms, post=post, holder=holder
        )
        if not settings.rules.observe:
            await stack.enter_async_context(running(runner))
        with translate_open_errors("the socket for commands", "the settings DTM_DESK_…"):
            await stack.enter_async_context(hearing(settings, store, rules, utc_now, lambda _done: wake()))
        with translate_open_errors("the desk", "the settings DTM_DESK_…"):
            served = await stack.enter_async_context(open_desk(in_force.settings, store, alarms, rules, wake))
        receivers = await _receivers(stack, settings, WakingInbox(inbox, worker.wake))
        known = partial(_known, settings, estate, rules)
        await stack.enter_async_context(
            keeping(Keeper(settings.danger, store, known, alarms, utc_now), settings.danger)
        )
        health = Health(
            settings, store, alarms, heartbeat, announcer, utc_now, receivers=receivers, desk=served.get("desk", "")
        )
        with translate_open_errors("the monitor's pages", "the settings DTM_MONITOR_…"):
            monitor = stack.enter_context(_monitor(settings, health))
        await stack.enter_async_context(watching_health(HealthWatch(settings, store, health.report, alarms)))
        await stack.enter_async_context(signing(DeadManSwitch(settings.heartbeat, health.report), settings.heartbeat))
        await stack.enter_async_context(_now_and_then(settings, store, alarms, estate, (rules, holder)))
        addresses = {
            **{receiver.name: receiver.address for receiver in receivers},
            **served,
            "monitor": monitor.address,
        }
        _log.info("started", rules=in_force.rules.version, model=in_force.rules.model_version, **addresses)
        yield RunningDaemon(store, addresses, worker, watching, alarms)
        _log.info("stopping")


@asynccontextmanager
async def _now_and_then(
    settings: Settings,
    store: Store,
    alarms: Alarms,
    estate: Callable[[], Directory],
    means: tuple[Callable[[], RuleSet], Callable[[], str]],
) -> AsyncIterator[None]:
    """Look at the ages of directory and backup, count figures, erase by age, until the block ends."""
    rules, holder = means
    report = MonthlyReport(settings, store, estate, rules).look
    keeper = FigureKeeper(settings, store, estate, rules=rules, clock=utc_now, holder=holder, report=report)
    async with (
        watching_ages(settings, store, alarms, utc_now),
        counting_figures(keeper, settings.figures.minutes),
        keeping_ages(settings, store, utc_now, holder),
    ):
        yield


async def _begun(stack: AsyncExitStack, settings: Settings) -> tuple[Store, Announcer, Alarms]:
    """Open the store, and begin to tell the admins what needs a person: at once, where codes cannot be checked."""
    store, wrong_with_codes = _opened(settings)
    stack.enter_context(store)
    announcer = Announcer(settings, notifiers_of(settings.alarm), kept_in(settings), utc_now)
    await stack.enter_async_context(announcing(announcer))
    alarms = Alarms(announcer, time.monotonic)
    if wrong_with_codes:
        alarms.happened("second-factor-key", wrong_with_codes)
    return store, announcer, alarms


def _opened(settings: Settings) -> tuple[Store, str]:
    """Return the store, in which the secrets of second factors are sealed by the first key of the settings.

    With it, what is wrong with the keys, as a sentence: "" where nothing is. Codes that cannot be checked are no reason
    to take in no mail.

    Raises:
        UnknownSchemaError: the store is of another version.
        StoreUnavailableError: the store cannot be read.
    """
    keys, wrong = settings.access.usable_keys()
    store = open_store(settings.store.url, keys=SecretKeys(keys))
    if wrong:
        told = f"No code of a telephone can be checked, recovery codes let in. {wrong}"
        _log.error(told)
        return store, told
    outcome = store.second_factors.seal_all()
    if outcome.sealed:
        _log.info("secrets of second factors were sealed by the key of DTM_ACCESS_KEY_FILE", accounts=outcome.sealed)
    if not outcome.unopened:
        return store, ""
    told = (
        "The keys of DTM_ACCESS_KEY_FILE do not open all second factors: their owners come in by recovery codes "
        "alone. Put the key back and restart, or: dtm-contact user remove-second-factor NAME"
    )
    _log.error(told, accounts=outcome.unopened)
    return store, told


def _monitor(settings: Settings, health: Health) -> Monitor:
    return Monitor(settings.monitor.host, settings.monitor.port, health.report, READY, health.count)


def _known(settings: Settings, estate: Callable[[], Directory], rules: Callable[[], RuleSet]) -> SiteConfiguration:
    return SiteConfiguration(estate(), rules(), settings)


async def _receivers(stack: AsyncExitStack, settings: Settings, inbox: WakingInbox) -> tuple[RunningReceiver, ...]:
    """Open the receivers; the stack closes them."""
    opened = await start_receivers(settings, inbox)
    for receiver in opened:
        stack.push_async_callback(receiver.stop)
    return opened


def _wake(worker: Worker, mail: OutboxWriter | None) -> None:
    """Say that an agent did something: there may be a case by hand to judge, or a reply to send."""
    worker.wake()
    if mail is not None:
        mail.wake()


async def _inbox(
    stack: AsyncExitStack, settings: Settings, holder: Callable[[], str], store: Store, alarms: Alarms
) -> GroupCommitInbox:
    """Return what takes messages in, after a first try whether the store can be written.

    A store that cannot is an alarm, not a reason to stay away: senders are put off until it is well.
    """
    inbox = GroupCommitInbox(
        store,
        holder=holder,
        reserve=settings.store.reserve,
        on_change=partial(_tell_whether_mail_is_taken, alarms),
        on_trouble=partial(_tell_trouble, alarms),
    )
    stack.push_async_callback(inbox.close)
    await inbox.prove()
    return inbox


async def _mail(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    alarms: Alarms,
    means: tuple[CaseTokens, Storms, Callable[[], str]],
    journal: StoreJournal | None,
) -> OutboxWriter | None:
    """Start sending, where a server sends for us and we do not only observe, and return what writes.

    Raises:
        WrongSettingError: the password for that server cannot be read.
    """
    if not settings.outbound.host or settings.rules.observe:
        why = "DTM_RULES_OBSERVE is set" if settings.rules.observe else "DTM_OUTBOUND_HOST names no mail server"
        _log.info("nothing is sent, and nobody is told of danger", why=why)
        return None
    settings.outbound.read_password()
    tokens, storms, holder = means
    sender = await stack.enter_async_context(sender_lifespan(settings, store, alarms, utc_now, holder, journal))
    answering = Answering(settings, tokens, report_unnotified=partial(alarms.happened, "not-notified"))
    return OutboxWriter(answering, sender.wake, storms, store.cases.numbers_before)


def files_needed(settings: Settings) -> int:
    """Return how many files the daemon may have open at once, connections included."""
    groups = (getattr(settings, each.group, None) for each in open_receivers(settings).values())
    return _FILES_BESIDE_CONNECTIONS + sum(
        group.connections for group in groups if isinstance(group, MailServerSettings | HttpSettings)
    )


def _allow_files(settings: Settings) -> None:
    """Let this process open as many files as its connections need: systems commonly allow 1,024 unless asked."""
    needed = files_needed(settings)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        _log.warning("the system allows fewer open files than the connections need", allowed=hard, needed=needed)
        needed = hard
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _tell_trouble(alarms: Alarms, cause: str, told: str | None) -> None:
    if told is None:
        alarms.over(cause)
    elif cause_of(cause).lasts:
        alarms.sound(cause, told)
    else:
        alarms.happened(cause, told)


def _tell_whether_mail_is_taken(alarms: Alarms, trouble: StoreUnavailableError | None) -> None:
    if trouble is None:
        alarms.over("intake")
    else:
        told = f"No mail is taken in, senders are told to try again later. {trouble}"
        alarms.sound("intake", told)


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, in place of ending the process."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def run(settings: Settings) -> None:
    """Bring the store's tables up to date, run the daemon until SIGINT or SIGTERM, stop it cleanly.

    SIGHUP takes up the rules and opens the log's file anew; where standard input is a terminal, it says that this one
    was closed, and stops the daemon, too. The service manager is told of each of these.

    Raises:
        DtmContactError: it does not start; the admins are told.
    """
    manager = ServiceManager()
    try:
        manager.tell("STATUS=brings the store's tables to this version")
        migration = make_store(settings)
        if migration.came_from is not None and migration.revisions:
            _log.info(
                "store migrated",
                came_from=migration.came_from,
                revision=migration.revisions[-1][0],
                seconds=round(migration.seconds, 1),
            )
        manager.tell("STATUS=starts")
        stopped, reload = stop_signal(), asyncio.Event()
        of_terminal = sys.stdin is not None and sys.stdin.isatty()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, (stopped if of_terminal else reload).set)
        async with daemon(settings) as running:
            watchdog = Watchdog(manager, running.worker.stuck, running.status)
            ready = beside(_tell_ready(running, manager), "ready")
            async with ready, fed(watchdog), beside(_reload_on(reload, running, manager), "reload"):
                await stopped.wait()
                manager.tell("STOPPING=1", "STATUS=stops")
    except DtmContactError as error:
        manager.tell("STATUS=does not start; the log says why")
        await announce_lasting(settings, "start", f"The daemon does not start. {error}", utc_now())
        raise


async def _tell_ready(running: RunningDaemon, manager: ServiceManager) -> None:
    """Tell that the daemon has started once its desk answers, too.

    A desk that does not within its time keeps nobody waiting: mail is taken in, and an alarm tells of the desk.
    """
    if (address := running.addresses.get("desk")) is not None and not await answers(address, _DESK_STARTS_SECONDS):
        _log.warning("the desk does not answer yet", seconds=_DESK_STARTS_SECONDS)
    manager.tell("READY=1")


async def _reload_on(asked: asyncio.Event, running: RunningDaemon, manager: ServiceManager) -> None:
    """Take up the rules and the log's file each time that the event is set, until cancelled."""
    while True:
        await asked.wait()
        asked.clear()
        with manager.reloading():
            reopen_log()
            _log.info("reloading")
            try:
                await running.rules_watch.reload()
            except Exception as error:  # noqa: BLE001 - what cannot be reloaded now must not end the daemon
                _log.error("the rules cannot be reloaded", error=described(error))
