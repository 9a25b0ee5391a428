"""The loop that lets steps happen when they are due; one daemon at a time runs it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.directory import Directory
from dtm_contact.errors import LeaseLostError, NotFoundError, StoreUnavailableError, described
from dtm_contact.log import get_log
from dtm_contact.outbound.notices import NoticeWriter
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.timers import FOLLOWER
from dtm_contact.timers.escalation import EscalationContext, perform, plans
from dtm_contact.timers.storms import Storms, follow

_EVENTS_AT_ONCE = 500
_log = get_log("timers")


class Runner:
    """Follows what happens to cases, plans what is to follow, and does what is due."""

    def __init__(  # noqa: PLR0913 - all that escalating a case touches
        self,
        settings: Settings,
        store: Store,
        directory: Callable[[], Directory],
        alarms: Alarms,
        *,
        rules: Callable[[], RuleSet],
        clock: Callable[[], datetime],
        storms: Storms,
        post: NoticeWriter | None = None,
        holder: Callable[[], str] | None = None,
    ) -> None:
        """Take the store, who hears of trouble, the clock, and what gives the directory and the rules in force.

        `holder` returns the incarnation that runs them, while it has a lease; without, the daemon's name stands for it.
        """
        self._settings = settings
        self._store = store
        self._directory = directory
        self._alarms = alarms
        self._rules = rules
        self._clock = clock
        self._storms = storms
        self._post = post
        self._followed: int | None = None
        self._holder = holder or (lambda: settings.name)
        self._held_by = ""

    async def run(self) -> None:
        """Work until cancelled; no trouble ends it."""
        await repeat(self._look, self._settings.timers.seconds, self._trouble)

    async def _look(self) -> None:
        # Without a lease others run them, and the heartbeat tells of it once it is more than a moment.
        with suppress(LeaseLostError):
            await asyncio.to_thread(self.tick)
        self._alarms.over("timers")

    def _trouble(self, error: Exception) -> None:
        self._alarms.sound("timers", f"Timers do not run ({described(error)}): nothing escalates.")
        _log.warning("timers", error=type(error).__name__)

    def tick(self) -> int:
        """Do what is due now, if it is ours to do; return how many steps were done.

        Raises:
            StoreUnavailableError: the store cannot be used; what is not done is still due.
        """
        now, timers = self._clock(), self._settings.timers
        done = 0
        self._held_by = self._holder()
        if self._store.checkpoints.follow(FOLLOWER, self._held_by):
            self._plan()
            context = self._context()
            done = self._perform(context, now)
            follow(self._store, context, timers, now)
        self._storms.lasting = frozenset(self._store.timers.storms())
        return done

    def leave(self) -> None:
        """Let another daemon run them at once."""
        self._store.checkpoints.leave(FOLLOWER, self._held_by)

    def _context(self) -> EscalationContext:
        report = partial(self._alarms.happened, "not-notified")
        untaken = partial(self._alarms.happened, "untaken")
        return EscalationContext(self._rules(), self._directory(), self._post, report, untaken)

    def _plan(self) -> None:
        """Plan for each case that something happened to; where nothing did, nothing is written."""
        rules = self._rules()
        while True:
            last, fresh = self._store.timers.changed_cases(_EVENTS_AT_ONCE)
            if last == self._followed:
                return
            self._store.timers.plan([plan for case in fresh for plan in plans(case, rules)], last)
            self._followed = last

    def _perform(self, context: EscalationContext, now: datetime) -> int:
        done = 0
        for timer in self._store.timers.due(now):
            try:
                performed = perform(self._store, timer, context, self._here(now))
            except NotFoundError:
                # Another daemon, which took over meanwhile, has done it; what this one began was rolled back.
                continue
            if performed:
                done += 1
                _log.info("done", case=timer.case_number, step=timer.step, does=timer.data["does"])
        if done and self._post is not None:
            self._post.wake()
        return done

    def _here(self, now: datetime) -> datetime:
        return now.astimezone(self._settings.zone)


@asynccontextmanager
async def running(runner: Runner) -> AsyncIterator[Runner]:
    """Run the timers until the block ends."""
    try:
        async with beside(runner.run(), "timers"):
            yield runner
    finally:
        # Whatever ends the daemon must be heard, and not that this could not be written either; the lease runs out.
        try:
            await asyncio.to_thread(runner.leave)
        except StoreUnavailableError as error:
            _log.warning("timers not given up", error=type(error).__name__)
