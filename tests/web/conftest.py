"""The desk over a small store: two proximity offices, an agency, one case each, and somebody of every role."""

import asyncio
import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from dtm_contact.access import Role, call_procedure, csrf_token, digest_of, new_account, new_secret
from dtm_contact.cases import Command, Done, apply
from dtm_contact.cases.knowledge import ConfigurationProvider
from dtm_contact.directory.records import Address, Caretaker, Dwelling
from dtm_contact.model import Alarm, Attachment, ConversationMatch, Likely, Match
from dtm_contact.rules import RuleSet
from dtm_contact.settings import DeskSettings, OutboundSettings, RulesSettings, Settings, StoreSettings
from dtm_contact.store import Store, open_store
from dtm_contact.store.outbox import OutgoingBatch
from dtm_contact.web.app import build
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.live import EventFollower
from dtm_contact.web.rpc import authorized
from tests.rules.cast import DIRECTORY, lease
from tests.rules.once import load_once
from tests.store.fresh import fresh_store
from tests.store.samples import arrival, judgement
from tests.web.world import come, world  # noqa: F401 - fixtures of the tests in a browser

ROOT = Path(__file__).parents[2]
PASSWORD = "un mot de passe assez long"
ADDRESS = "http://desk.example"
_NO_ALARM = Alarm()
OFFICES = {"own": "nord", "other": "sud"}


@cache
def _rules() -> RuleSet:
    return load_once(ROOT / "rules")


@cache
def _template() -> bytes:
    """Return a new store that knows the small directory; made once."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        fresh_store(url)
        with open_store(url) as opened:
            opened.directory.save(RECORDS, "test", datetime.now(UTC))
            with opened.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(folder, "store.db").read_bytes()


class DeskAlone(AppContext):
    """A desk that writes by itself what the daemon writes for it elsewhere."""

    def __init__(self, settings: Settings, store: Store) -> None:
        super().__init__(settings, store, Path("/nowhere"))
        self.follower = EventFollower(store)
        self._in_force = ConfigurationProvider(store, settings, _rules)

    @cached_property
    def pages(self) -> Starlette:
        """The application over it, made once."""
        return build(self)

    def send(self, command: Command) -> Done:
        return apply(self.store, authorized(self.store, command), self.now(), self.in_force)

    def call(self, name: str, **arguments: Any) -> Any:
        return call_procedure(self.store, name, arguments, self.now()).answer


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(made, "PNG")
    return made.getvalue()


PHOTO = photo()
DIGEST = hashlib.sha256(PHOTO).hexdigest()


def message(html: str = "<p>Bonjour</p>", files: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """Return a message with a layout of its own and a photo."""
    made = EmailMessage()
    made["From"], made["Subject"] = "Nadia <nadia@free.example>", "Fuite"
    made.set_content("Bonjour, ça coule.")
    made.add_alternative(html, subtype="html")
    made.add_attachment(PHOTO, maintype="image", subtype="png", filename="photo.png")
    for name, octets in files.items():
        made.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def open_in(  # noqa: PLR0913 - all that a case may be made of
    store: Store,
    office: str,
    external_id: str,
    raw: bytes = b"",
    *,
    proven: bool = False,
    match: Mapping[str, Any] = MappingProxyType({}),
    understood: Mapping[str, Any] = MappingProxyType({}),
    alarm: Alarm = _NO_ALARM,
    joining: ConversationMatch | None = None,
    due: timedelta = timedelta(),
    mail: OutgoingBatch | None = None,
    **contact: Any,
) -> str:
    """Open a case in an office, its parts as read, matched and understood being replaced; return its number."""
    who = Likely("T01", 0.99) if office == "nord" else None
    home, place = ("L01", "R01") if office == "nord" else ("L09", "R02")
    whom = Match(tenant=who, dwelling=Likely(home, 0.99), residence=Likely(place, 0.99))
    judged = judgement(match=replace(whom, **match))
    pieces = (Attachment("photo.png", "image/png", len(PHOTO), DIGEST),)
    judged = replace(
        judged,
        contact=replace(judged.contact, **{"subject": f"Fuite {office}", "attachments": pieces, **contact}),
        understanding=replace(judged.understanding, topics=("heating",), **understood),
        decision=replace(judged.decision, office_id=office, queue=office, due=datetime.now(UTC) + due, alarm=alarm),
        joining=joining or ConversationMatch(proven=proven),
    )
    store.arrivals.accept([arrival(external_id, datetime.now(UTC), raw or message())])
    claimed = store.arrivals.claim("worker", datetime.now(UTC))
    assert claimed is not None
    number = store.cases.record(claimed, judged, {}, datetime.now(UTC), mail=mail)
    assert number is not None
    return number


RECORDS = replace(
    DIRECTORY.records,
    caretakers=(Caretaker("C1", "Mme", "Roche", "Anne", "anne.roche@bailleur.example", "", "", "nord"),),
    addresses=(*DIRECTORY.records.addresses, Address("A09", "R02", "9", "rue Béranger", "92240", "Malakoff", "", "")),
    dwellings=(*DIRECTORY.records.dwellings, Dwelling("L09", "A09", "dwelling", "", "", "", "", "")),
    leases=(
        *DIRECTORY.records.leases,
        replace(lease("T09", "L09", "holder"), last_name="Béranger", phones=("0611223344",), email="t09@free.example"),
    ),
)


@contextmanager
def desk_over(folder: Path) -> Iterator[DeskAlone]:
    """Open a desk over a new store that knows the small directory."""
    (folder / "store.db").write_bytes(_template())
    url = f"sqlite:///{folder}/store.db"
    settings = Settings(
        store=StoreSettings(url=url),
        rules=RulesSettings(dir=ROOT / "rules"),
        outbound=OutboundSettings(host="relay.example"),
        desk=DeskSettings(secure_cookies=False, entries_per_minute=1000, hosts=("desk.example",)),
    )
    with open_store(url) as opened, DeskAlone(settings, opened) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskAlone]:
    with desk_over(tmp_path) as opened:
        yield opened


class Browser:
    """Sends one request after the other to the pages, and keeps their cookies."""

    def __init__(self, pages: Starlette) -> None:
        self._pages = pages
        self.cookies = httpx.Cookies()

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._send(method, path, **given))

    async def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._pages, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://desk.example", cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **given)
            self.cookies = client.cookies
            return answer


class Somebody:
    """Somebody who is logged in at the desk."""

    def __init__(self, desk: DeskAlone, name: str, role: Role, office: str | None) -> None:
        account = new_account(name, name.title(), role, office, None)
        desk.store.accounts.add(account, desk.now())
        self.desk = desk
        self.account = desk.store.accounts.named(name)
        self.secret = new_secret()
        desk.store.accounts.open_session(
            self.account.id, digest_of(self.secret), desk.now(), desk.now() - timedelta(hours=1)
        )
        self.client = Browser(desk.pages)
        self.client.cookies.set("bureau", self.secret, domain="desk.example")

    def get(self, path: str) -> httpx.Response:
        return self.client.send("GET", path)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return self.client.send("POST", path, data={"csrf": csrf_token(self.secret), **fields})


@pytest.fixture
def agent(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "paul", Role.AGENT, "nord")
