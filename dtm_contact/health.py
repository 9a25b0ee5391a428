"""What being well means for the daemon, looked at when somebody asks and now and then; and what is counted for that."""

import asyncio
import math
import os
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.alerting import Announcer
from dtm_contact.background import beside, repeat
from dtm_contact.backup import newest_backup
from dtm_contact.errors import StoreUnavailableError, described
from dtm_contact.ingest import RunningReceiver
from dtm_contact.log import get_log
from dtm_contact.model import Urgency
from dtm_contact.monitor import Check, HealthReport
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker import LeaseHeartbeat

_LOOP_SECONDS = 2.0
_MINUTE = 60.0
_MIB = 1024 * 1024
_AGES_SECONDS = 3600.0
_DIRECTORY_OLD = "directory-age"
_BACKUP_OLD = "backup-age"
_DESK_SECONDS = 5.0
_LOOK_SECONDS = 30.0
_DESK_AGAIN_SECONDS: Final = 0.2
_SOUNDED: Final = {"mailbox": "mailbox-silent", "outbox": "outbox-late", "timers": "timers-late", "desk": "desk"}
"""The alarm that a check sounds once it has found something wrong twice in a row."""
READY: Final = ("event loop", "store", "leases", "intake")
"""The checks that say whether mail may be handed to this daemon."""

_log = get_log("health")


class Health:
    """Looks at all of the daemon; every method may block for some seconds, and belongs into a thread."""

    def __init__(  # noqa: PLR0913 - all that is looked at
        self,
        settings: Settings,
        store: Store,
        alarms: Alarms,
        heartbeat: LeaseHeartbeat,
        announcer: Announcer,
        clock: Callable[[], datetime],
        *,
        receivers: Collection[RunningReceiver] = (),
        desk: str = "",
    ) -> None:
        """Take what is looked at.

        `receivers` are those that are open; `desk` is the address of the desk, empty where none is served.

        Called on the event loop that is looked at.
        """
        self._settings = settings
        self._store = store
        self._alarms = alarms
        self._announcer = announcer
        self._clock = clock
        self._desk = desk
        self._checks: dict[str, Check] = {
            "event loop": partial(_loop_answers, asyncio.get_running_loop()),
            "leases": partial(_nothing_held_beyond, store, heartbeat),
            "mailbox": partial(_receivers_well, receivers),
            "outbox": self._urgent_is_sent,
            "timers": self._timers_run,
            "desk": self._desk_answers,
            "telling": announcer.unheard,
        }
        metrics.FALSE_WAKINGS_BUDGET.set(settings.desk.false_wakings)

    def report(self) -> HealthReport:
        """Return what is not well, and what else the admins are told of."""
        store = _store_answers(self._store)
        found: dict[str, str | None] = {"store": store}
        for name, check in self._checks.items():
            try:
                found[name] = check()
            except StoreUnavailableError:
                # That is what the check of the store tells, and what waits there cannot be known.
                found[name] = None
        illness = self._alarms.illness()
        found["intake"] = illness.pop("intake", None) or self._room_for_mail()
        found["relay"] = illness.pop("relay", None)
        # Whether it answers says more than that its process ended once.
        illness.pop("desk", None)
        found["alarms"] = "; ".join(f"{cause}: {told}" for cause, told in illness.items()) or None
        told = self._alarms.troubles()
        if (low := low_disks(self._settings)) is not None:
            told["disk"] = low
        for name, wrong in found.items():
            metrics.WELL.labels(name).set(wrong is None)
        return HealthReport(found, told)

    def _room_for_mail(self) -> str | None:
        try:
            self._store.database.require_room(self._settings.store.reserve)
        except StoreUnavailableError as error:
            return str(error)
        return None

    def _urgent_is_sent(self) -> str | None:
        waits = self._store.outbox.backlog().get(Urgency.DANGER)
        if waits is None or not self._settings.outbound.host or self._settings.rules.observe:
            return None
        age = self._clock() - waits.since
        if age <= timedelta(minutes=self._settings.outbound.urgent_minutes):
            return None
        return f"{waits.count} e-mails that tell of danger wait, the oldest for {_minutes(age)} min"

    def _timers_run(self) -> str | None:
        if self._settings.rules.observe:
            return None
        now = self._clock()
        since = self._store.timers.late_since(now)
        if since is None or now - since <= timedelta(minutes=self._settings.timers.late_minutes):
            return None
        return f"a step that was due {_minutes(now - since)} min ago is not done"

    def _desk_answers(self) -> str | None:
        if not self._desk:
            return None
        wrong = _answers_http(self._desk)
        metrics.DESK_ANSWERS.set(wrong is None)
        return wrong

    def count(self) -> None:
        """Bring the metrics up to date that are counted when they are asked for; a store that is down leaves them."""
        for path, free in free_octets(self._settings).items():
            metrics.DISK_FREE.labels(str(path)).set(free)
        self._count_backup()
        try:
            _count_store(self._store, self._clock())
        except StoreUnavailableError as error:
            _log.warning("the store cannot be counted", error=type(error).__name__)

    def _count_backup(self) -> None:
        if self._settings.backup.dir is None:
            return
        with suppress(OSError):
            age = backup_age(self._settings, self._clock())
            metrics.BACKUP_AGE.set(math.inf if age is None else age.total_seconds())


