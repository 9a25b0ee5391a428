import asyncio
import re
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from dtm_contact.errors import CommitUnknownError, StoreUnavailableError
from dtm_contact.ingest import Inbox
from dtm_contact.store import GroupCommitInbox, Store, StoreRefusedError
from tests.store.samples import NOW, arrival


@pytest.fixture
async def inbox(store: Store) -> AsyncIterator[GroupCommitInbox]:
    opened = GroupCommitInbox(store)
    # Nothing to store; but the store is proven well by it, so that no probe is counted later.
    await opened.accept([])
    yield opened
    await opened.close()


def stored(store: Store) -> list[str]:
    return sorted(line.external_id for line in store.arrivals.listing(limit=10_000))


def commits(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with every commit."""
    seen: list[int] = []
    sa.event.listen(store.database.engine, "commit", lambda _connection: seen.append(1))

    @contextmanager
    def noted(prepare: Callable[[sqlite3.Connection], None]) -> Iterator[sqlite3.Connection]:
        with at_once(prepare) as driver:
            yield driver
        seen.append(1)

    at_once = store.database.at_once
    monkeypatch.setattr(store.database, "at_once", noted)
    return seen


class Gate:
    """Holds the writer at the store's door: the next transaction begins once the gate is open."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        self._accept: Callable[..., None] = store.arrivals.accept
        monkeypatch.setattr(store.arrivals, "accept", self._held)

    def _held(self, *arguments: object) -> None:
        self.reached.set()
        self.opened.wait()
        self._accept(*arguments)

    async def until_reached(self) -> None:
        await asyncio.to_thread(self.reached.wait)


@pytest.fixture
def gate(store: Store, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(store, monkeypatch)


async def test_what_is_accepted_is_stored(store: Store, inbox: GroupCommitInbox) -> None:
    as_channels_see_it: Inbox = inbox
    await as_channels_see_it.accept([arrival("a"), arrival("b")])
    await as_channels_see_it.accept([arrival("a")])
    assert stored(store) == ["a", "b"]


async def test_concurrent_deliveries_share_a_transaction(
    store: Store, inbox: GroupCommitInbox, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commits(store, monkeypatch)
    first = asyncio.ensure_future(inbox.accept([arrival("first")]))
    await gate.until_reached()
    others = [asyncio.ensure_future(inbox.accept([arrival(str(number))])) for number in range(200)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, *others)
    assert len(made) == 2
    assert len(stored(store)) == 201


async def test_a_transaction_has_a_bound(
    store: Store, inbox: GroupCommitInbox, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.store.inbox._MOST_OCTETS", 100)
    made = commits(store, monkeypatch)
    first = asyncio.ensure_future(inbox.accept([arrival("first")]))
    await gate.until_reached()
    others = [asyncio.ensure_future(inbox.accept([arrival(str(number), raw=bytes(60))])) for number in range(4)]
    large = asyncio.ensure_future(inbox.accept([arrival("large", raw=bytes(1000))]))
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, large, *others)
    assert len(made) == 6
    assert len(stored(store)) == 6


async def test_nobody_hears_before_the_commit(inbox: GroupCommitInbox, gate: Gate) -> None:
    delivery = asyncio.ensure_future(inbox.accept([arrival()]))
    await gate.until_reached()
    assert not delivery.done()
    gate.opened.set()
    await delivery


async def test_a_client_that_leaves_ends_nobodys_commit(store: Store, inbox: GroupCommitInbox, gate: Gate) -> None:
    leaving = asyncio.ensure_future(inbox.accept([arrival("leaving")]))
    await gate.until_reached()
    waiting = asyncio.ensure_future(inbox.accept([arrival("waiting")]))
    also_leaving = asyncio.ensure_future(inbox.accept([arrival("also leaving")]))
    await asyncio.sleep(0)
    leaving.cancel()
    also_leaving.cancel()
    gate.opened.set()
    await waiting
    assert leaving.cancelled()
    assert also_leaving.cancelled()
    assert stored(store) == ["also leaving", "leaving", "waiting"]


async def test_closing_waits_for_what_was_handed_over(store: Store, gate: Gate) -> None:
    inbox = GroupCommitInbox(store)
    delivery = asyncio.ensure_future(inbox.accept([arrival()]))
    await gate.until_reached()
    closing = asyncio.create_task(inbox.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailableError, match="stopping"):
        await inbox.accept([arrival("late")])
    gate.opened.set()
    await asyncio.gather(delivery, closing)
    assert stored(store) == ["one"]


async def test_one_that_the_store_cannot_hold_costs_the_others_nothing(
    store: Store, inbox: GroupCommitInbox, gate: Gate
) -> None:
    first = asyncio.ensure_future(inbox.accept([arrival("first")]))
    await gate.until_reached()
    unaware = asyncio.ensure_future(inbox.accept([arrival("bad", received_at=NOW.replace(tzinfo=None))]))
    sound = asyncio.ensure_future(inbox.accept([arrival("sound")]))
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, sound)
    with pytest.raises(StoreRefusedError):
        await unaware
    assert stored(store) == ["first", "sound"]


class Ailing:
    """A store whose next transactions fail as given, and whose probes too while it is ill."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.ill = False
        self.probes = 0
        self._accept: Callable[..., None] = store.arrivals.accept
        monkeypatch.setattr(store.arrivals, "accept", self.accept)
        monkeypatch.setattr(store.database, "probe", self.probe)

    def accept(self, *arguments: object) -> None:
        if self.error is not None:
            raise self.error
        self._accept(*arguments)

    def probe(self) -> None:
        self.probes += 1
        if self.ill:
            raise StoreUnavailableError("still ill")


@pytest.fixture
def ailing(store: Store, monkeypatch: pytest.MonkeyPatch) -> Ailing:
    return Ailing(store, monkeypatch)


@pytest.mark.parametrize(
    ("error", "heard"),
    [
        (StoreUnavailableError("full"), StoreUnavailableError),
        (CommitUnknownError("lost"), CommitUnknownError),
        (MemoryError(), StoreUnavailableError),
    ],
    ids=["known", "unknown", "unforeseen"],
)
async def test_a_failure_fails_those_who_waited_for_it(
    store: Store, ailing: Ailing, error: Exception, heard: type[Exception]
) -> None:
    inbox = GroupCommitInbox(store)
    ailing.error = error
    outcomes = await asyncio.gather(inbox.accept([arrival("a")]), inbox.accept([arrival("b")]), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [heard] * 2
    ailing.error = None
    await inbox.accept([arrival("c")])
    await inbox.close()
    assert stored(store) == ["c"]


async def test_after_trouble_nothing_is_accepted_before_a_probe_succeeds(store: Store, ailing: Ailing) -> None:
    told: list[str | None] = []
    inbox = GroupCommitInbox(store, on_change=lambda error: told.append(None if error is None else str(error)[-4:]))
    await inbox.accept([arrival("before")])
    await inbox.accept([arrival("before")])
    assert ailing.probes == 1
    ailing.error, ailing.ill = StoreUnavailableError("disk"), True
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await inbox.accept([arrival("during")])
    ailing.error = None
    with pytest.raises(StoreUnavailableError, match="still ill"):
        await inbox.accept([arrival("during")])
    assert told == ["disk"]
    ailing.ill = False
    await inbox.accept([arrival("after")])
    await inbox.accept([arrival("later")])
    await inbox.close()
    assert told == ["disk", None]
    assert ailing.probes == 4
    assert stored(store) == ["after", "before", "later"]


async def test_a_call_back_that_raises_does_not_stop_the_intake(store: Store, ailing: Ailing) -> None:
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(context["exception"]))
    fault = RuntimeError("fault")

    def fail(*_arguments: object) -> None:
        raise fault

    inbox = GroupCommitInbox(store, on_change=fail)
    ailing.error = StoreUnavailableError("disk")
    with pytest.raises(StoreUnavailableError):
        await inbox.accept([arrival("a")])
    ailing.error = None
    await inbox.accept([arrival("b")])
    await inbox.accept([arrival("c")])
    await inbox.close()
    await asyncio.sleep(0)
    assert heard == [fault] * 2


async def test_mail_is_refused_while_less_than_the_reserve_is_free(store: Store) -> None:
    free = shutil.disk_usage(store.database.sqlite_path or "/").free
    told: list[str | None] = []
    inbox = GroupCommitInbox(
        store, reserve=2 * free, on_change=lambda error: told.append(None if error is None else str(error))
    )
    if store.database.sqlite_path is None:
        await inbox.accept([arrival("elsewhere")])
        await inbox.close()
        return
    with pytest.raises(StoreUnavailableError, match="free on its disk"):
        await inbox.accept([arrival("refused")])
    assert stored(store) == []
    # What was accepted is judged all the same: only the way in asks for the reserve.
    store.arrivals.accept([arrival("by another way")])
    assert store.arrivals.claim("worker", arrival("x").received_at) is not None
    await inbox.close()
    assert re.search(r"\([\d,]+ octets\) are free on its disk", told[0] or "")
