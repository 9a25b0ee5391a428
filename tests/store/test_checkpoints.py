"""How far a channel has read is stored with what it read, and one daemon at a time follows a channel."""

from dataclasses import replace

import pytest

from dtm_contact.errors import LeaseLostError
from dtm_contact.model import KeptLines, LogLine, Position
from dtm_contact.store import GroupCommitInbox, Store, StoreRefusedError
from tests.store.samples import arrival, daemon

CHANNEL = "asterisk_cdr"
AT = 1_794_848_400.0
LINE = LogLine("k1", "call", AT, "record", b'"a\xff","b"')


def accept(store: Store, place: str, *lines: LogLine, forget_before: float = float("-inf")) -> None:
    store.arrivals.accept([], [(Position(CHANNEL, place), KeptLines(lines, forget_before))])


def test_a_position_is_replaced_by_the_next(store: Store) -> None:
    assert store.checkpoints.of(CHANNEL) is None
    accept(store, "one")
    accept(store, "two")
    assert store.checkpoints.of(CHANNEL) == Position(CHANNEL, "two")
    assert store.checkpoints.of("another") is None


def test_lines_are_kept_once_in_the_order_in_which_they_came(store: Store) -> None:
    other = replace(LINE, key="k2", at=AT - 5)
    accept(store, "one", LINE, other)
    accept(store, "two", LINE, replace(other, revision=0))
    assert store.checkpoints.lines(CHANNEL) == (LINE, replace(other, revision=0))


def test_a_line_that_is_given_twice_at_once_stands_as_it_was_said_last(store: Store) -> None:
    accept(store, "one", LINE, replace(LINE, revision=3))
    assert store.checkpoints.lines(CHANNEL) == (replace(LINE, revision=3),)


def test_old_lines_go_and_those_of_other_channels_stay(store: Store) -> None:
    store.arrivals.accept([], [(Position("other", "x"), KeptLines((LINE,)))])
    accept(store, "one", LINE, replace(LINE, key="k2", at=AT + 10))
    accept(store, "two", forget_before=AT + 1)
    assert [line.key for line in store.checkpoints.lines(CHANNEL)] == ["k2"]
    assert store.checkpoints.lines("other") == (LINE,)


def test_position_lines_and_arrivals_are_stored_together_or_not_at_all(store: Store) -> None:
    unstorable = replace(LINE, kind=None)  # type: ignore[arg-type]
    with pytest.raises(StoreRefusedError):
        store.arrivals.accept([arrival("one")], [(Position(CHANNEL, "one"), KeptLines((unstorable,)))])
    assert store.checkpoints.of(CHANNEL) is None
    assert store.arrivals.listing() == []


async def test_the_inbox_stores_positions_with_what_came_at_the_same_time(store: Store) -> None:
    inbox = GroupCommitInbox(store)
    await inbox.accept([arrival("one")], Position(CHANNEL, "one"), KeptLines((LINE,)))
    await inbox.accept([], Position(CHANNEL, "two"))
    assert await inbox.position(CHANNEL) == Position(CHANNEL, "two")
    assert await inbox.lines(CHANNEL) == (LINE,)
    assert await inbox.follow(CHANNEL)
    await inbox.leave(CHANNEL)
    await inbox.close()
    assert len(store.arrivals.listing()) == 1


def test_one_daemon_at_a_time_follows(store: Store) -> None:
    for name in ("one", "two"):
        store.leases.register(daemon(name), 60)
    follow = store.checkpoints.follow
    assert follow(CHANNEL, "one")
    assert not follow(CHANNEL, "two")
    assert follow(CHANNEL, "one")
    store.leases.end("one")
    assert follow(CHANNEL, "two")
    store.checkpoints.leave(CHANNEL, "one")
    assert not follow(CHANNEL, "one")
    store.checkpoints.leave(CHANNEL, "two")
    assert follow(CHANNEL, "one")


async def test_what_a_late_follower_read_is_not_stored_and_costs_nobody_else(store: Store) -> None:
    inbox = GroupCommitInbox(store, holder=lambda: "late")
    store.leases.register(daemon("late"), 60)
    assert await inbox.follow(CHANNEL)
    await inbox.accept([arrival("one")], Position(CHANNEL, "one"))
    store.leases.end("late")
    store.leases.register(daemon("other"), 60)
    assert store.checkpoints.follow(CHANNEL, "other")
    accept(store, "ahead")
    late = inbox.accept([arrival("two")], Position(CHANNEL, "behind"))
    beside = inbox.accept([arrival("three")])
    with pytest.raises(LeaseLostError):
        await late
    await beside
    await inbox.close()
    assert store.checkpoints.of(CHANNEL) == Position(CHANNEL, "ahead")
    assert [line.external_id for line in store.arrivals.listing()] == ["one", "three"]
