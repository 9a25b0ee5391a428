import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact import metrics
from dtm_contact.calls.outcomes import MEDIA_TYPE as CALL
from dtm_contact.errors import JudgeDiedError, JudgeTimeoutError
from dtm_contact.labels.coded_text import text_of, texts_of
from dtm_contact.model import Arrival, Channel, Envelope, Priority
from dtm_contact.settings import JudgeSettings, Settings
from dtm_contact.store import ArrivalLine, ArrivalState, Claimed, GroupCommitInbox, Store
from dtm_contact.worker import FallbackQueue, WakingInbox, Worker, fallback
from dtm_contact.worker import worker as worker_module
from dtm_contact.worker.fallback import readable_part
from dtm_contact.worker.handlers import MESSAGE
from dtm_contact.worker.ipc import AwaitsRecognition, JudgeFailure, JudgeReply, JudgeRequest
from tests.heard import made_alarms
from tests.rules.once import load_once
from tests.store.samples import daemon

RECEIVED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LEAK = b"""From: Personne Inconnue <inconnue@free.example>\r
To: metropole@parishabitat.fr\r
Subject: Fuite\r
Date: Tue, 24 Nov 2026 10:30:00 +0100\r
Message-ID: <one@free.example>\r
\r
Bonjour, il y a une grosse fuite d'eau dans ma cuisine.\r
"""
ABSENCE = (
    LEAK.partition(b"\r\n\r\n")[0].replace(b"Subject: Fuite", b"Subject: Absence\r\nAuto-Submitted: auto-replied")
    + "\r\n\r\nJe suis absente du bureau jusqu'au 3 décembre inclus.\r\n".encode()
)


def arrival(raw: bytes = LEAK, media_type: str = "message/rfc822") -> Arrival:
    envelope = Envelope("inconnue@free.example", ("metropole@parishabitat.fr",), "127.0.0.1")
    return Arrival("smtp", str(hash((raw, media_type))), RECEIVED, media_type, envelope, raw)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = RECEIVED

    def __call__(self) -> datetime:
        return self.now


def reception(settings: Settings, store: Store) -> FallbackQueue:
    return FallbackQueue(load_once(settings.rules.dir, zone=settings.zone), store.directory.in_force)


@asynccontextmanager
async def working(settings: Settings, store: Store, clock: Callable[[], datetime]) -> AsyncIterator[WakingInbox]:
    worker = Worker(settings, store, made_alarms(), clock)
    inbox = GroupCommitInbox(store)
    worker.start(reception(settings, store))
    try:
        yield WakingInbox(inbox, worker.wake)
    finally:
        await inbox.close()
        await worker.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


async def settled(store: Store, *states: ArrivalState) -> ArrivalLine:
    """Return the first arrival once it is in one of the states; without any, once it is judged, set aside or parked."""
    wanted = states or (ArrivalState.JUDGED, ArrivalState.SET_ASIDE, ArrivalState.PARKED)
    await until(lambda: store.arrivals.listing()[0].state in wanted)
    return store.arrivals.listing()[0]


async def test_an_accepted_message_lies_in_a_queue(settings: Settings, store: Store) -> None:
    async with working(settings, store, Clock()) as inbox:
        await inbox.accept([arrival()])
        line = await settled(store)
    (case,) = store.cases.queue()
    assert (line.state, line.case_number) == (ArrivalState.JUDGED, case.number)
    assert (case.topic, text_of(case.subject), case.read_in_full) == ("water_leak", "Fuite", True)
    assert case.number.startswith("2026-")
    (contact,) = store.cases.get(case.number).contacts
    assert contact.decision is not None
    assert contact.decision["queue"] == case.queue


async def test_automatic_mail_is_set_aside_and_becomes_a_case_when_released(settings: Settings, store: Store) -> None:
    async with working(settings, store, Clock()) as inbox:
        await inbox.accept([arrival(ABSENCE)])
        line = await settled(store)
        assert (line.state, line.case_number, store.cases.queue()) == (ArrivalState.SET_ASIDE, None, [])
        store.arrivals.release(line.id, "an agent", RECEIVED)
        await settled(store, ArrivalState.JUDGED)
    (case,) = store.cases.queue()
    assert case.topic not in {"automatic", "spam"}


async def test_what_cannot_be_read_is_parked_with_a_case_at_the_reception(settings: Settings, store: Store) -> None:
    async with working(settings, store, Clock()) as inbox:
        await inbox.accept([arrival(media_type="application/unheard-of")])
        line = await settled(store)
    assert line.state is ArrivalState.PARKED
    assert line.reason is not None
    assert line.reason.startswith("UnreadableArrivalError")
    (case,) = store.cases.queue()
    desk = reception(settings, store).rules.desks.reception.id
    assert (case.queue, case.read_in_full, case.rule) == (desk, False, None)
    assert texts_of(case.why) == "non lu en entier"


