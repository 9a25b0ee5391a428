"""What all requests share: the store, the directory and the rules in force, the way to the daemon, caches."""

import threading
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

from starlette.responses import Response

from dtm_contact.access import sees
from dtm_contact.access.login import warm_up
from dtm_contact.cases import Command, Done
from dtm_contact.cases.knowledge import ConfigurationProvider, SiteConfiguration
from dtm_contact.cases.wire import send
from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names, without_code
from dtm_contact.figures.overview import FigureReader
from dtm_contact.hours import is_public_holiday
from dtm_contact.labels.events import EventNaming, actor
from dtm_contact.labels.formats import clock
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Account, Store
from dtm_contact.store.rule_versions import unpack
from dtm_contact.web import rpc
from dtm_contact.web.converter import Converter
from dtm_contact.web.draft_saving import DraftSaver
from dtm_contact.web.limits import AccessLimits
from dtm_contact.web.live import EventFollower
from dtm_contact.web.oidc import IdentityProvider
from dtm_contact.web.search import ContactIndex, PeopleIndex

_CHECK_AGAIN_SECONDS = 2.0
_MOST_CACHED = 100
_MOST_AUDITED = 10_000
_AUDITED_SECONDS = 900.0

Made = TypeVar("Made")


class AppContext:
    """The state of the desk's process; a context manager that follows the store while it is open.

    Attributes:
        settings: all settings.
        store: opened for reading.
        follower: sends what happens to cases to the pages that are open.
        contact_index: finds cases by the words of their contacts.
        figures: reads the figures that were counted.
        limits: the bounds on logging in.
        provider: the identity provider by which people come in; None where the settings name none.
        converter: makes what strangers sent fit to be shown.
        drafts: has the daemon keep what is being typed.
        render: makes the page of a context, a template and what that needs; set by the application.
    """

    def __init__(self, settings: Settings, store: Store, rpc_socket: Path) -> None:
        """Take the store, and the socket at which the daemon answers calls."""
        self.settings = settings
        self.store = store
        self._rpc_socket = rpc_socket
        self._in_force = ConfigurationProvider(store, settings, RulesInForce(store, settings))
        self._lock = threading.Lock()
        self._checked_at = 0.0
        self._grounds: tuple[SiteConfiguration, Names] | None = None
        self._people: PeopleIndex | None = None
        self._making = threading.RLock()
        self._audited: dict[Hashable, float] = {}
        self._cached: dict[Hashable, tuple[float, Any]] = {}
        self.follower = EventFollower(store, partial(rpc.answers, rpc_socket))
        self.contact_index = ContactIndex(store)
        self.figures = FigureReader(store.figures)
        self.limits = AccessLimits(settings.desk)
        self.provider = IdentityProvider(settings.oidc, settings.desk.url) if settings.oidc.is_set else None
        self.converter = Converter()
        self.drafts = DraftSaver(self.call)
        self.render: Callable[..., Response] = _unrendered

    def __enter__(self) -> Self:
        self.in_force()
        warm_up()
        # What knows them takes half a second to import: not amid the first page that asks.
        is_public_holiday(self.now().date())
        self.follower.start()
        self.contact_index.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.follower.stop()
        self.contact_index.stop()
        self.converter.close()

    def now(self) -> datetime:
        """Return the time on the offices' wall clock."""
        return datetime.now(self.settings.zone)

    @property
    def mails_to_accounts(self) -> bool:
        """Whether links to set a password can be mailed: one lets in, a server sends, the desk has an address."""
        return bool(self.settings.outbound.host and self.settings.desk.url) and not self.settings.oidc.only

    def in_force(self) -> SiteConfiguration:
        """Return the directory, the rules and the settings in force; those imported since are taken up in seconds."""
        return self._current()[0]

    @property
    def directory(self) -> Directory:
        """The directory in force."""
        return self._current()[0].directory

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self._current()[0].rules

    @property
    def names(self) -> Names:
        """How people, places and topics are called."""
        return self._current()[1]

    def _current(self) -> tuple[SiteConfiguration, Names]:
        with self._lock:
            if self._grounds is None or time.monotonic() - self._checked_at > _CHECK_AGAIN_SECONDS:
                in_force = self._in_force()
                if self._grounds is None or self._grounds[0] != in_force:
                    labels = {code: topic.label for code, topic in in_force.rules.reader.topics.items()}
                    self._grounds = in_force, Names(in_force.directory, labels, self.settings.zone)
                self._checked_at = time.monotonic()
            return self._grounds

    def people(self) -> PeopleIndex:
        """Return the look-ups of people and places, made when they are first asked for."""
        directory = self.directory
        with self._lock:
            if self._people is None or self._people.directory is not directory:
                self._people = PeopleIndex(directory)
            return self._people

    def cached(self, key: Hashable, make: Callable[[], Made], seconds: float = _CHECK_AGAIN_SECONDS) -> Made:
        """Return what `make` returned for a key within the last `seconds`, or returns now: for what many pages share.

        When something happens all open pages ask at once; it is made once, and the others wait for it.
        """
        with self._making:
            cached = self._cached.get(key)
            if cached is None or time.monotonic() - cached[0] > seconds:
                if len(self._cached) > _MOST_CACHED:
                    self._cached.clear()
                cached = self._cached[key] = time.monotonic(), make()
            value: Made = cached[1]
            return value

    def forget(self, key: Hashable) -> None:
        """Have what is kept under a key made anew: whoever has changed it is shown it as it is now."""
        with self._making:
            self._cached.pop(key, None)

    def remember_audited(self, what: Hashable) -> None:
        """Remember that somebody's reading of something stands in the audit trail."""
        with self._lock:
            self._audited[what] = time.monotonic()
            while len(self._audited) > _MOST_AUDITED:
                del self._audited[next(iter(self._audited))]

    def was_audited(self, what: Hashable) -> bool:
        """Return whether that was not long ago."""
        with self._lock:
            return time.monotonic() - self._audited.get(what, -_AUDITED_SECONDS) < _AUDITED_SECONDS

    def send(self, command: Command) -> Done:
        """Have the daemon carry out a command.

        Raises:
            RefusedError: it cannot be done as asked.
            StoreUnavailableError: the daemon cannot write, or is not there.
        """
        return send(self._rpc_socket, command)

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a procedure of the daemon, and return what it returned.

        Raises:
            StoreUnavailableError: it was not done.
        """
        return rpc.call(self._rpc_socket, name, **arguments)

    def office_of(self, queue: str) -> str:
        """Return the office that works a queue."""
        in_force = self.in_force()
        named = in_force.rules.queues.get(queue)
        if named is None:
            # The directory may bring an office that has no queue yet: it has one of its own name.
            return queue
        return named.office_id or self.directory.agency.office_id

    def queues_of(self, account: Account) -> tuple[str, ...]:
        """Return the queues whose cases an account sees, the own office's first."""
        in_force = self.in_force()
        main = [in_force.rules.desks.of_office(office) for office in in_force.directory.offices]
        named = dict.fromkeys([*in_force.rules.queues, *(queue.id for queue in main)])
        seen = [queue for queue in named if sees(account, self.office_of(queue))]
        return tuple(sorted(seen, key=lambda queue: self.office_of(queue) != account.office_id))

    def account_name(self, name: str) -> str:
        """Return how colleagues read an account's name; "" for the program itself."""
        shown = self.cached("accounts", lambda: {each.name: each.shown_as for each in self.store.accounts.all()})
        return actor(name, lambda account: shown.get(account) or account)

    def naming(self, now: datetime) -> EventNaming:
        """Return how the identifiers in events are called; times as they are said now."""
        names = self.names
        return EventNaming(
            time=lambda at: clock(at, now),
            person=lambda tenant: without_code(names.person(tenant)),
            dwelling=lambda dwelling: without_code(names.dwelling(dwelling)),
            residence=lambda residence: without_code(names.residence(residence)),
            topic=lambda topic: names.topics.get(topic, topic),
            queue=self.queue_label,
            account=self.account_name,
        )

    def office_name(self, office_id: str) -> str:
        """Return what an office is called."""
        office = self.directory.offices.get(office_id)
        return office.name if office else office_id

    def queue_label(self, queue: str) -> str:
        """Return a queue's French label."""
        labelled = self.rules.queues.get(queue)
        return labelled.label if labelled else self.office_name(queue)


def _unrendered(*_arguments: Any) -> Response:
    raise NotImplementedError("no application is built over this")


class RulesInForce:
    """Gives the rules in force, loaded anew when the daemon has taken up others."""

    def __init__(self, store: Store, settings: Settings) -> None:
        """Take the store that keeps every version, and the settings that name the daemon and its folder."""
        self._store = store
        self._settings = settings
        self._version: str | None = None
        self._rules: RuleSet | None = None

    def __call__(self) -> RuleSet:
        """Return the rules in force; those of the folder where the store knows of none.

        Raises:
            InvalidFilesError: the folder holds errors.
        """
        version = self._store.rule_versions.last_good(self._settings.name)
        if self._rules is None or version != self._version:
            self._rules = self._load(version)
            self._version = version
        return self._rules

    def _load(self, version: str | None) -> RuleSet:
        if version is None:
            return load_in_force(self._settings.rules.dir, zone=self._settings.zone, model=self._settings.model)
        with TemporaryDirectory(prefix="dtm-rules-") as folder:
            unpack(self._store.rule_versions.archive(version), Path(folder))
            return load_in_force(Path(folder), zone=self._settings.zone, model=self._settings.model)
