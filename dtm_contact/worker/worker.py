"""The worker: claims what has arrived, has it judged, and records what was decided.

It has as many consumers as there are judge processes, started and stopped together. Each works one arrival after the
other with a process of its own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.background import cancel_and_wait
from dtm_contact.contract import as_json
from dtm_contact.errors import ConcurrentUpdateError, DtmContactError, JudgeTimeoutError, LeaseLostError, described
from dtm_contact.ingest import NOTHING_KEPT
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Judgement, KeptLines, Position, Withheld
from dtm_contact.recognition.reader import is_available
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, GroupCommitInbox, OutgoingBatch, Store, StoreThread
from dtm_contact.worker.fallback import FallbackQueue, readable_part
from dtm_contact.worker.glances import Glances
from dtm_contact.worker.ipc import AwaitsRecognition, JudgeFailure, JudgeReply, JudgeRequest
from dtm_contact.worker.judge_process import JudgeProcess
from dtm_contact.worker.outbox import OutboxWriter
from dtm_contact.worker.recognition_queue import RecognitionQueue
from dtm_contact.worker.rules_in_force import LoadedRules

_PAUSE_GROWTH = 4
_TIMES_BY_THE_CLOCK = 2
_BY_AGE = 4
"""Of so many claims of a consumer one is by age, whatever seems to tell of danger."""
# Work that another process put in (a retry, a release), or whose pause is over, is seen this late at the most.
_LOOK_AGAIN_SECONDS = 1.0

_log = get_log("worker")


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def _nothing() -> None:
    """Do nothing: no letter is recognised here."""


class WakeupEvent:
    """Wakes every consumer that waits, as often as something arrives. Belongs to one event loop."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def set(self) -> None:
        """Wake all that wait."""
        self._next.set()
        self._next = asyncio.Event()

    def subscribe(self) -> asyncio.Event:
        """Return what to wait for; take it before looking for work, so that no wake-up is missed in between."""
        return self._next

    async def wait(self, subscribed: asyncio.Event) -> None:
        """Wait until `set` is called, at once where it was since `subscribe`; a second at the longest.

        Not all that brings work calls it.
        """
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                await subscribed.wait()
        except TimeoutError:
            return


class WakingInbox:
    """An inbox for channels (`ingest.Inbox`): the store's, which says when there is something to judge."""

    def __init__(self, inbox: GroupCommitInbox, on_stored: Callable[[], None]) -> None:
        """Take the store's inbox, and what is to be called when something is in it."""
        self.inbox = inbox
        self.on_stored = on_stored
        self.position = inbox.position
        self.lines = inbox.lines
        self.head = inbox.head
        self.decided = inbox.decided
        self.follow = inbox.follow
        self.leave = inbox.leave
        self.trouble = inbox.trouble

    def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> Awaitable[None]:
        """Store the arrivals, all or none, and wake the worker; see `GroupCommitInbox.accept`."""
        outcome = self.inbox.accept(arrivals, position, kept)
        outcome.add_done_callback(partial(self._settled, arrivals))
        return outcome

    def _settled(self, arrivals: Sequence[Arrival], outcome: asyncio.Future[None]) -> None:
        if outcome.cancelled():
            return
        count = metrics.ACCEPTED if outcome.exception() is None else metrics.PUT_OFF
        for arrival in arrivals:
            count.labels(arrival.channel).inc()
        if arrivals and count is metrics.ACCEPTED:
            self.on_stored()