class HealthWatch:
    """Looks at the health now and then, and sounds the alarm of what is wrong at two looks in a row."""

    def __init__(self, settings: Settings, store: Store, report: Callable[[], HealthReport], alarms: Alarms) -> None:
        """Take what looks, and who hears."""
        self._settings = settings
        self._store = store
        self._report = report
        self._alarms = alarms
        self._wrong: Mapping[str, str | None] = {}

    def look(self) -> None:
        """Look once; may block for some seconds."""
        report = self._report()
        for check, cause in _SOUNDED.items():
            wrong = report.checks.get(check)
            if wrong is None:
                self._alarms.over(cause)
            elif self._wrong.get(check) is not None:
                self._alarms.sound(cause, f"{check.capitalize()}: {wrong}.")
        self._wrong = report.checks
        self._look_at_what_is_observed()
        low = low_disks(self._settings)
        if low is None:
            self._alarms.over("disk")
        else:
            self._alarms.sound("disk", low)

    def _look_at_what_is_observed(self) -> None:
        """Raise the alarm where somebody should have been told of an open P1, and nobody is while we only observe.

        A trial before the start tells nobody on purpose, and sends nothing; a store that was restored was at work.
        """
        settings = self._settings
        untold = 0
        if settings.rules.observe:
            try:
                if settings.outbound.host or self._store.outbox.was_restored():
                    untold = self._store.timers.untold_dangers()
            except StoreUnavailableError:
                # That is what the check of the store tells.
                return
        if untold:
            self._alarms.sound(
                "danger-observed", f"Of {untold} open P1 nobody on call was told, since DTM_RULES_OBSERVE is true."
            )
        else:
            self._alarms.over("danger-observed")


@asynccontextmanager
async def watching_health(watch: HealthWatch) -> AsyncIterator[None]:
    """Look at the health until the block ends."""

    async def look() -> None:
        await asyncio.to_thread(watch.look)

    def trouble(error: Exception) -> None:
        _log.error("the health cannot be looked at", error=described(error))

    async with beside(repeat(look, _LOOK_SECONDS, trouble, at_once=False), "health"):
        yield


