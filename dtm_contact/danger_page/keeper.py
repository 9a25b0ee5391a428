"""Keeps the page fresh: each minute, and at each change of an open P1."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cases.registered import HouseholdRegister, look_up
from dtm_contact.danger_page.entries import entries
from dtm_contact.danger_page.page import Page
from dtm_contact.durable_file import replace_file
from dtm_contact.errors import NotFoundError, StoreUnavailableError, described
from dtm_contact.log import get_log
from dtm_contact.model import Priority
from dtm_contact.settings import DangerSettings
from dtm_contact.store import Case, CaseFile, Store
from dtm_contact.store.restores import unjournalled_gap

ALARM: Final = "danger-page"
HTML: Final = "danger.html"
TEXT: Final = "danger.txt"
_MOST: Final = 100
_LOOK_SECONDS: Final = 2.0
_FRESH_SECONDS: Final = 60.0
_log = get_log("danger page")


class Keeper:
    """Writes the page of one daemon; a store that cannot be read leaves the page as it was, with its time."""

    def __init__(
        self,
        settings: DangerSettings,
        store: Store,
        known: Callable[[], SiteConfiguration],
        alarms: Alarms,
        clock: Callable[[], datetime],
    ) -> None:
        """Take where it is written, what gives the directory and the rules in force, who hears of trouble, the time."""
        self._settings = settings
        self._store = store
        self._known = known
        self._alarms = alarms
        self._clock = clock
        self._event = 0
        self._numbers: frozenset[str] = frozenset()
        self._written_at: datetime | None = None

    def look(self) -> bool:
        """Write the page where it is a minute old, or something happened to a P1; return whether it was written.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        now = self._clock()
        if not self._is_old(now) and not self._something_happened():
            return False
        self._event = self._store.desk.latest_event()
        page = made(self._store, self._known(), now, self._settings.old_minutes)
        self._numbers = frozenset(entry.number for entry in page.entries)
        self._write(page)
        self._written_at = now
        return True

    def _is_old(self, now: datetime) -> bool:
        return self._written_at is None or abs((now - self._written_at).total_seconds()) >= _FRESH_SECONDS

    def _something_happened(self) -> bool:
        """Return whether anything happened to a case that is on the page or is to be on it."""
        if self._store.desk.latest_event() == self._event:
            return False
        happened = self._store.desk.happened(self._event)
        self._event = happened[-1][0] if happened else self._event
        return any(
            number in self._numbers or priority == Priority.P1 for *_, number, _queue, priority, _alarm in happened
        )

    def _write(self, page: Page) -> None:
        folder = self._settings.folder or Path()
        mode = 0o640 if self._settings.group_reads else 0o600
        try:
            replace_file(folder / HTML, page.html(), mode=mode)
            replace_file(folder / TEXT, page.text(), mode=mode)
        except OSError as error:
            told = f"The page of the open P1 cannot be written into DTM_DANGER_FOLDER, {folder}: {described(error)}."
            self._alarms.sound(ALARM, told)
            return
        self._alarms.over(ALARM)


def made(store: Store, configuration: SiteConfiguration, now: datetime, old_minutes: int) -> Page:
    """Return the page of the open P1 as the store has them now.

    Args:
        store: the store.
        configuration: the directory and the rules in force.
        now: the time, aware.
        old_minutes: after how many minutes it is not to be trusted.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    found = store.cases.of_priority(Priority.P1, _MOST + 1)
    here = now.astimezone(configuration.settings.zone)
    files = [file for case in found[:_MOST] if (file := _file(store, case.number)) is not None]
    more = len(found) - _MOST
    if more > 0:
        more = sum(count.danger for count in store.cases.queue_counts(now)) - len(files)

    def registered_of(case: Case) -> HouseholdRegister:
        return look_up(store.desk, configuration.directory, case, here.date())

    with store.database.reading() as connection:
        gap = unjournalled_gap(connection)
    return Page(entries(files, configuration, here, registered_of), max(0, more), here, old_minutes, gap=gap)


def _file(store: Store, number: str) -> CaseFile | None:
    try:
        file = store.cases.get(number)
    except NotFoundError:
        return None
    return file if file.case.state == "open" else None


@asynccontextmanager
async def keeping(keeper: Keeper, settings: DangerSettings) -> AsyncIterator[None]:
    """Keep the page fresh until the block ends, where the settings want one; the last one stays."""
    if settings.folder is None:
        yield
        return

    def trouble(error: Exception) -> None:
        level = _log.warning if isinstance(error, StoreUnavailableError) else _log.error
        level("the page of the open P1 is not kept fresh", error=described(error))

    async def look() -> None:
        await asyncio.to_thread(keeper.look)

    async with beside(repeat(look, _LOOK_SECONDS, trouble), "danger page"):
        yield