async def test_one_that_takes_too_long_is_parked(settings: Settings, store: Store) -> None:
    hasty = settings.model_copy(update={"judge": JudgeSettings(processes=1, seconds=1e-6, attempts=3, pause=2)})
    async with working(hasty, store, Clock()) as inbox:
        await inbox.accept([arrival()])
        line = await settled(store)
    (case,) = store.cases.queue()
    assert (line.state, line.reason) == (ArrivalState.PARKED, "JudgeTimeoutError")
    assert (text_of(case.subject), text_of(case.who)) == ("Fuite", "Personne Inconnue <inconnue@free.example>")


async def test_a_judge_that_dies_costs_only_an_attempt(settings: Settings, store: Store) -> None:
    clock = Clock()
    worker = Worker(settings, store, made_alarms(), clock)
    worker.start(reception(settings, store))
    try:
        store.arrivals.accept([arrival(LEAK.replace(b"Fuite", b"Avant"))])
        worker.wake()
        await settled(store)
        (judge,) = worker.judges
        assert judge.pid is not None
        os.kill(judge.pid, signal.SIGKILL)
        store.arrivals.accept([arrival()])
        worker.wake()
        await until(lambda: store.arrivals.listing()[1].not_before is not None)
        line = store.arrivals.listing()[1]
        assert (line.attempts, line.reason) == (1, "JudgeDiedError")
        assert line.not_before == RECEIVED + timedelta(seconds=settings.judge.pause)
        clock.now = line.not_before
        worker.wake()
        await until(lambda: store.arrivals.listing()[1].state is ArrivalState.JUDGED)
    finally:
        await worker.stop()


