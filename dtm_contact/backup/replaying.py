"""Taking in what an intake journal holds and the store does not: what came after the backup that was restored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact import journal
from dtm_contact.model import ON_CALL, Arrival, OutgoingKind
from dtm_contact.store import Store
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.lost_store import LostReply, lost_replies
from dtm_contact.store.restores import (
    RestoreGap,
    SentMark,
    add_marks,
    awaits_journal,
    clear_unsure,
    last_numbers,
    mark_replayed,
    raise_numbers,
    settle_by_marks,
    unjournalled_gap,
)
from dtm_contact.store.schema import arrivals
from dtm_contact.store.unjudged import UNJUDGED

MARGIN: Final = 1_000
"""Case numbers left out behind the last one that a journal knows: they are told to it some seconds after they are
given, and a journal that could not be written knows fewer."""
_MOST_ARRIVALS: Final = 200
_MOST_OCTETS: Final = 16 * 1024 * 1024
_KEYS_AT_ONCE: Final = 10_000
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class JournalReplay:
    """What taking a journal in did.

    Attributes:
        files: how many were read.
        held: how many arrivals they hold (since the time that was named).
        taken_in: arrivals that the store did not have.
        marks: e-mails that were sent, which the store did not know.
        settled: e-mails that waited in the store and were found to be sent.
        sure: arrivals of which it is known by the journal whether they were answered.
        called: the numbers, as they were, of cases of which those on call had been notified and whose messages wait to
            be judged in this store: of a P1 they are notified again then, since those cases have other numbers.
        replies: agents' replies that were sent after the backup: their text is gone, and their cases say so.
        gaps: times before which the journal could not be written for a while.
        torn: records that were never finished.
        damaged: places where octets of it are no records.
        newest: the time of the last arrival or e-mail that it knows; None where it knows none.
    """

    files: int
    held: int
    taken_in: int
    marks: int
    settled: int
    sure: int
    called: tuple[str, ...]
    replies: tuple[LostReply, ...]
    gaps: tuple[datetime, ...]
    torn: int
    damaged: int
    newest: datetime | None


def _nothing_erased(channel: str, external_id: str) -> bool:
    del channel, external_id
    return False


def replay(
    store: Store,
    folder: Path,
    now: datetime,
    since: datetime | None = None,
    *,
    erased: Callable[[str, str], bool] = _nothing_erased,
) -> JournalReplay:
    """Take in what a journal holds and the store does not. It may be done again, and beside a running daemon.

    What was sent and which numbers were given comes first: whatever is judged then meets it.

    Args:
        store: opened for writing.
        folder: the journal's.
        now: the time, aware.
        since: only arrivals that were received from then on.
        erased: whether an arrival, by channel and external id, was erased on request: it is not taken in again.

    Raises:
        JournalError: there is no journal, or it cannot be read.
        StoreUnavailableError: the store cannot be written; what was taken in till then stays.
    """
    found = journal.contents_of(folder)
    arrived = {key: received_at for key, received_at in found.arrived.items() if not erased(*key)}
    wanted = {key for key, received_at in arrived.items() if since is None or received_at >= since}
    missing = not_stored(store, wanted)
    with store.database.writing(hurried=False) as connection:
        raise_numbers(connection, _numbers_behind(found, connection))
        marks = add_marks(connection, map(_mark, found.sent))
        settled = settle_by_marks(connection, now)
        whole = not found.gaps and not found.damaged
        sure = clear_unsure(connection, list(found.arrived)) if whole else 0
        replies = tuple(lost_replies(connection))
        mark_replayed(connection)
    taken_in = 0
    for batch in _batches(journal.arrivals_of(folder, lambda channel, key, _at: (channel, key) in missing)):
        store.arrivals.accept(batch)
        taken_in += len(batch)
        missing.difference_update((arrival.channel, arrival.external_id) for arrival in batch)
    calls = [each for each in found.sent if _calls(each)]
    waiting = _waiting(store, {key for each in calls for key in each.arrivals})
    called = {each.case_number for each in calls if not waiting.isdisjoint(each.arrivals)}
    return JournalReplay(
        files=found.files,
        held=len(wanted),
        taken_in=taken_in,
        marks=marks,
        settled=settled,
        sure=sure,
        called=tuple(sorted(called)),
        replies=replies,
        gaps=tuple(found.gaps),
        torn=found.torn,
        damaged=found.damaged,
        newest=max((*found.arrived.values(), *(each.at for each in found.sent)), default=None),
    )


def not_taken_in(store: Store, folder: Path, *, erased: Callable[[str, str], bool] = _nothing_erased) -> int:
    """Return how many arrivals of a journal `replay` would take in; nothing is changed.

    Args:
        store: opened for reading.
        folder: the journal's.
        erased: as for `replay`.

    Raises:
        JournalError: there is no journal, or it cannot be read.
        StoreUnavailableError: the store cannot be read.
    """
    # A daemon stores first what it appends then: read in this order, what comes in meanwhile is in both.
    missing: set[tuple[str, str]] = set()
    keys = (key for key in journal.keys_of(folder) if not erased(*key))
    # Some at a time: all that a journal of two weeks holds is more than what is looked for.
    while some := list(islice(keys, _KEYS_AT_ONCE)):
        missing |= not_stored(store, some)
    return len(missing)


def gap_since_restore(store: Store) -> RestoreGap | None:
    """Return the time of which a restored store knows nothing; None where a journal closed it, or none was restored.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    with store.database.reading() as connection:
        return unjournalled_gap(connection)


