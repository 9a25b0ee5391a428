"""A relay that is away for an hour, by a clock that is set: what tells of danger leaves first, and soon."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from dtm_contact.alarms import Alarms
from dtm_contact.alerting import AlarmNotice, Announcer, Kept, NoticeState
from dtm_contact.model import CaseKind, Outgoing, OutgoingKind, Priority
from dtm_contact.outbound import Sender
from dtm_contact.outbound.relay import Fate, Relay, SendResult
from dtm_contact.settings import OutboundSettings, Settings
from dtm_contact.store import Store, StoreThread, open_store
from dtm_contact.worker.outbox import AsyncOutbox
from tests.alerting.test_announcer import FakeNotifier
from tests.store.fresh import fresh_store
from tests.store.samples import NOW, daemon, judgement
from tests.store.test_joining import recorded

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=15)


@dataclass
class Away(Relay):
    """A relay that is away until some time; `sent` is what it took, and when."""

    now: datetime = NOW
    back_at: datetime = NOW + HOUR
    fate: Fate = Fate.DOWN
    tried: int = 0
    sent: list[tuple[Outgoing, timedelta]] = field(default_factory=list)

    async def send(  # type: ignore[override]
        self, outgoing: Outgoing, still_ours: Callable[[], Awaitable[bool]], **how: Any
    ) -> SendResult:
        assert await still_ours()
        assert how.keys() <= {"recipients", "body"}
        self.tried += 1
        if self.now < self.back_at:
            return SendResult(self.fate, "451")
        self.sent.append((outgoing, self.now - self.back_at))
        return SendResult(Fate.SENT, "250")


def letter(number: int, kind: OutgoingKind) -> Outgoing:
    to = f"{kind}{number}@free.example"
    return Outgoing(kind, f"{kind} {number}", to, "us@bailleur.example", f"{number}.{kind}@bailleur.example", b"x")


def write(store: Store, number: int, kind: OutgoingKind, priority: Priority = Priority.P3) -> str:
    """Write something because of a new case; return its Message-ID."""
    wanted = letter(number, kind)
    recorded(store, judgement(CaseKind.CASE, priority=priority), f"{kind} {number}", letters=[wanted])
    return wanted.message_id


class AdminsMail(FakeNotifier):
    """Mail to the admins through the relay that is away: it works once the relay is back."""

    def __init__(self, relay: Away) -> None:
        super().__init__()
        self._relay = relay

    async def send(self, notice: AlarmNotice) -> None:
        self.works = self._relay.now >= self._relay.back_at
        await super().send(notice)


async def played(store: Store, relay: Away, seconds: float, ways: Sequence[FakeNotifier] = ()) -> None:
    """Let a sender work from now until the relay is back for so long; it pauses by the clock that is set.

    The admins are told of its alarms by `ways`, looked at in each pause.
    """
    settings = OutboundSettings(host="relay.example")
    outbox = AsyncOutbox(thread := StoreThread(store), lambda: "sender")
    announcer = Announcer(Settings(), ways, Kept(None), lambda: relay.now)
    alarms = Alarms(announcer, lambda: relay.now.timestamp())  # noqa: PLW0108 - the clock moves
    sender = Sender(settings, outbox, relay, alarms, lambda: relay.now, least_lease=10)
    while relay.now < relay.back_at + timedelta(seconds=seconds):
        if not await sender.goes_on():
            await announcer.tick()
            relay.now += timedelta(seconds=settings.pause)
    thread.close()


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    url = f"sqlite:///{tmp_path_factory.mktemp('outage')}/store.db"
    fresh_store(url)
    opened = open_store(url)
    opened.leases.register(daemon("sender"), 3600)
    return opened


@pytest.mark.parametrize(
    ("fate", "late"), [(Fate.DOWN, 0), (Fate.DOWN, 1), (Fate.DOWN, 9.9), (Fate.LATER, 1), (Fate.CUT, 9.9)]
)
async def test_after_an_hour_without_a_relay_danger_leaves_first_and_soon(
    store: Store, fate: Fate, late: float
) -> None:
    for number in range(3):
        write(store, number, OutgoingKind.ANSWER)
    write(store, 5, OutgoingKind.REPLY)
    notice = write(store, 6, OutgoingKind.NOTICE)
    danger = write(store, 7, OutgoingKind.NOTICE, Priority.P1)
    relay = Away(back_at=NOW + HOUR + timedelta(seconds=late), fate=fate)
    await played(store, relay, 60)
    order = [outgoing.message_id for outgoing, _ in relay.sent]
    assert order[0] == danger
    assert relay.sent[0][1] <= SOON
    assert order[1:3] == [notice, letter(5, OutgoingKind.REPLY).message_id]
    assert len(order) == 6
    assert {wait for _, wait in relay.sent} == {relay.sent[0][1]}
    assert store.outbox.waiting() == 0


async def test_the_admins_hear_of_an_hour_without_a_relay(store: Store) -> None:
    danger = write(store, 1, OutgoingKind.NOTICE, Priority.P1)
    relay = Away(back_at=NOW + HOUR)
    mail = AdminsMail(relay)
    await played(store, relay, 900, [mail])
    assert relay.sent[0][0].message_id == danger
    assert relay.sent[0][1] <= SOON
    # Through the same relay: once it is back, with since when it was away; and then that it is over.
    assert mail.said == [("relay", NoticeState.SOUNDS), ("relay", NoticeState.OVER)]
    assert mail.told[0].episode.since == NOW
    assert mail.told[0].at - relay.back_at <= SOON


async def test_the_admins_hear_at_once_by_another_way(store: Store) -> None:
    write(store, 1, OutgoingKind.NOTICE, Priority.P1)
    relay = Away(back_at=NOW + timedelta(minutes=5))
    mail, webhook = AdminsMail(relay), FakeNotifier("webhook")
    await played(store, relay, 900, [mail, webhook])
    (told,) = webhook.told
    assert told.at == NOW
    assert told.episode.sentence == "The mail server relay.example:587 does not take our mail (451): it waits here."
    assert mail.said == [("relay", NoticeState.OVER)]


async def test_a_relay_that_is_away_is_tried_once_a_pause_however_much_waits(store: Store) -> None:
    for number in range(20):
        write(store, number, OutgoingKind.REPLY)
    relay = Away(back_at=NOW + HOUR)
    await played(store, relay, 0)
    assert relay.tried == HOUR / timedelta(seconds=OutboundSettings().pause)


async def test_what_is_written_of_danger_goes_before_all_that_waits(store: Store) -> None:
    for number in range(2):
        write(store, number, OutgoingKind.REPLY)
    first = write(store, 3, OutgoingKind.ANSWER, Priority.P1)
    relay = Away(back_at=NOW)
    await played(store, relay, 1)
    assert relay.sent[0][0].message_id == first
