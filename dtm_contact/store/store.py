"""The store as its users open it, and as an event loop uses it."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from dtm_contact.model import Arrival
from dtm_contact.store.accounts import StoredAccounts
from dtm_contact.store.alarm_labels import AlarmLabels
from dtm_contact.store.arrivals import Arrivals
from dtm_contact.store.canned import StoredCannedAnswers
from dtm_contact.store.cases import Cases
from dtm_contact.store.checkpoints import Checkpoints
from dtm_contact.store.database import Database
from dtm_contact.store.desk import StoredDesk
from dtm_contact.store.directory import StoredDirectory
from dtm_contact.store.drafts import StoredDrafts
from dtm_contact.store.figures import StoredFigures
from dtm_contact.store.files import StoredFiles
from dtm_contact.store.history import StoredHistory
from dtm_contact.store.holds import StoredHolds
from dtm_contact.store.imports import StoredImports
from dtm_contact.store.judgements import StoredJudgements
from dtm_contact.store.leases import Leases
from dtm_contact.store.migrating import check_schema
from dtm_contact.store.outbox import StoredOutbox
from dtm_contact.store.recognitions import Recognitions
from dtm_contact.store.rule_versions import RuleVersions
from dtm_contact.store.second_factors import StoredSecondFactors
from dtm_contact.store.secret_keys import SecretKeys
from dtm_contact.store.timers import StoredTimers
from dtm_contact.store.trail import StoredTrail

_Result = TypeVar("_Result")


class Store:
    """An open store; a context manager that closes it.

    Its methods may be called from several threads. The daemon is the only one that writes a SQLite store all the time.

    Attributes:
        arrivals: what came in, and how far it is.
        cases: what agents work.
        alarm_labels: what agents said of alarms.
        directory: the estate and its people.
        checkpoints: how far channels have read, and what they keep until the rest has come.
        imports: what was taken over from other mailboxes.
        leases: which daemons live, and what is taken over from those that do not.
        outbox: what is to be sent.
        judgements: what was judged, to see what other rules would have done with it.
        recognitions: what was recognised in scanned letters, and which wait for that.
        rule_versions: the rules that are and were in force.
        timers: what is to happen to cases later.
        accounts: who may use the desk, who is in, and the trail of what they read and did.
        second_factors: what accounts are asked for beside their password.
        trail: searches the audit trail.
        desk: what the agents' desk reads.
        drafts: what agents are writing.
        figures: what was counted of the work, and the boards on walls.
        canned: the canned answers that were written at the desk.
        files: what agents attach.
        holds: the cases that nothing may erase, and what was erased on request.
        database: its connections and transactions.
    """

    def __init__(self, database: Database, keys: SecretKeys | None = None) -> None:
        self.database = database
        self.arrivals = Arrivals(database)
        self.cases = Cases(database)
        self.alarm_labels = AlarmLabels(database)
        self.directory = StoredDirectory(database)
        self.imports = StoredImports(database)
        self.leases = Leases(database)
        self.outbox = StoredOutbox(database)
        self.checkpoints = Checkpoints(database)
        self.accounts = StoredAccounts(database)
        self.second_factors = StoredSecondFactors(database, keys)
        self.desk = StoredDesk(database)
        self.drafts = StoredDrafts(database)
        self.figures = StoredFigures(database)
        self.canned = StoredCannedAnswers(database)
        self.files = StoredFiles(database)
        self.holds = StoredHolds(database)
        self.judgements = StoredJudgements(database)
        self.recognitions = Recognitions(database)
        self.rule_versions = RuleVersions(database)
        self.timers = StoredTimers(database)
        self.trail = StoredTrail(database)

    @contextmanager
    def history(self, apart_from: Arrival | None = None) -> Iterator[StoredHistory]:
        """Give the look-up that judging asks, all of its answers from one moment.

        Args:
            apart_from: the arrival to be judged: what an earlier attempt left of it is no history.
        """
        with self.database.reading() as connection:
            yield StoredHistory(connection, apart_from)

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, *, read_only: bool = False, patience: float = 10.0, keys: SecretKeys | None = None) -> Store:
    """Open a store whose tables are exactly those that this version knows.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.
        read_only: refuse every write; for the processes that judge, and for listings beside a running daemon.
        patience: seconds to wait for another writer, or for a connection.
        keys: open the secrets of second factors; whoever checks no code does without.

    Raises:
        UnknownSchemaError: the tables are older, newer, or not there; `migrate` them first.
        StoreUnavailableError: the database cannot be read.
        ValueError: the URL names another kind of database.
    """
    database = Database(url, read_only=read_only, patience=patience)
    try:
        check_schema(database)
    except BaseException:
        database.close()
        raise
    return Store(database, keys)


class StoreThread:
    """A store whose blocking calls run in one thread, off the event loop and in the order in which they were made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def run(self, call: Callable[[Store], _Result]) -> _Result:
        """Return what `call` returns of the store; a caller that is cancelled does not stop it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)

    def close(self) -> None:
        """Return once what was begun is done."""
        self._thread.shutdown(wait=True)
