"""The worker: lanes that claim an arrival, have it judged, and record what was decided in one transaction."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.contract import as_json
from dtm_contact.errors import DtmContactError, JudgeDiedError, StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.model import Judgement
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, Store
from dtm_contact.worker.judge import JudgeProcess
from dtm_contact.worker.messages import Refused, Task
from dtm_contact.worker.standin import Reception, what_can_be_read

Result = TypeVar("Result")

_NAME = "worker"
# Work that another process put in (a retry, a release) is seen this late at the most; our own intake wakes us at once.
_LOOK_AGAIN_SECONDS = 1.0
_PAUSE_GROWTH = 4


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


class Worker:
    """Judges what has arrived, in as many lanes as there are judge processes.

    Attributes:
        judges: the judge processes, one for each lane.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        reception: Reception,
        alarms: Alarms,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take the store, who reads what cannot be judged, who hears of trouble, and the clock of pauses and records."""
        self._alarms = alarms
        self._reception = reception
        self._settings = settings
        self._store = store
        self._clock = clock
        self._log = get_log(_NAME)
        self.judges = [JudgeProcess(settings) for _ in range(settings.judge.processes)]
        self._arrived = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []
        # The store's calls block; one thread keeps them off the loop and in one order.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker-store")

    async def start(self) -> None:
        """Start the judges, give back what a crash left claimed, and begin.

        Raises:
            JudgeDiedError: a judge could not start.
        """
        await asyncio.gather(*(judge.start() for judge in self.judges))
        await self._in_store(self._store.arrivals.release_claims, _NAME)
        self._lanes = [asyncio.create_task(self._lane(judge), name=_NAME) for judge in self.judges]

    async def stop(self) -> None:
        """Stop the lanes and end the judges; what was claimed but not recorded is judged after the next start."""
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)
        await asyncio.gather(*(judge.stop() for judge in self.judges))
        self._thread.shutdown(wait=True)

    def arrived(self) -> None:
        """Say that there is something new to judge."""
        self._arrived.set()

    async def _in_store(self, call: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    def _here(self, now: datetime) -> datetime:
        """Return the time on the offices' wall clock: a case is numbered in the year that it reads."""
        return now.astimezone(self._settings.zone)

    async def _lane(self, judge: JudgeProcess) -> None:
        while True:
            try:
                self._arrived.clear()
                claimed = await self._in_store(self._store.arrivals.claim, _NAME, self._clock())
                if claimed is None:
                    await self._wait()
                else:
                    await self._work(judge, claimed)
                    self._arrived.set()
            except StoreUnavailableError:
                self._alarms.sound("judging", "The store cannot be used: what has arrived waits to be judged.")
                await asyncio.sleep(self._settings.judge.pause)
            else:
                self._alarms.over("judging")

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                await self._arrived.wait()
        except TimeoutError:
            return

    async def _work(self, judge: JudgeProcess, claimed: Claimed) -> None:
        with metrics.JUDGE_SECONDS.time():
            await self._judge_and_record(judge, claimed)

    async def _judge_and_record(self, judge: JudgeProcess, claimed: Claimed) -> None:
        try:
            answer = await judge.judge(Task(claimed.arrival, claimed.arrival.received_at, claimed.forced_case))
        except DtmContactError as error:
            answer = Refused(type(error).__name__, retry=isinstance(error, JudgeDiedError))
        if isinstance(answer, Refused):
            await self._put_off(claimed, answer)
        else:
            await self._record(claimed, answer.judgement)

    async def _record(self, claimed: Claimed, judgement: Judgement) -> None:
        number = await self._in_store(
            self._store.cases.record, claimed, judgement, as_json(judgement), self._here(self._clock())
        )
        metrics.JUDGED.labels(judgement.decision.kind.value, judgement.decision.priority.value).inc()
        self._log.info(
            "judged",
            arrival=claimed.id,
            case=number,
            kind=judgement.decision.kind.value,
            queue=judgement.decision.queue,
            priority=judgement.decision.priority.value,
            rule=judgement.decision.rule,
        )

    async def _put_off(self, claimed: Claimed, refused: Refused) -> None:
        """Try again later, with growing pauses, while that may help; then park, with a case for a person to read."""
        now = self._clock()
        if refused.retry and claimed.attempt < self._settings.judge.attempts:
            pause = timedelta(seconds=self._settings.judge.pause * _PAUSE_GROWTH ** (claimed.attempt - 1))
            await self._in_store(self._store.arrivals.retry_later, claimed, refused.reason, now + pause)
            metrics.RETRIED.labels(refused.name).inc()
            self._log.warning("put off", arrival=claimed.id, attempt=claimed.attempt, reason=refused.reason)
            return
        fallback = await asyncio.to_thread(what_can_be_read, claimed.arrival)
        destination = self._reception.destination(claimed.arrival.received_at)
        number = await self._in_store(
            self._store.cases.park, claimed, refused.reason, fallback, destination, self._here(now)
        )
        metrics.PARKED.labels(refused.name).inc()
        self._log.error("parked", arrival=claimed.id, case=number, reason=refused.reason)
        told = (
            f"Arrival {claimed.id} could not be judged ({refused.reason}); a person must read case {number}."
            f" `dtm-contact arrivals retry {claimed.id}` judges it again."
        )
        self._alarms.sound(f"parked-{refused.name}", told)
