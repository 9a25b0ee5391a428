"""What all pages share: the store, the directory and the rules in force, the way to the daemon, names."""

import threading
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from dtm_contact.access import sees
from dtm_contact.access.entry import prepare
from dtm_contact.cases import Command, Done
from dtm_contact.cases.client import send
from dtm_contact.cases.knowledge import InForce, Known
from dtm_contact.console import errands
from dtm_contact.console.converter import Converter
from dtm_contact.console.gate import Gate
from dtm_contact.console.live import Follower
from dtm_contact.console.people import People
from dtm_contact.console.rules_in_force import RulesInForce
from dtm_contact.console.search import Search
from dtm_contact.explain.names import Names
from dtm_contact.settings import Settings
from dtm_contact.store import Account, Store

_LOOK_AGAIN_SECONDS = 2.0
_MOST_REMEMBERED = 100
_MOST_NOTED = 10_000
_NOTED_SECONDS = 900.0

Counted = TypeVar("Counted")


class Desk:
    """The desk of one process; a context manager that follows the store while it is open.

    Attributes:
        settings: all settings.
        store: opened for reading.
        follower: tells what happens to cases.
        search: finds cases by their words, and people and places by theirs.
        gate: the bounds on coming in.
        converter: makes what strangers sent fit to be shown.
    """

    def __init__(self, settings: Settings, store: Store, door: Path) -> None:
        """Take the store, and the socket at which the daemon listens."""
        self.settings = settings
        self.store = store
        self._door = door
        self._in_force = InForce(store, settings, RulesInForce(store, settings))
        self._lock = threading.Lock()
        self._looked = 0.0
        self._known: tuple[Known, Names] | None = None
        self._people: People | None = None
        self._counting = threading.RLock()
        self._noted: dict[Hashable, float] = {}
        self._lately: dict[Hashable, tuple[float, Any]] = {}
        self.follower = Follower(store)
        self.search = Search(store)
        self.gate = Gate(settings.desk)
        self.converter = Converter()

    def __enter__(self) -> Self:
        self.known()
        prepare()
        self.follower.start()
        self.search.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.follower.stop()
        self.search.stop()
        self.converter.close()

    def now(self) -> datetime:
        """Return the time on the offices' wall clock."""
        return datetime.now(self.settings.zone)

    def known(self) -> tuple[Known, Names]:
        """Return directory and rules with the names they give; a directory imported since is taken up in seconds."""
        with self._lock:
            if self._known is None or time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
                known = self._in_force()
                if self._known is None or self._known[0] != known:
                    labels = {code: topic.label for code, topic in known.rules.reader.topics.items()}
                    self._known = known, Names(known.directory, labels, self.settings.zone)
                self._looked = time.monotonic()
            return self._known

    @property
    def names(self) -> Names:
        """How people and places are called."""
        return self.known()[1]

    def people(self) -> People:
        """Return the look-ups of people and places, made when they are first asked for."""
        directory = self.known()[0].directory
        with self._lock:
            if self._people is None or self._people.directory is not directory:
                self._people = People(directory)
            return self._people

    def lately(self, what: Hashable, count: Callable[[], Counted], seconds: float = _LOOK_AGAIN_SECONDS) -> Counted:
        """Return what `count` returned within the last `seconds`, or does now: for what many pages show alike.

        When something happens all open pages ask at once; it is counted once, and the others wait for it.
        """
        with self._counting:
            known = self._lately.get(what)
            if known is None or time.monotonic() - known[0] > seconds:
                if len(self._lately) > _MOST_REMEMBERED:
                    self._lately.clear()
                known = self._lately[what] = time.monotonic(), count()
            value: Counted = known[1]
            return value

    def noted(self, what: Hashable) -> None:
        """Remember that somebody's reading of something stands in the audit trail."""
        with self._lock:
            self._noted[what] = time.monotonic()
            while len(self._noted) > _MOST_NOTED:
                del self._noted[next(iter(self._noted))]

    def was_noted(self, what: Hashable) -> bool:
        """Tell whether that was not long ago."""
        with self._lock:
            return time.monotonic() - self._noted.get(what, -_NOTED_SECONDS) < _NOTED_SECONDS

    def send(self, command: Command) -> Done:
        """Have the daemon carry out a command.

        Raises:
            RefusedError: it cannot be done as asked.
            StoreUnavailableError: the daemon cannot write, or is not there.
        """
        return send(self._door, command)

    def errand(self, name: str, **arguments: Any) -> Any:
        """Have the daemon run an errand.

        Raises:
            StoreUnavailableError: it was not done.
        """
        return errands.run(self._door, name, **arguments)

    def office_of(self, queue: str) -> str:
        """Return the office that works a queue."""
        known = self.known()[0]
        found = known.rules.queues.get(queue)
        if found is None:
            # The directory may bring an office that has no queue yet: it has one of its own name.
            return queue
        return found.office_id or known.directory.agency.office_id

    def queues_of(self, account: Account) -> tuple[str, ...]:
        """Return the queues whose cases an account sees, the own office's first."""
        known = self.known()[0]
        main = [known.rules.desks.of_office(office) for office in known.directory.offices]
        named = dict.fromkeys([*known.rules.queues, *(queue.id for queue in main)])
        seen = [queue for queue in named if sees(account, self.office_of(queue))]
        return tuple(sorted(seen, key=lambda queue: self.office_of(queue) != account.office_id))

    def queue_label(self, queue: str) -> str:
        """Return a queue's French label."""
        found = self.known()[0].rules.queues.get(queue)
        return found.label if found else queue
