"""The loop that empties the outbox, under a clock that is set by hand: pauses, an end, alarms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from dtm_contact.model import ClaimedOutgoing, Outgoing, OutgoingKind, Urgency
from dtm_contact.outbound import Sender
from dtm_contact.outbound.relay import Fate, Relay, SendResult
from dtm_contact.settings import OutboundSettings
from tests.heard import made_alarms
from tests.outbound.test_relay import LETTER

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def always() -> bool:
    return True


@dataclass
class Box:
    """An outbox of one letter."""

    now: datetime = START
    attempts: int = 0
    not_before: datetime = START
    tried_at: list[timedelta] = field(default_factory=list)
    ended: tuple[str, str] | None = None
    reply: str = ""
    ill: bool = False
    refuses: int = 0
    lease: float = 30.0
    urgency: Urgency = Urgency.ANSWER
    outgoing: Outgoing = LETTER

    async def claim(self, now: datetime) -> ClaimedOutgoing | None:
        if self.ill:
            raise OSError
        if self.ended or now < self.not_before:
            return None
        self.attempts += 1
        self.tried_at.append(now - START)
        return ClaimedOutgoing(1, self.outgoing, self.attempts, START, self.urgency)

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime, reply: str = "") -> None:
        del claimed, now
        self.reply = reply
        if self.refuses:
            self.refuses -= 1
            raise OSError
        self.ended = fate, reason

    async def retry(self, claimed: ClaimedOutgoing, reply: str, until: datetime, left_to: Sequence[str] = ()) -> None:
        del claimed, left_to
        self.reply = reply
        self.not_before = until

    async def refused_for(self, claimed: ClaimedOutgoing, refused: Mapping[str, str], now: datetime) -> None:
        del claimed, refused, now

    def body(self, claimed: ClaimedOutgoing) -> None:
        del claimed

    async def lease_left(self, claimed: ClaimedOutgoing) -> float:
        del claimed
        return self.lease

    async def due_now(self) -> int:
        self.not_before = self.now
        return 1


class Answers(Relay):
    """A relay that answers what it is told to."""

    def __init__(self, *sent: SendResult) -> None:
        self.sent = list(sent)

    async def send(
        self, outgoing: Outgoing, still_ours: Callable[[], Awaitable[bool]] = always, **how: Any
    ) -> SendResult:
        assert outgoing.message_id == LETTER.message_id
        assert how == {"recipients": LETTER.everybody, "body": None}
        if not await still_ours():
            return SendResult(Fate.NOT_OURS, "lease")
        return self.sent.pop(0) if len(self.sent) > 1 else self.sent[0]


def sender(box: Box, relay: Relay, told: list[str], pause: float = 15) -> Sender:
    alarms = made_alarms(lambda cause, _sentence: told.append(cause))
    settings = OutboundSettings(pause=pause, longest_pause=3600, days=3)
    return Sender(settings, box, relay, alarms, lambda: box.now, least_lease=10)


async def worked(box: Box, relay: Relay) -> list[str]:
    """Work for four days, a minute at a time; return the alarms."""
    told: list[str] = []
    working = sender(box, relay, told)
    while box.now < START + timedelta(days=4):
        await working.send_one()
        box.now += timedelta(seconds=15)
    return told


async def test_pauses_grow_until_it_is_given_up_with_its_reason() -> None:
    box = Box()
    assert await worked(box, Answers(SendResult(Fate.LATER, "451"))) == []
    pauses = [int((later - earlier).total_seconds()) for earlier, later in pairwise(box.tried_at)]
    assert pauses[:6] == [15, 45, 135, 405, 1215, 3600]
    assert set(pauses[6:]) == {3600}
    assert box.ended == ("given_up", "451")
    assert timedelta(days=3) < box.tried_at[-1] < timedelta(days=3, hours=1)


@pytest.mark.parametrize(("fate", "reason"), [(Fate.SENT, "250"), (Fate.REFUSED, "554"), (Fate.NO_SUCH_ADDRESS, "550")])
async def test_an_end_is_an_end(fate: Fate, reason: str) -> None:
    box = Box()
    await worked(box, Answers(SendResult(fate, reason)))
    assert (box.attempts, box.ended) == (1, (fate.value, reason))


@pytest.mark.parametrize(
    ("result", "alarm", "kept"),
    [
        (SendResult(Fate.REFUSED, "550 5.7.1", words="spam"), "not-notified", "550 5.7.1 spam"),
        (SendResult(Fate.DOWN, "530 5.7.0", words="TLS first"), "relay", "530 5.7.0 TLS first"),
        (SendResult(Fate.DOWN, "SMTPException", "no STARTTLS"), "relay", "no STARTTLS"),
    ],
)
async def test_the_store_keeps_what_the_server_said_and_no_log_or_alarm_does(
    result: SendResult, alarm: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, str]] = []
    lines = list[dict[str, Any]]()
    monkeypatch.setattr(
        "dtm_contact.outbound.sender._log.info", lambda _event, **line: lines.append(line), raising=False
    )
    box = Box(urgency=Urgency.DANGER, outgoing=replace(LETTER, kind=OutgoingKind.NOTICE))
    alarms = made_alarms(lambda cause, sentence: heard.append((cause, sentence)))
    await Sender(OutboundSettings(), box, Answers(result), alarms, lambda: box.now, least_lease=10).send_one()
    assert box.reply == kept
    ((cause, sentence),) = heard
    assert cause == alarm
    assert f"({result.why})" in sentence
    if result.words:
        assert result.words not in f"{heard} {lines}"


@pytest.mark.parametrize(
    ("kind", "urgency", "sent", "told"),
    [
        (OutgoingKind.NOTICE, Urgency.DANGER, SendResult(Fate.REFUSED, "554"), ["not-notified"]),
        (OutgoingKind.NOTICE, Urgency.DANGER, SendResult(Fate.NO_SUCH_ADDRESS, "550"), ["not-notified"]),
        (OutgoingKind.NOTICE, Urgency.DANGER, SendResult(Fate.SENT, "250"), []),
        (OutgoingKind.NOTICE, Urgency.NOTICE, SendResult(Fate.REFUSED, "554"), []),
        (OutgoingKind.ANSWER, Urgency.DANGER, SendResult(Fate.REFUSED, "554"), []),
    ],
)
async def test_a_notice_of_danger_that_nobody_will_get_is_an_alarm(
    kind: OutgoingKind, urgency: Urgency, sent: SendResult, told: list[str]
) -> None:
    box = Box(urgency=urgency, outgoing=replace(LETTER, kind=kind))
    assert await worked(box, Answers(sent)) == told


async def test_a_server_that_is_away_is_one_alarm_and_costs_nothing() -> None:
    box = Box()
    told = await worked(
        box, Answers(*[SendResult(Fate.DOWN, "ConnectionRefusedError")] * 5, SendResult(Fate.SENT, "250"))
    )
    assert told == ["relay"]
    assert (box.attempts, box.ended) == (6, ("sent", "250"))


async def test_an_outbox_that_cannot_be_read_is_an_alarm_and_ends_nothing() -> None:
    box = Box(ill=True)
    told: list[str] = []
    working = sender(box, Answers(SendResult(Fate.SENT, "250")), told)
    assert not await working.send_one()
    box.ill = False
    assert await working.send_one()
    assert (told, box.ended) == (["outbox"], ("sent", "250"))


async def test_what_was_sent_is_noted_as_soon_as_the_store_can() -> None:
    box = Box(refuses=3)
    told: list[str] = []
    assert await sender(box, Answers(SendResult(Fate.SENT, "250")), told, pause=0.001).send_one()
    assert (box.attempts, box.ended, told) == (1, ("sent", "250"), ["outbox"])


async def test_of_danger_no_pause_grows() -> None:
    box = Box(urgency=Urgency.DANGER)
    await worked(box, Answers(*[SendResult(Fate.LATER, "451")] * 100, SendResult(Fate.SENT, "250")))
    assert {later - earlier for earlier, later in pairwise(box.tried_at)} == {timedelta(seconds=15)}
    assert (box.attempts, box.ended) == (101, ("sent", "250"))


@pytest.mark.parametrize("lease", [0.0, 9.0])
async def test_with_too_little_of_its_lease_left_nothing_is_handed_over(lease: float) -> None:
    box = Box(lease=lease)
    told: list[str] = []
    relay = Answers(SendResult(Fate.SENT, "250"))
    working = sender(box, relay, told)
    assert await working.send_one()
    assert (box.ended, told) == (None, [])
    box.lease = 30.0
    assert await working.send_one()
    assert box.ended == ("sent", "250")


async def test_a_lease_that_cannot_be_looked_up_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()

    async def ill(_claimed: ClaimedOutgoing) -> float:
        raise OSError

    monkeypatch.setattr(box, "lease_left", ill)
    await sender(box, Answers(SendResult(Fate.SENT, "250")), []).send_one()
    assert box.ended is None
