"""The loop that empties the outbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import LeaseLostError, described
from dtm_contact.log import get_log
from dtm_contact.model import ClaimedOutgoing, OutgoingKind, Urgency
from dtm_contact.outbound.relay import Fate, Relay, SendResult
from dtm_contact.settings import OutboundSettings

_GROWTH: Final = 3
_ILL_AFTER: Final = 3
"""So many failures in a row are the server's, not the messages'."""
_ENDS: Final = (Fate.SENT, Fate.REFUSED, Fate.NO_SUCH_ADDRESS)
_log = get_log("outbound")


def relay_trouble(settings: OutboundSettings, why: str) -> str:
    """Return what is told of a mail server that takes nothing from us.

    Args:
        settings: where it is.
        why: what is wrong with it.
    """
    return f"The mail server {settings.host}:{settings.port} does not take our mail ({why}): it waits here."


class Outbox(Protocol):
    """Where what is to be sent waits; every method returns once the change would survive a power cut."""

    async def claim(self, now: datetime) -> ClaimedOutgoing | None:
        """Take the most urgent that may be tried now, the oldest of them; None where there is none."""
        ...

    async def lease_left(self, claimed: ClaimedOutgoing) -> float:
        """Return for how many seconds nobody else may take what is claimed; 0 or less where somebody may."""
        ...

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime, reply: str = "") -> None:
        """Say that one is done with: `sent`, `refused`, `no_such_address` or `given_up`."""
        ...

    async def retry(self, claimed: ClaimedOutgoing, reply: str, until: datetime, left_to: Sequence[str] = ()) -> None:
        """Say that one is tried again, not before `until`; for some alone where the others have it."""
        ...

    async def refused_for(self, claimed: ClaimedOutgoing, refused: Mapping[str, str], now: datetime) -> None:
        """Note to whom of several it does not come."""
        ...

    def body(self, claimed: ClaimedOutgoing) -> AsyncIterator[bytes] | None:
        """Return the whole of it in pieces, with the files that join it; None where none does."""
        ...

    async def due_now(self) -> int:
        """Have everything that waits for its next attempt tried now; return how much that is."""
        ...


class Sender:
    """Sends what waits, the most urgent first; no trouble ends it, and none loses a message."""

    def __init__(
        self,
        settings: OutboundSettings,
        outbox: Outbox,
        relay: Relay,
        alarms: Alarms,
        clock: Callable[[], datetime],
        *,
        least_lease: float = 0.0,
    ) -> None:
        """Take the outbox, the server that sends for us, who hears of trouble, and the clock that pauses count by.

        `least_lease`: seconds for which nobody else may take a message when it is handed over.
        """
        self._settings = settings
        self._outbox = outbox
        self._relay = relay
        self._alarms = alarms
        self._clock = clock
        self._least_lease = least_lease
        self._something = asyncio.Event()
        self._trying: asyncio.Future[None] | None = None
        self._away = False
        self._failures = 0

    def wake(self) -> None:
        """Say that something new waits."""
        self._something.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._something.clear()
            if not await self.goes_on():
                await self._wait()

    async def goes_on(self) -> bool:
        """Try the next one; return whether to go on at once: a server that is away is tried once a pause."""
        return await self.send_one() and not self._away

    async def stop(self, task: asyncio.Task[None]) -> None:
        """End the task that runs this, once what is being handed over has its answer."""
        await cancel_and_wait(task)
        if self._trying is not None and not self._trying.done():
            await asyncio.wait({self._trying}, timeout=self._settings.stop_seconds)
            await cancel_and_wait(self._trying)

    async def send_one(self) -> bool:
        """Try the next one; return whether there was one."""
        return await self._worked(self._claim_and_try())

    async def _worked(self, step: Awaitable[bool | None]) -> bool:
        """Return whether a step did something; trouble with the outbox is an alarm until it is over."""
        try:
            done = await step
        except LeaseLostError:
            # Told by the heartbeat, once it is more than a moment.
            return False
        except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
            self._alarms.sound("outbox", f"The outbox cannot be worked ({described(error)}): what is to be sent waits.")
            _log.warning("outbox", error=type(error).__name__)
            return False
        self._alarms.over("outbox")
        return done is not False

    async def _claim_and_try(self) -> bool:
        claimed = await self._outbox.claim(self._clock())
        if claimed is None:
            return False
        # A stop waits for the answer of a server that has the whole message: not knowing it would send it twice.
        self._trying = asyncio.ensure_future(self._try(claimed))
        await asyncio.shield(self._trying)
        return True

    async def _try(self, claimed: ClaimedOutgoing) -> None:
        sent = await self._relay.send(
            claimed.outgoing,
            partial(self._still_ours, claimed),
            recipients=claimed.recipients,
            body=self._outbox.body(claimed),
        )
        now = self._clock()
        metrics.SENT.labels(claimed.outgoing.kind.value, sent.fate.value).inc()
        if sent.fate in (Fate.DOWN, Fate.CUT):
            self._alarms.sound("relay", relay_trouble(self._settings, sent.why))
        elif sent.fate in _ENDS:
            self._alarms.over("relay")
        # Kept at until the store takes it: what it does not know to be sent would be sent again after a restart.
        while not await self._worked(self._noted(claimed, sent, now)):  # noqa: ASYNC110 - nothing rings when a store is well
            await asyncio.sleep(self._settings.pause)
        _log.info("sending", outgoing=claimed.id, attempt=claimed.attempt, fate=sent.fate.value, reason=sent.reason)

    async def _still_ours(self, claimed: ClaimedOutgoing) -> bool:
        """Return whether nobody else sends it; where that cannot be told, somebody may."""
        try:
            return await self._outbox.lease_left(claimed) > self._least_lease
        except Exception as error:  # noqa: BLE001 - whatever it is, what is not certain is not sent
            _log.warning("outbox", error=type(error).__name__)
            return False

    async def _noted(self, claimed: ClaimedOutgoing, sent: SendResult, now: datetime) -> None:
        if sent.refused:
            await self._outbox.refused_for(claimed, sent.refused, now)
        if sent.fate in _ENDS:
            await self._outbox.settle(claimed, sent.fate.value, sent.reason, now, sent.reply)
            if sent.fate is not Fate.SENT:
                self._report_lost(claimed, sent)
        else:
            await self._later(claimed, sent, now)
        await self._judge_server(sent.fate)

    async def _judge_server(self, fate: Fate) -> None:
        """Note whether the server works; once it does again, everything that waits because it did not is tried now."""
        if fate in _ENDS:
            was_ill = self._away or self._failures >= _ILL_AFTER
            self._away, self._failures = False, 0
            if was_ill and (due := await self._outbox.due_now()):
                _log.info("the mail server works again", due=due)
        elif fate is not Fate.NOT_OURS:
            self._away, self._failures = fate is Fate.DOWN, self._failures + 1

    async def _later(self, claimed: ClaimedOutgoing, sent: SendResult, now: datetime) -> None:
        if now - claimed.created_at > timedelta(days=self._settings.days):
            await self._outbox.settle(claimed, "given_up", sent.reason, now, sent.reply)
            self._report_lost(claimed, sent)
            return
        await self._outbox.retry(
            claimed, sent.reply, now + timedelta(seconds=self._pause(claimed, sent.fate)), sent.left_to
        )

    def _report_lost(self, claimed: ClaimedOutgoing, sent: SendResult) -> None:
        """Tell the admins of a notice of danger that nobody will get: the server is well, so that nothing else does."""
        if claimed.outgoing.kind is OutgoingKind.NOTICE and claimed.urgency is Urgency.DANGER:
            self._alarms.happened(
                "not-notified",
                f"The mail server refused a notice of danger for good ({sent.why}): outgoing {claimed.id} of "
                "dtm-contact outbox list --status failed. The next on call, if there is one, is notified at once.",
            )

    def _pause(self, claimed: ClaimedOutgoing, fate: Fate) -> float:
        if fate in (Fate.DOWN, Fate.NOT_OURS):
            # No message is at fault: the sender itself waits, and then tries the most urgent.
            return 0.0
        longest = self._settings.pause if claimed.urgency is Urgency.DANGER else self._settings.longest_pause
        return min(self._settings.pause * float(_GROWTH ** (claimed.attempt - 1)), longest)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._settings.pause):
                await self._something.wait()
        except TimeoutError:
            return
