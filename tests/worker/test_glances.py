"""Glances at what waits: when there are some, what those that fail lead to, and the order of claims then."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dtm_contact import metrics
from dtm_contact.errors import JudgeDiedError
from dtm_contact.model import Arrival, Envelope
from dtm_contact.settings import Settings
from dtm_contact.store import Glance, Store, StoreThread
from dtm_contact.worker.glances import Glances
from dtm_contact.worker.ipc import Look
from dtm_contact.worker.judge_process import JudgeProcess
from dtm_contact.worker.worker import Consumer
from tests.store.samples import FALLBACK, NOW, RECEPTION, minutes

MANY = 25
GAS = b"Subject: Urgent\r\n\r\nIl y a une forte odeur de gaz dans le hall, venez vite.\r\n"


def accept(store: Store, *names: str, in_turn: bool = False) -> None:
    envelope = Envelope("nadia@free.example", ("contact@bailleur.example",))
    store.arrivals.accept(
        [Arrival("smtp", name, NOW, "message/rfc822", envelope, b"Subject: x\n\n", in_turn) for name in names]
    )


class Judge:
    """Says what it is told to say of what it is to glance at, and keeps that."""

    def __init__(self, scores: Mapping[int, int] | None = None) -> None:
        self.seen: list[int] = []
        self._scores = scores

    async def look(self, look: Look) -> Mapping[int, int]:
        self.seen += [glance.id for glance in look.glances]
        if self._scores is None:
            raise JudgeDiedError("exit status 1")
        return self._scores


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def glances(store: Store, clock: Clock) -> Glances:
    return Glances(StoreThread(store), clock)


async def glance(glances: Glances, judge: Judge) -> list[int]:
    judge.seen.clear()
    await glances.glance(judge)  # type: ignore[arg-type]
    return judge.seen


async def test_where_few_wait_nothing_is_glanced_at(store: Store, glances: Glances) -> None:
    accept(store, "a", "b", "c")
    assert await glance(glances, Judge({})) == []


async def test_a_single_newcomer_behind_many_is_glanced_at(store: Store, glances: Glances, clock: Clock) -> None:
    accept(store, *map(str, range(MANY)))
    judge = Judge({})
    assert len(await glance(glances, judge)) == MANY
    accept(store, "new")
    assert await glance(glances, judge) == []
    clock.now += 1
    assert await glance(glances, judge) == [MANY + 1]
    clock.now += 1
    assert await glance(glances, judge) == []


async def test_how_many_were_glanced_at_is_counted_by_what_was_found(store: Store, glances: Glances) -> None:
    accept(store, *map(str, range(MANY)))
    danger, none = (metrics.GLANCED_AT.labels(found)._value for found in ("yes", "no"))
    before = danger.get(), none.get()
    await glance(glances, Judge({1: 900, 2: 0, 3: 40}))
    assert (danger.get() - before[0], none.get() - before[1]) == (2, MANY - 2)


async def test_those_whose_glance_fails_are_judged_in_their_turn_and_not_glanced_at_again(
    store: Store, glances: Glances, clock: Clock
) -> None:
    accept(store, *map(str, range(MANY)))
    judge = Judge(None)
    assert len(await glance(glances, judge)) == MANY
    clock.now += 1
    assert await glance(glances, judge) == []
    first = store.arrivals.claim("worker", minutes(1))
    assert first is not None
    assert (first.id, first.danger_score) == (1, 0)


@pytest.mark.usefixtures("store")
async def test_hostile_heads_hide_nothing_that_waits_beside_them(settings: Settings) -> None:
    hostile = [
        b"", b"\x00" * 32_768, b"Subject: " + b"=?utf-8?b?" * 3_000, b"\n\n" + b"<" * 32_000, b"\n\n" + b"gaz " * 8_000,
        b"Content-Type: multipart/mixed\n\n" + b"\n--\n\n" * 8_000, b"Subject: =?ud800?q?=ff?=\n\n\xff\xfe",
        b"Content-Transfer-Encoding: base64\n\n" + b"=" * 32_000, b"\n\n" + b"pas de danger ! " * 2_000,
    ]  # fmt: skip
    heads = [Glance(number, "message/rfc822", head) for number, head in enumerate(hostile)]
    judge = JudgeProcess(settings)
    try:
        found = await judge.look(Look((*heads, Glance(100, "message/rfc822", GAS), Glance(101, "text/csv", GAS))))
    finally:
        await judge.kill()
    assert sorted(found) == [*range(len(hostile)), 100, 101]
    assert found[100] > 900
    assert found[101] == 0


def test_one_claim_in_four_is_by_age_and_these_take_turns(store: Store) -> None:
    """However much seems to tell of danger, what does not, and what is judged in turn, comes to its end."""
    accept(store, *(f"danger {number}" for number in range(12)))
    accept(store, *(f"call {number}" for number in range(2)), in_turn=True)
    accept(store, *(f"letter {number}" for number in range(3)))
    store.arrivals.looked_at({number: 1_000 - number for number in range(1, 13)})
    context: Any = SimpleNamespace(holder=lambda: "worker", clock=lambda: datetime.now(UTC))
    consumer, order = Consumer(context, None), []  # type: ignore[arg-type]
    while claimed := consumer._claim(store):
        store.cases.park(claimed, "tried", FALLBACK, RECEPTION, NOW)
        order.append(claimed.arrival.external_id.partition(" ")[0])
    danger = ["danger"] * 3
    assert order[:4] == [*danger, "call"]
    # By age alone a danger may have its turn as well: it is the oldest.
    assert order[4:8] == [*danger, "danger"]
    assert order[8:12] == [*danger, "call"]
    assert sorted(order) == sorted(["danger"] * 12 + ["call"] * 2 + ["letter"] * 3)