async def test_one_whose_judge_dies_each_time_is_parked_after_as_many_attempts_as_are_set(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise JudgeDiedError

    monkeypatch.setattr("dtm_contact.worker.judge_process.JudgeProcess.judge", dies)
    clock = Clock()
    async with working(settings, store, clock) as inbox:
        await inbox.accept([arrival()])
        for attempt in range(1, settings.judge.attempts):
            await until(lambda: store.arrivals.listing()[0].not_before not in (None, clock.now))
            line = store.arrivals.listing()[0]
            assert (line.state, line.attempts) == (ArrivalState.WAITING, attempt)
            assert line.not_before is not None
            clock.now = line.not_before
            inbox.on_stored()
        line = await settled(store)
    assert (line.state, line.attempts, line.reason) == (ArrivalState.PARKED, settings.judge.attempts, "JudgeDiedError")


async def test_what_a_crash_left_claimed_is_judged_after_the_next_start(settings: Settings, store: Store) -> None:
    store.arrivals.accept([arrival()])
    claimed = store.arrivals.claim("crashed", RECEIVED)
    assert isinstance(claimed, Claimed)
    store.leases.register(daemon(settings.name), 60)
    async with working(settings, store, Clock()):
        line = await settled(store)
    assert (line.state, line.attempts) == (ArrivalState.JUDGED, 2)


async def test_a_new_directory_is_taken_up_before_the_next_arrival(settings: Settings, store: Store) -> None:
    async with working(settings, store, Clock()) as inbox:
        await inbox.accept([arrival()])
        await settled(store)
        records = store.directory.load()
        first = records.leases[0]
        address = f"newcomer.{first.tenant_id}@free.example".lower()
        leases = (replace(first, email=address), *records.leases[1:])
        store.directory.save(replace(records, leases=leases), "import", RECEIVED)
        await inbox.accept([arrival(LEAK.replace(b"inconnue@free.example", address.encode()))])
        await until(lambda: len(store.cases.queue()) > 1)
    assert first.tenant_id in {case.tenant_id for case in store.cases.queue()}


@pytest.mark.parametrize(
    ("raw", "subject", "address"),
    [
        (LEAK, "Fuite", "inconnue@free.example"),
        (b"", "", ""),
        (b"\xff\xfe\x00" * 100_000, "", ""),
        (LEAK + b"x" * 1_000_000, "Fuite", "inconnue@free.example"),
    ],
)
def test_the_stand_in_says_what_the_head_says(raw: bytes, subject: str, address: str) -> None:
    found = readable_part(arrival(raw))
    assert (found.subject, found.sender.address) == (subject, address)


@pytest.mark.parametrize(("media_type", "channel"), [(MESSAGE, Channel.EMAIL), (CALL, Channel.PHONE)])
def test_the_stand_in_of_what_has_no_readable_head_came_by_its_own_channel(
    media_type: str, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "read", lambda _arrival: 1 / 0)
    assert readable_part(arrival(b"\xff", media_type)).channel is channel


async def test_an_arrival_that_the_clock_ended_is_tried_once_more(settings: Settings, store: Store) -> None:
    worker = Worker(settings, store, made_alarms(), Clock())
    judge = worker.judges[0].judge
    times: list[JudgeRequest] = []

    async def stands_still_once(request: JudgeRequest) -> JudgeReply | AwaitsRecognition | JudgeFailure:
        times.append(request)
        if len(times) == 1:
            raise JudgeTimeoutError
        return await judge(request)

    worker.judges[0].judge = stands_still_once  # type: ignore[method-assign]
    worker.start(reception(settings, store))
    try:
        store.arrivals.accept([arrival()])
        worker.wake()
        line = await settled(store)
        assert (line.state, line.attempts, len(times)) == (ArrivalState.JUDGED, 1, 2)
    finally:
        await worker.stop()


Answers = AwaitsRecognition | JudgeFailure | JudgeReply


@asynccontextmanager
async def answered_by(
    settings: Settings, store: Store, answers: Sequence[Answers], clock: Clock, told: list[tuple[str, str]]
) -> AsyncIterator[tuple[Worker, list[JudgeRequest]]]:
    """Have one arrival judged by what answers so, the last answer again and again; yield what was asked."""
    worker = Worker(settings, store, made_alarms(lambda cause, text: told.append((cause, text))), clock)
    asked: list[JudgeRequest] = []

    async def judged(request: JudgeRequest) -> Answers:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    async def ready() -> None:
        """Be ready at once: there is no process."""

    worker.judges[0].judge = judged  # type: ignore[method-assign]
    worker.judges[0].ready = ready  # type: ignore[method-assign]
    worker.start(reception(settings, store))
    try:
        store.arrivals.accept([arrival()])
        worker.wake()
        yield worker, asked
    finally:
        await worker.stop()


async def test_a_consumer_that_finds_nothing_rests_until_it_is_woken(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    monkeypatch.setattr(worker_module, "_LOOK_AGAIN_SECONDS", 3_600)
    monkeypatch.setattr(store.arrivals, "claim", lambda *given, **_how: looks.append(given))
    async with answered_by(settings, store, [JudgeFailure("Seen", retry=False)], Clock(), []) as (worker, _asked):
        await until(lambda: bool(looks))
        for _ in range(100):
            await asyncio.to_thread(int)
        # Once at its start, and once since it was woken by what came in then.
        assert len(looks) <= 2
        before = len(looks)
        worker.wake()
        await until(lambda: len(looks) > before)


async def test_what_is_parked_is_an_alarm_that_names_its_case_and_not_its_words(
    settings: Settings, store: Store
) -> None:
    told: list[tuple[str, str]] = []
    failure = JudgeFailure("UnreadableArrivalError at mime.py:7", retry=False)
    async with answered_by(settings, store, [failure], Clock(), told):
        await settled(store, ArrivalState.PARKED)
        await until(lambda: bool(told))
    [(cause, text)] = told
    assert cause == "parked-UnreadableArrivalError"
    assert store.cases.queue()[0].number in text
    assert "Fuite" not in text


async def test_the_pauses_between_attempts_grow(settings: Settings, store: Store) -> None:
    clock = Clock()
    async with answered_by(settings, store, [JudgeFailure("OSError", retry=True)], clock, []) as (worker, _asked):
        for pause in (2, 8):
            waits = clock.now + timedelta(seconds=pause)
            await until(lambda waits=waits: store.arrivals.listing()[0].not_before == waits)  # type: ignore[misc]
            clock.now = waits
            worker.wake()
        await settled(store, ArrivalState.PARKED)


@pytest.mark.parametrize("waits", [True, False])
async def test_a_letter_is_judged_unread_only_once_it_has_waited_long_enough(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    monkeypatch.setattr(store.recognitions, "wait", lambda *_given: waits)
    late = metrics.RECOGNISED.labels("late")._value
    before = late.get()
    answers: list[Answers] = [AwaitsRecognition(("0" * 64,)), JudgeFailure("Seen", retry=False)]
    async with answered_by(settings, store, answers, Clock(), []) as (worker, asked):
        if waits:
            await until(lambda: bool(asked) and worker._consumers[0].arrival is None)
        else:
            await settled(store, ArrivalState.PARKED)
    assert [request.unrecognised for request in asked] == ([False] if waits else [False, True])
    assert late.get() - before == (0 if waits else 1)


async def test_in_a_backlog_what_tells_of_danger_is_judged_first(settings: Settings, store: Store) -> None:
    gas = LEAK.replace(b"Fuite", b"Odeur de gaz").replace(b"une grosse fuite d'eau", b"une forte odeur de gaz")
    others = [LEAK.replace(b"one@", b"%d@" % number) for number in range(150)]
    store.arrivals.accept([arrival(raw) for raw in (*others, gas)])
    async with working(settings, store, Clock()):
        await until(lambda: [case.priority for case in store.cases.queue(limit=1)] == [Priority.P1])
        left = store.arrivals.waiting()
    assert left > 100