@asynccontextmanager
async def watching_ages(
    settings: Settings, store: Store, alarms: Alarms, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Look at the age of the newest backup and of the directory now and every hour until the block ends."""

    async def look() -> None:
        await asyncio.to_thread(look_at_backup, settings, alarms, clock())
        await asyncio.to_thread(look_at_directory, settings, store, alarms, clock())

    def trouble(error: Exception) -> None:
        _log.warning("the age of the directory cannot be read", error=described(error))

    async with beside(repeat(look, _AGES_SECONDS, trouble), "ages"):
        yield


def backup_age(settings: Settings, now: datetime) -> timedelta | None:
    """Return how old the newest backup is in the folder of the settings; None where there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    made_at = newest_backup(settings.backup.dir) if settings.backup.dir else None
    return None if made_at is None else now - made_at


def look_at_backup(settings: Settings, alarms: Alarms, now: datetime) -> None:
    """Raise the alarm where the newest backup is too old, or there is none where one should be; or end it."""
    told = backup_trouble(settings, now)
    if told is None:
        alarms.over(_BACKUP_OLD)
    else:
        alarms.sound(_BACKUP_OLD, f"{told[0].upper()}{told[1:]}.")


def backup_trouble(settings: Settings, now: datetime) -> str | None:
    """Say that the newest backup is too old, that there is none, or that nobody can tell; None where all is well."""
    folder, hours = settings.backup.dir, settings.backup.max_age_hours
    if folder is None or not hours:
        return None
    try:
        age = backup_age(settings, now)
    except OSError as error:
        return f"the folder of the backups cannot be read ({described(error)})"
    if age is None:
        return f"{folder} holds no backup"
    if age <= timedelta(hours=hours):
        return None
    return (
        f"the newest backup in {folder} was made {age / timedelta(hours=1):.0f} hours ago; "
        f"DTM_BACKUP_MAX_AGE_HOURS allows {hours:g}"
    )


def look_at_directory(settings: Settings, store: Store, alarms: Alarms, now: datetime) -> None:
    """Raise the alarm where the directory in force was exported too long ago, or end it.

    Raises:
        StoreUnavailableError: that cannot be read.
    """
    exported_at = store.directory.exported_at()
    most = timedelta(days=settings.directory.max_age_days)
    if exported_at is None or not most or now - exported_at <= most:
        alarms.over(_DIRECTORY_OLD)
        return
    age = (now - exported_at) / timedelta(days=1)
    told = (
        f"The directory in force was exported {age:.0f} days ago ({exported_at:%Y-%m-%d}); "
        f"DTM_DIRECTORY_MAX_AGE_DAYS allows {settings.directory.max_age_days:g}."
    )
    alarms.sound(_DIRECTORY_OLD, told)


def free_octets(settings: Settings) -> dict[Path, int]:
    """Return the octets free on each disk that the daemon or its backups write on, by a folder on it.

    What cannot be asked is left out.
    """
    sqlite = settings.store.sqlite_path
    folders = (sqlite.parent if sqlite else None, settings.danger.folder, settings.state_folder, settings.backup.dir)
    found: dict[int, tuple[Path, int]] = {}
    for folder in (*folders, Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            disk, device = os.statvfs(folder), folder.stat().st_dev
        except OSError:
            continue
        found.setdefault(device, (folder, disk.f_bavail * disk.f_frsize))
    return dict(found.values())


def low_disks(settings: Settings) -> str | None:
    """Say which disks have less room than the settings want, with the folder and the octets; None where all have."""
    wanted = settings.monitor.free_octets
    low = [
        f"{folder} has {free:,} octets ({free // _MIB:,} MiB) free"
        for folder, free in free_octets(settings).items()
        if free < wanted
    ]
    return f"{'; '.join(low)}; DTM_MONITOR_FREE_OCTETS wants {wanted:,}" if low else None


def _minutes(span: timedelta) -> str:
    return f"{span / timedelta(minutes=1):.0f}"


async def answers(address: str, seconds: float) -> bool:
    """Wait until something answers HTTP at an address; return whether it did within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while await asyncio.to_thread(_answers_http, address) is not None:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(_DESK_AGAIN_SECONDS)
            return True
    return False


def _answers_http(address: str) -> str | None:
    """Say that nothing answers at an address; the daemon itself holds the socket, so that connecting says nothing."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_DESK_SECONDS) as connection:
            connection.sendall(b"HEAD /connexion HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answered = connection.recv(16).startswith(b"HTTP/1.")
    except OSError as error:
        return f"{address} does not answer ({described(error)})"
    return None if answered else f"{address} does not speak HTTP"


def _loop_answers(loop: asyncio.AbstractEventLoop) -> str | None:
    answered = threading.Event()
    loop.call_soon_threadsafe(answered.set)
    return None if answered.wait(_LOOP_SECONDS) else f"no answer within {_LOOP_SECONDS:g} s"


def _receivers_well(receivers: Collection[RunningReceiver]) -> str | None:
    """Return what is wrong with the first receiver that is not well."""
    return next(filter(None, (receiver.health() for receiver in receivers)), None)


def _store_answers(store: Store) -> str | None:
    try:
        store.arrivals.waiting()
    except StoreUnavailableError as error:
        return str(error)
    return None


def _nothing_held_beyond(store: Store, heartbeat: LeaseHeartbeat) -> str | None:
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


def _count_store(store: Store, now: datetime) -> None:
    if exported_at := store.directory.exported_at():
        metrics.DIRECTORY_AGE.set((now - exported_at).total_seconds())
    metrics.WAITING.set(store.arrivals.waiting())
    metrics.OLDEST_WAITING.set(_age(store.arrivals.oldest_waiting(), now))
    metrics.SCANS_WAITING.set(store.recognitions.waiting())
    metrics.TIMERS_LATE.set(_age(store.timers.late_since(now), now))
    backlog = store.outbox.backlog()
    for urgency in Urgency:
        waits = backlog.get(urgency)
        metrics.OUTBOX_WAITING.labels(urgency.name.lower()).set(waits.count if waits else 0)
        metrics.OUTBOX_OLDEST.labels(urgency.name.lower()).set(_age(waits.since if waits else None, now))
    metrics.DAEMONS.set(sum(line.alive for line in store.leases.listing()))
    for kind, count in asdict(store.leases.held_beyond()).items():
        metrics.HELD_BEYOND.labels(kind).set(count)
    metrics.FALSE_WAKINGS.set(store.alarm_labels.false_wakings(now)[0])
    metrics.OPEN_CASES.clear()
    metrics.LATE_CASES.clear()
    metrics.POSSIBLE_DANGERS.clear()
    for count in store.cases.queue_counts(now):
        metrics.OPEN_CASES.labels(count.queue).set(count.open)
        metrics.LATE_CASES.labels(count.queue).set(count.late)
        metrics.POSSIBLE_DANGERS.labels(count.queue).set(count.possible)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