class Worker:
    """Judges what has arrived.

    Attributes:
        judges: the judge processes, one for each consumer.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        alarms: Alarms,
        clock: Callable[[], datetime] = utc_now,
        *,
        holder: Callable[[], str] | None = None,
    ) -> None:
        """Take the store, who hears of trouble, and the clock that pauses and records count by.

        `holder` returns the incarnation that claims, while it has a lease; without, the daemon's name stands for it.
        """
        self.judges = [JudgeProcess(settings) for _ in range(settings.judge.processes)]
        self._settings = settings
        self._store = StoreThread(store)
        self._alarms = alarms
        self._clock = clock
        self._holder = holder or (lambda: settings.name)
        self._wakeup = WakeupEvent()
        recognised = is_available(settings.recognition)
        self._recognition = RecognitionQueue(settings.recognition, store, clock) if recognised else None
        self._consuming: asyncio.Task[None] | None = None
        self._consumers: list[Consumer] = []
        self._fallback: FallbackQueue | None = None

    async def launch(self) -> None:
        """Start the judge processes, which load their directory and rules by themselves meanwhile."""
        await asyncio.gather(*(judge.launch() for judge in self.judges))

    def start(self, fallback: FallbackQueue, outbox: OutboxWriter | None = None) -> None:
        """Begin; `fallback` takes what cannot be judged, `outbox` writes what is sent because of what can."""
        self._fallback = fallback
        context = ConsumerContext(
            self._settings,
            self._store,
            fallback,
            self._alarms,
            self._wakeup,
            self._recognition.wake if self._recognition is not None else _nothing,
            self._clock,
            self._holder,
            Glances(self._store),
            outbox,
        )
        self._consumers = [Consumer(context, judge) for judge in self.judges]
        if self._recognition is not None:
            self._recognition.start(self.wake)
        self._consuming = asyncio.create_task(self._consume(), name="worker")

    def use_rules(self, rules: LoadedRules) -> None:
        """Judge by other rules from the next arrival on."""
        for judge in self.judges:
            judge.use_rules_of(rules.settings)
        if self._fallback is not None:
            self._fallback.rules = rules.rules

    async def restart(self, rules: LoadedRules) -> None:
        """Judge by other rules, where the judges may not have come up with those before."""
        self.use_rules(rules)
        await asyncio.gather(*(judge.kill() for judge in self.judges))
        await self.launch()

    async def _consume(self) -> None:
        await asyncio.gather(*(consumer.run() for consumer in self._consumers))

    def stuck(self) -> str | None:
        """Say which consumer makes no progress, and for how long; None while all do: one that is idle looks on."""
        if self._consuming is not None and self._consuming.done():
            return "nothing is judged any more: the consumers have ended"
        most = self._settings.judge.seconds + self._settings.judge.stuck_seconds
        for consumer in self._consumers:
            seconds = time.monotonic() - consumer.stepped_at
            if seconds > most:
                at = "claiming" if consumer.arrival is None else f"arrival {consumer.arrival}"
                return f"no progress with {at} for {seconds:.0f} s"
        return None

    async def stop(self) -> None:
        """Stop the consumers and end the judges; what was claimed but not recorded is given back with the lease."""
        if self._consuming is not None:
            await cancel_and_wait(self._consuming)
        if self._recognition is not None:
            await self._recognition.stop()
        await asyncio.gather(*(judge.kill() for judge in self.judges))
        self._store.close()

    def wake(self) -> None:
        """Say that there is something new to judge."""
        self._wakeup.set()


@dataclass(frozen=True, slots=True)
class ConsumerContext:
    """What all consumers of a worker share.

    Attributes:
        settings: attempts and pauses.
        store: the store, in a thread of its own.
        fallback: takes what cannot be judged.
        alarms: who hears of trouble.
        wakeup: set when something has arrived.
        on_letter: called when a scanned letter begins to wait to be recognised.
        clock: the time that pauses and records count by, aware.
        holder: returns the incarnation that claims, while it has a lease.
        glances: finds danger among much that waits.
        outbox: writes answers and notices; None where nothing is sent.
    """

    settings: Settings
    store: StoreThread
    fallback: FallbackQueue
    alarms: Alarms
    wakeup: WakeupEvent
    on_letter: Callable[[], None]
    clock: Callable[[], datetime]
    holder: Callable[[], str]
    glances: Glances
    outbox: OutboxWriter | None = None

    def local_now(self) -> datetime:
        """Return the time on the offices' wall clock: a case is numbered in the year that it reads."""
        return self.clock().astimezone(self.settings.zone)

    def send(self, batch: OutgoingBatch | None) -> None:
        """Have sent what was written with a record; a flood of answers is an alarm."""
        if batch is None or self.outbox is None:
            return
        if Withheld.TOTAL_LIMIT in batch.withheld:
            self.alarms.happened("answers", "So many answers went out within an hour that no more do: is this a loop?")
        self.outbox.wake()

    async def back_off(self, cause: str, error: Exception) -> None:
        """Say what is wrong, and wait before trying again."""
        _log.warning(cause, exc_info=error)
        # The heartbeat reports that, once it lasts more than a moment.
        if not isinstance(error, LeaseLostError):
            self.alarms.sound(
                cause, f"{cause.capitalize()} does not work ({described(error)}): what has arrived waits."
            )
        await asyncio.sleep(self.settings.judge.pause)