def take_journal_as_lost(store: Store) -> RestoreGap | None:
    """Keep that no journal of before the last restore is left; return the gap that stays, None where there is none.

    Raises:
        StoreUnavailableError: the store cannot be written.
    """
    with store.database.writing() as connection:
        gap = unjournalled_gap(connection)
        if gap is not None:
            mark_replayed(connection)
        return gap


def _numbers_behind(found: journal.Contents, connection: Connection) -> dict[int, int]:
    """Return behind which numbers a store goes on: by year, and nothing where it has given all of them itself.

    A journal that is taken in for the first time since a restore was written by the store that was lost: whatever
    numbers it knows were given, though the restored one has left out a margin behind its own. No time tells them from
    those that the restored store gives, since the clock of a new machine may be behind.
    """
    if awaits_journal(connection):
        return {year: last + MARGIN for year, last in found.numbers.items()}
    known = last_numbers(connection)
    return {year: last + MARGIN for year, last in found.numbers.items() if last > known.get(year, 0)}


def _calls(sent: journal.SentRecord) -> bool:
    """Return whether those on call were notified by it."""
    return sent.kind == OutgoingKind.NOTICE and sent.reason.startswith(ON_CALL)


def _mark(sent: journal.SentRecord) -> SentMark:
    return SentMark(sent.message_id, sent.to_digest, sent.kind, sent.reason, sent.case_number, sent.at, sent.arrivals)


def not_stored(store: Store, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which arrivals, by channel and external id, the store does not have.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    keys = set(wanted)
    return keys - _stored(store, keys)


def _waiting(store: Store, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which arrivals, by channel and external id, the store has and has not judged."""
    return _stored(store, wanted, arrivals.c.state.in_(UNJUDGED))


def _stored(
    store: Store, wanted: Iterable[tuple[str, str]], which: sa.ColumnElement[bool] | None = None
) -> set[tuple[str, str]]:
    by_key = {(channel, bounded_key(external_id)): (channel, external_id) for channel, external_id in wanted}
    keys, found = list(by_key), set()
    with store.database.reading() as connection:
        for start in range(0, len(keys), _AT_ONCE):
            some = [key for _channel, key in keys[start : start + _AT_ONCE]]
            query = sa.select(arrivals.c.channel, arrivals.c.external_id).where(arrivals.c.external_id.in_(some))
            for row in connection.execute(query if which is None else query.where(which)):
                found.add(by_key.get((row.channel, row.external_id)))
    return {key for key in found if key is not None}


def _batches(found: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    batch: dict[tuple[str, str], Arrival] = {}
    octets = 0
    for arrival in found:
        batch.setdefault((arrival.channel, arrival.external_id), arrival)
        octets += len(arrival.raw)
        if len(batch) >= _MOST_ARRIVALS or octets >= _MOST_OCTETS:
            yield list(batch.values())
            batch, octets = {}, 0
    if batch:
        yield list(batch.values())
