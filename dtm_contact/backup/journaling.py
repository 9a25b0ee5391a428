"""The intake journal of a running daemon: what the store took in and what was sent, appended as it happens."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.errors import StoreUnavailableError, described
from dtm_contact.journal import Journal, SentRecord
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, ClaimedOutgoing, Urgency
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.restores import address_digest, last_numbers
from dtm_contact.store.schema import arrivals, cases, contacts, outbox

_LOOK_SECONDS: Final = 5.0
_log = get_log("journal")


class StoreJournal:
    """Writes a store's journal; trouble with it is an alarm, and never keeps mail from being taken in or sent.

    The store has what the journal lacks then, and the next backup holds it. To refuse mail for the sake of a second
    copy would keep word of a danger from everybody.
    """

    def __init__(self, journal: Journal, store: Store, alarms: Alarms) -> None:
        """Take the journal, the store that it belongs to, and who hears of trouble."""
        self._journal = journal
        self._store = store
        self._alarms = alarms
        self._numbers: dict[int, int] = {}
        self._missed: deque[tuple[str, str]] = deque()
        journal.on_vanished = self._vanished

    def arrived(self, new: Sequence[Arrival]) -> None:
        """Append what the store has just taken in; returns once it is on the disk, or an alarm sounds."""
        if not self._attempt(lambda: self._journal.append_arrivals(new)):
            self._missed.extend((arrival.channel, arrival.external_id) for arrival in new)

    def sent(self, claimed: ClaimedOutgoing, now: datetime) -> None:
        """Append that something was sent, before the store hears of it."""
        letter = claimed.outgoing

        def append() -> None:
            number, of_case = self._case_of(claimed.id)
            told = SentRecord(
                letter.message_id, address_digest(letter.to), letter.kind.value, letter.reason, number, now, of_case
            )
            self._journal.append_sent(told)

        self._attempt(append)

    def look(self) -> None:
        """Look whether it can be written; append what it missed and the last case numbers, and erase old files.

        Raises:
            StoreUnavailableError: the store cannot be read.
            OSError: old files cannot be erased.
        """
        if not self._attempt(self._journal.look):
            return
        self._append_missed()
        with self._store.database.reading() as connection:
            numbers = last_numbers(connection)
        if numbers != self._numbers and self._attempt(lambda: self._journal.append_numbers(numbers)):
            self._numbers = numbers
        self._journal.erase_old()

    def close(self) -> None:
        """Close its file."""
        self._journal.close()

    def _append_missed(self) -> None:
        """Append what came in while the journal could not be written, one at a time, as far as the store holds it."""
        while self._missed:
            channel, external_id = self._missed[0]
            arrival = self._store.arrivals.find(channel, external_id)
            if arrival is not None and not self._attempt(partial(self._journal.append_arrivals, [arrival])):
                return
            self._missed.popleft()

    def _vanished(self) -> None:
        self._alarms.happened(
            "journal-vanished",
            "The file of the intake journal is not at its path any more: it was removed or moved, or its disk went "
            "away. What came in before is in the store alone, unless it comes back.",
        )

    def _case_of(self, outgoing_id: int) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return the number of the case that something was sent for, and its arrivals."""
        query = (
            sa.select(cases.c.number, arrivals.c.channel, arrivals.c.external_id)
            .join(outbox, outbox.c.case_id == cases.c.id)
            .outerjoin(contacts, contacts.c.case_id == cases.c.id)
            .outerjoin(arrivals, arrivals.c.id == contacts.c.arrival_id)
            .where(outbox.c.id == outgoing_id)
        )
        with self._store.database.reading() as connection:
            rows = connection.execute(query).all()
        return (
            rows[0].number if rows else "",
            tuple((row.channel, row.external_id) for row in rows if row.channel is not None),
        )

    def _attempt(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except (OSError, StoreUnavailableError) as error:
            self._alarms.sound("journal", f"The intake journal cannot be written: {described(error)}.")
            return False
        self._alarms.over("journal")
        return True


@asynccontextmanager
async def open_journal(
    settings: Settings, store: Store, alarms: Alarms, clock: Callable[[], datetime]
) -> AsyncIterator[StoreJournal | None]:
    """Keep a journal of what the store takes in until the block ends; None where the settings name no folder.

    Beside it, the admins are told as long as anything is held since a restore.
    """
    journal = None
    if settings.journal.dir is not None:
        journal = StoreJournal(Journal(settings.journal.dir, settings.journal.days, clock), store, alarms)
        store.arrivals.on_accepted = journal.arrived

    def trouble(error: Exception) -> None:
        _log.warning("the journal cannot be looked after", error=described(error))

    async def look() -> None:
        await asyncio.to_thread(_tell_held, store, alarms)
        if journal is not None:
            await asyncio.to_thread(journal.look)

    try:
        async with beside(repeat(look, _LOOK_SECONDS, trouble), "journal"):
            yield journal
    finally:
        store.arrivals.on_accepted = None
        if journal is not None:
            journal.close()


def _tell_held(store: Store, alarms: Alarms) -> None:
    held = store.outbox.held()
    if not held:
        alarms.over("outbox-held")
        return
    danger = sum(each.urgency is Urgency.DANGER for each in held)
    alarms.sound("outbox-held", f"{len(held)} e-mails are held since a restore; {danger} of them tell of danger.")
