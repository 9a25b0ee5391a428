"""One lane of the worker: it claims an arrival, has it judged by its own process, and records what was decided."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.contract import as_json
from dtm_contact.errors import DtmContactError, JudgeTimeoutError, LeaseLostError, MovedError, described
from dtm_contact.log import get_log
from dtm_contact.model import Judgement
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, Mailing, Store
from dtm_contact.worker.bell import Bell
from dtm_contact.worker.glances import Glances
from dtm_contact.worker.judge import JudgeProcess
from dtm_contact.worker.mailing import Mail
from dtm_contact.worker.messages import Judged, Refused, Task
from dtm_contact.worker.standin import Reception, what_can_be_read
from dtm_contact.worker.thread import StoreThread

_PAUSE_GROWTH = 4
_TIMES_BY_THE_CLOCK = 2
_BY_AGE = 4
"""Of so many claims of a lane one is by age, whatever seems to tell of danger."""

_log = get_log("worker")


@dataclass(frozen=True, slots=True)
class Work:
    """What all lanes of a worker share.

    Attributes:
        settings: attempts and pauses.
        store: the store, in a thread of its own.
        reception: who reads what cannot be judged.
        alarms: who hears of trouble.
        bell: rings when something has arrived.
        clock: the time that pauses and records count by, aware.
        holder: returns the incarnation that claims, while it has a lease.
        glances: what finds danger among much that waits.
        mail: what writes answers and notices; None where nothing is sent.
    """

    settings: Settings
    store: StoreThread
    reception: Reception
    alarms: Alarms
    bell: Bell
    clock: Callable[[], datetime]
    holder: Callable[[], str]
    glances: Glances
    mail: Mail | None = None

    def here(self) -> datetime:
        """Return the time on the offices' wall clock: a case is numbered in the year that it reads."""
        return self.clock().astimezone(self.settings.zone)

    def written(self, mailing: Mailing | None) -> None:
        """Have sent what was written with a record; a flood of answers is an alarm."""
        if mailing is None or self.mail is None:
            return
        if "limit in all" in mailing.withheld:
            self.alarms.happened("answers", "So many answers went out within an hour that no more do: is this a loop?")
        self.mail.wake()

    async def rest(self, cause: str, error: Exception) -> None:
        """Say what is wrong, and wait before trying again."""
        _log.warning(cause, exc_info=error)
        # That is told by the heartbeat, once it is more than a moment.
        if not isinstance(error, LeaseLostError):
            self.alarms.sound(
                cause, f"{cause.capitalize()} does not work ({described(error)}): what has arrived waits."
            )
        await asyncio.sleep(self.settings.judge.pause)