class Consumer:
    """Works arrivals one after the other; no trouble ends it, and none leaves an arrival claimed.

    Attributes:
        arrival: the one that it works on; None while it looks for one.
        stepped_at: when it last began a step, in seconds of `time.monotonic`; each step is bounded but by the store.
    """

    def __init__(self, context: ConsumerContext, judge: JudgeProcess) -> None:
        """Take what the consumers share, and the process that judges for this one."""
        self._context = context
        self._judge = judge
        self._in_turn_first = True
        self._claims = 0
        self.arrival: int | None = None
        self.stepped_at = time.monotonic()

    def _step(self) -> None:
        self.stepped_at = time.monotonic()

    async def run(self) -> None:
        """Work until cancelled."""
        context = self._context
        while True:
            subscribed = context.wakeup.subscribe()
            self._step()
            try:
                # Nothing is claimed while nobody can judge it: that would cost the arrival its attempts.
                await self._judge.ready()
                await context.glances.glance(self._judge)
                self._step()
                claimed = await context.store.run(self._claim)
            except Exception as error:  # noqa: BLE001 - a consumer that ended would be missed by nobody
                await context.back_off("claiming", error)
                continue
            context.alarms.over("claiming")
            if claimed is None:
                await context.wakeup.wait(subscribed)
            else:
                await self._process(claimed)

    def _claim(self, store: Store) -> Claimed | None:
        """Take what is likeliest to tell of danger, else what waits longest.

        One claim in four is by age all the same, and these take turns between what is judged in turn and the rest: so
        that nothing starves, however much seems to tell of danger.
        """
        context = self._context
        self._claims += 1
        danger_first = self._claims % _BY_AGE > 0
        claimed = store.arrivals.claim(
            context.holder(), context.clock(), in_turn_first=self._in_turn_first, danger_first=danger_first
        )
        if claimed is None or not (danger_first and claimed.danger_score):
            self._in_turn_first = claimed is None or not claimed.arrival.in_turn
        return claimed

    async def _process(self, claimed: Claimed) -> None:
        """Bring one arrival to its end, or let go of it so that it is claimed again."""
        self.arrival = claimed.id
        with metrics.JUDGE_SECONDS.time():
            try:
                await self._judge_and_record(claimed)
            except Exception as error:  # noqa: BLE001 - whatever it is, the arrival must not stay claimed
                await self._let_go(claimed, error)
        self.arrival = None

    async def _judge_and_record(self, claimed: Claimed) -> None:
        """Judge and record; where what was judged by has moved meanwhile, once more by what is there now."""
        for _ in range(self._context.settings.judge.attempts):
            with suppress(ConcurrentUpdateError):
                answer = await self._judge_within_bounds(claimed)
                self._step()
                if isinstance(answer, AwaitsRecognition):
                    if await self._waits(claimed, answer):
                        return
                    answer = await self._judge_within_bounds(claimed, unrecognised=True)
                    self._step()
                match answer:
                    case JudgeReply():
                        await self._record(claimed, answer.judgement)
                    case JudgeFailure():
                        await self._retry_or_park(claimed, answer)
                    case AwaitsRecognition():
                        await self._retry_or_park(claimed, JudgeFailure(AwaitsRecognition.__name__, retry=True))
                return
        await self._retry_or_park(claimed, JudgeFailure(ConcurrentUpdateError.__name__, retry=True))

    async def _waits(self, claimed: Claimed, awaited: AwaitsRecognition) -> bool:
        """Let a scanned letter wait until it is recognised; return false where it has waited long enough."""
        context = self._context
        longest, now = timedelta(minutes=context.settings.recognition.wait_minutes), context.clock()
        waits = await context.store.run(lambda store: store.recognitions.wait(claimed, awaited.digests, now, longest))
        if waits:
            _log.info("waits to be recognised", arrival=claimed.id, files=len(awaited.digests))
            context.on_letter()
        else:
            metrics.RECOGNISED.labels("late").inc()
        return waits

    async def _judge_within_bounds(
        self, claimed: Claimed, *, unrecognised: bool = False
    ) -> JudgeReply | AwaitsRecognition | JudgeFailure:
        """Have an arrival judged; where the clock ended it, once more: it may be the machine that stood still."""
        request = JudgeRequest(claimed.arrival, claimed.arrival.received_at, claimed.forced_case, unrecognised)
        failure = JudgeFailure("", retry=False)
        for _ in range(_TIMES_BY_THE_CLOCK):
            self._step()
            try:
                return await self._judge.judge(request)
            except JudgeTimeoutError as error:
                failure = JudgeFailure(type(error).__name__, retry=False)
            except DtmContactError as error:
                return JudgeFailure(type(error).__name__, retry=True)
        return failure

    async def _record(self, claimed: Claimed, judgement: Judgement) -> None:
        context, now, decision_json = self._context, self._context.local_now(), as_json(judgement)

        def recorded(store: Store) -> tuple[str | None, OutgoingBatch | None]:
            outbox = context.outbox
            batch = outbox.outgoing_for(claimed, judgement, context.fallback, now) if outbox else None
            return store.cases.record(claimed, judgement, decision_json, now, mail=batch), batch

        number, batch = await context.store.run(recorded)
        context.send(batch)
        decision = judgement.decision
        if decision.failures:
            failed = ", ".join(decision.failures)
            context.alarms.happened("rules", f"Case {number} lies in the default queue, since a rule failed: {failed}")
        metrics.JUDGED.labels(decision.kind.value, decision.priority.value).inc()
        _log.info(
            "judged",
            arrival=claimed.id,
            case=number,
            kind=decision.kind.value,
            queue=decision.queue,
            priority=decision.priority.value,
            rule=decision.rule,
        )

    async def _retry_or_park(self, claimed: Claimed, failure: JudgeFailure) -> None:
        """Try again later, with growing pauses, while that may help; then park, with a case for a person to read."""
        judge = self._context.settings.judge
        if failure.retry and claimed.attempt < judge.attempts:
            await self._retry_later(claimed, failure, judge.pause * _PAUSE_GROWTH ** (claimed.attempt - 1))
        else:
            await self._park(claimed, failure)

    async def _retry_later(self, claimed: Claimed, failure: JudgeFailure, seconds: float) -> None:
        until = self._context.clock() + timedelta(seconds=seconds)
        await self._context.store.run(lambda store: store.arrivals.retry_later(claimed, failure.reason, until))
        metrics.RETRIED.labels(failure.name).inc()
        _log.warning("put off", arrival=claimed.id, attempt=claimed.attempt, reason=failure.reason)

    async def _park(self, claimed: Claimed, failure: JudgeFailure) -> None:
        readable = await asyncio.to_thread(readable_part, claimed.arrival)
        fallback, now = self._context.fallback, self._context.local_now()

        def parked(store: Store) -> str | None:
            destination = fallback.destination(claimed.arrival.received_at)
            return store.cases.park(claimed, failure.reason, readable, destination, now)

        number = await self._context.store.run(parked)
        metrics.PARKED.labels(failure.name).inc()
        _log.error("parked", arrival=claimed.id, case=number, reason=failure.reason)
        text = (
            f"Arrival {claimed.id} could not be judged ({failure.reason}); a person must read case {number}."
            f" `dtm-contact arrivals retry {claimed.id}` judges it again."
        )
        self._context.alarms.happened(f"parked-{failure.name}", text)

    async def _let_go(self, claimed: Claimed, error: Exception) -> None:
        """Give an arrival back that was judged but could not be recorded; keep at it until the store takes that."""
        reason = type(error).__name__
        judge = self._context.settings.judge
        last = claimed.attempt >= judge.attempts and not getattr(error, "retry", False)
        while True:
            await self._context.back_off("recording", error)
            self._step()
            try:
                if last:
                    await self._park(claimed, JudgeFailure(reason, retry=False))
                else:
                    await self._retry_later(claimed, JudgeFailure(reason, retry=True), judge.pause)
            except Exception as another:  # noqa: BLE001 - the same
                error = another
            else:
                self._context.alarms.over("recording")
                return
