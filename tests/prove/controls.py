"""Daemons that break their word, to show that the proofs would notice: `python -m tests.prove.controls NAME`.

`early` answers 250 before the commit, on a disk that takes its time; `hasty` commits without waiting for the disk
(synchronous=NORMAL); `trusting` claims so, and after a sync that failed believes the first one that succeeds: where the
test asks for it, the sync that fails is the one after such a claim, so that no luck is needed to lose something;
`unleased` never takes over what another daemon held. `loud` is no daemon but `dtm-contact`, whose import takes old mail
over as what has just come. Nothing in the product can be set so.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from dtm_contact import cli, daemon, log
from dtm_contact.ingest import NOTHING_KEPT
from dtm_contact.model import Arrival, KeptLines, Position
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, Held, database, imports
from dtm_contact.store.arrivals import Arrivals
from dtm_contact.store.database import Database
from dtm_contact.store.leases import Leases
from dtm_contact.takeover import importing
from dtm_contact.worker import WakingInbox
from tests.store.unsafe import writing_without_waiting

_DISK_SECONDS = float(os.environ.get("EARLY_DISK_SECONDS", "0.02"))


class _EarlyInbox(WakingInbox):
    """Says that it is stored, and stores it afterwards."""

    _storing: set[asyncio.Task[None]] = set()  # noqa: RUF012 - one daemon, one inbox

    async def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> None:
        storing = asyncio.create_task(self._accept_later(arrivals, position, kept))
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)

    async def _accept_later(self, arrivals: Sequence[Arrival], position: Position | None, kept: KeptLines) -> None:
        await asyncio.sleep(_DISK_SECONDS)
        await WakingInbox.accept(self, arrivals, position, kept)


_at_once = Database.at_once


@contextmanager
def _never_durable_at_once(
    self: Database, prepare: Callable[[sqlite3.Connection], None]
) -> Iterator[sqlite3.Connection]:
    with _at_once(self, prepare) as driver:
        driver.execute("PRAGMA synchronous = NORMAL")
        yield driver


class _Trusting(Database):
    """Claims without waiting for the disk, and believes the first success after a failure."""

    @contextmanager
    def writing(self, *, hurried: bool = True, gives_way: bool = False) -> Iterator[Connection]:  # noqa: ARG002
        with writing_without_waiting(self) as connection:
            driver: Any = connection.connection.driver_connection
            before = driver.total_changes
            yield connection
            # Nobody else commits before this has: the next sync is that of what comes behind it in the log.
            if driver.total_changes > before:
                _let_syncs_fail()


def _let_syncs_fail() -> None:
    """Take the sign away from the number of syncs that are to fail, where it has one."""
    count = Path(os.environ.get("FAILING_DISK_COUNT", os.devnull))
    told = count.read_text()
    if told.startswith("-"):
        count.write_text(told.removeprefix("-"))


def _claim_without_waiting(self: Arrivals, *given: Any, **more: Any) -> Claimed | None:
    trusting = copy(self._database)
    trusting.__class__ = _Trusting
    return _claim(Arrivals(trusting), *given, **more)


_claim = Arrivals.claim


def _leave_log(self: Database, patience: float | None = None) -> None:
    """Leave SQLite's log as it is."""


def main(name: str) -> None:
    """Run the daemon with one of the faults."""
    match name:
        case "early":
            daemon.WakingInbox = _EarlyInbox  # type: ignore[attr-defined]
        case "hasty":
            Database.writing = writing_without_waiting  # type: ignore[assignment, method-assign]
            Database.at_once = _never_durable_at_once  # type: ignore[method-assign]
        case "trusting":
            Arrivals.claim = _claim_without_waiting  # type: ignore[method-assign]
            Database.restart_log = _leave_log  # type: ignore[method-assign]
            # Nor may SQLite take the log into the database by itself: that would mend what the failed sync broke.
            database._LOGGED_PAGES = 0
        case "unleased":
            Leases.take_over = lambda self: Held()  # type: ignore[method-assign]  # noqa: ARG005
        case "loud":
            # The import, and not the daemon: it takes mail over as what has just come into a mailbox.
            for module in (importing, imports):
                vars(module)["IMPORTED"] = "imap"
            sys.argv = ["dtm-contact", *sys.argv[2:]]
            cli.main()
        case _:
            raise SystemExit(f"no control is called {name!r}")
    settings = Settings()
    log.configure(settings.log)
    asyncio.run(daemon.run(settings))


if __name__ == "__main__":
    main(sys.argv[1])