class Lane:
    """Works arrivals one after the other; no trouble ends it, and none leaves an arrival claimed."""

    def __init__(self, work: Work, judge: JudgeProcess) -> None:
        """Take what the lanes share, and the process that judges for this one."""
        self._work = work
        self._judge = judge
        self._in_turn_first = True
        self._claims = 0

    async def run(self) -> None:
        """Work until cancelled."""
        work = self._work
        while True:
            rung = work.bell.listen()
            try:
                # Nothing is claimed while nobody can judge it: that would cost the arrival its attempts.
                await self._judge.ready()
                await work.glances.glance(self._judge)
                claimed = await work.store.run(self._claim)
            except Exception as error:  # noqa: BLE001 - a lane that ended would be missed by nobody
                await self._work.rest("claiming", error)
                continue
            work.alarms.over("claiming")
            if claimed is None:
                await work.bell.wait(rung)
            else:
                await self._see_to(claimed)

    def _claim(self, store: Store) -> Claimed | None:
        """Take what is likeliest to tell of danger, else what waits longest.

        One claim in four is by age all the same, and these take turns between what is judged in turn and the rest: so
        that nothing starves, however much seems to tell of danger.
        """
        work = self._work
        self._claims += 1
        danger_first = self._claims % _BY_AGE > 0
        claimed = store.arrivals.claim(
            work.holder(), work.clock(), in_turn_first=self._in_turn_first, danger_first=danger_first
        )
        if claimed is None or not (danger_first and claimed.danger_score):
            self._in_turn_first = claimed is None or not claimed.arrival.in_turn
        return claimed

    async def _see_to(self, claimed: Claimed) -> None:
        """Bring one arrival to its end, or let go of it so that it is claimed again."""
        with metrics.JUDGE_SECONDS.time():
            try:
                await self._judge_and_record(claimed)
            except Exception as error:  # noqa: BLE001 - whatever it is, the arrival must not stay claimed
                await self._let_go(claimed, error)

    async def _judge_and_record(self, claimed: Claimed) -> None:
        """Judge and record; where what was judged by has moved meanwhile, once more by what is there now."""
        for _ in range(self._work.settings.judge.attempts):
            with suppress(MovedError):
                await self._judge_and_record_once(claimed)
                return
        await self._refused(claimed, Refused(MovedError.__name__, retry=True))

    async def _judge_and_record_once(self, claimed: Claimed) -> None:
        answer = await self._judged(claimed)
        if isinstance(answer, Refused):
            await self._refused(claimed, answer)
        else:
            await self._record(claimed, answer.judgement)

    async def _judged(self, claimed: Claimed) -> Judged | Refused:
        """Have an arrival judged; where the clock ended it, once more: it may be the machine that stood still."""
        task = Task(claimed.arrival, claimed.arrival.received_at, claimed.forced_case)
        refused = Refused("", retry=False)
        for _ in range(_TIMES_BY_THE_CLOCK):
            try:
                return await self._judge.judge(task)
            except JudgeTimeoutError as error:
                refused = Refused(type(error).__name__, retry=False)
            except DtmContactError as error:
                return Refused(type(error).__name__, retry=True)
        return refused

    async def _record(self, claimed: Claimed, judgement: Judgement) -> None:
        work, now, told = self._work, self._work.here(), as_json(judgement)

        def recorded(store: Store) -> tuple[str | None, Mailing | None]:
            mail = work.mail.of(claimed, judgement, work.reception, now) if work.mail else None
            return store.cases.record(claimed, judgement, told, now, mail=mail), mail

        number, mail = await work.store.run(recorded)
        work.written(mail)
        decision = judgement.decision
        if decision.failures:
            failed = ", ".join(decision.failures)
            self._work.alarms.happened(
                "rules", f"Case {number} lies in the default queue, since a rule failed: {failed}"
            )
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

    async def _refused(self, claimed: Claimed, refused: Refused) -> None:
        """Try again later, with growing pauses, while that may help; then park, with a case for a person to read."""
        judge = self._work.settings.judge
        if refused.retry and claimed.attempt < judge.attempts:
            await self._put_off(claimed, refused, judge.pause * _PAUSE_GROWTH ** (claimed.attempt - 1))
        else:
            await self._park(claimed, refused)

    async def _put_off(self, claimed: Claimed, refused: Refused, seconds: float) -> None:
        until = self._work.clock() + timedelta(seconds=seconds)
        await self._work.store.run(lambda store: store.arrivals.retry_later(claimed, refused.reason, until))
        metrics.RETRIED.labels(refused.name).inc()
        _log.warning("put off", arrival=claimed.id, attempt=claimed.attempt, reason=refused.reason)

    async def _park(self, claimed: Claimed, refused: Refused) -> None:
        fallback = await asyncio.to_thread(what_can_be_read, claimed.arrival)
        reception, now = self._work.reception, self._work.here()

        def parked(store: Store) -> str | None:
            destination = reception.destination(claimed.arrival.received_at)
            return store.cases.park(claimed, refused.reason, fallback, destination, now)

        number = await self._work.store.run(parked)
        metrics.PARKED.labels(refused.name).inc()
        _log.error("parked", arrival=claimed.id, case=number, reason=refused.reason)
        told = (
            f"Arrival {claimed.id} could not be judged ({refused.reason}); a person must read case {number}."
            f" `dtm-contact arrivals retry {claimed.id}` judges it again."
        )
        self._work.alarms.happened(f"parked-{refused.name}", told)

    async def _let_go(self, claimed: Claimed, error: Exception) -> None:
        """Give an arrival back that was judged but could not be recorded; keep at it until the store takes that."""
        reason = type(error).__name__
        last = claimed.attempt >= self._work.settings.judge.attempts and not getattr(error, "retry", False)
        while True:
            await self._work.rest("recording", error)
            try:
                if last:
                    await self._park(claimed, Refused(reason, retry=False))
                else:
                    await self._put_off(claimed, Refused(reason, retry=True), self._work.settings.judge.pause)
            except Exception as another:  # noqa: BLE001 - the same
                error = another
            else:
                self._work.alarms.over("recording")
                return
