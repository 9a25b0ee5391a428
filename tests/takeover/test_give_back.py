"""The way back: into a real server's folders, counted, and not twice; a summary that keeps what must be kept."""

from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dtm_contact.cases.registered import look_up
from dtm_contact.cli.grounds import names_of
from dtm_contact.ingest.imap_client import Login
from dtm_contact.model import EntryKind, Protection
from dtm_contact.store import RegisterEntry, case_transaction
from dtm_contact.store.columns import DataClass
from dtm_contact.takeover import ImapTarget, MboxFile, MboxTarget, give_back
from dtm_contact.takeover.summary import SummaryWriter
from tests.ingest.mailbox.conftest import server
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot
from tests.outbound.engine import Engine, engine
from tests.takeover.mails import NOW, mail
from tests.vouched import vouched

__all__ = ["server"]
PARIS = ZoneInfo("Europe/Paris")
TENANT = b"huguette.joly@courriel.example"
LEAK = "Grosse fuite d'eau dans la salle de bain."


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path) as made:
        yield made


def writer(running: Engine, *left_out: DataClass) -> SummaryWriter:
    directory = running.grounds.directory
    return SummaryWriter(
        running.settings,
        names_of(running.grounds),
        lambda queue: queue,
        lambda case: look_up(running.store.desk, directory, case, NOW.date()),
        frozenset(left_out),
    )


def of_tenant(number: int) -> bytes:
    return vouched(mail(number, LEAK).replace(f"nadia{number}@free.example".encode(), TENANT))


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mbox"))


async def summaries(folder: Path) -> list[EmailMessage]:
    found = []
    for path in files_of(folder):
        source = MboxFile(path, 2**30, PARIS)
        for raw in (await source.read((await source.contents(None)).heads)).values():
            message = message_from_bytes(raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            if str(message["Message-ID"]).startswith("<dossier-"):
                found.append(message)
    return found


async def test_into_a_folder_of_a_server_each_message_goes_once(running: Engine, server: Dovecot) -> None:
    for number in range(3):
        running.take(mail(number, f"{LEAK} {number}").replace(b"\n", b"\r\n"), "nadia@free.example", NOW)

    async def login() -> Login:
        return Login("127.0.0.1", server.port, USER, password=PASSWORD)

    target = ImapTarget(login, lambda queue: f"Reprise/{queue}", 10_000_000)
    (first,) = await give_back(running.store, target, writer(running))
    assert (first.cases, first.originals, first.missing) == (3, 3, ())
    (again,) = await give_back(running.store, target, writer(running))
    assert again == first
    assert len(server.uids(f"Reprise/{first.queue}")) == 6


async def test_what_a_server_does_not_take_is_missed(running: Engine, server: Dovecot) -> None:
    number = running.take(mail(1, "Une fuite\x00 ici"), "nadia@free.example", NOW)

    async def login() -> Login:
        return Login("127.0.0.1", server.port, USER, password=PASSWORD)

    target = ImapTarget(login, lambda queue: f"Nul/{queue}", 10_000_000)
    (given,) = await give_back(running.store, target, writer(running))
    assert given.missing == (number,)


async def test_a_summary_tells_who_where_and_what_was_done(running: Engine, tmp_path: Path) -> None:
    running.take(of_tenant(1), TENANT.decode(), NOW)
    await give_back(running.store, MboxTarget(tmp_path / "back", PARIS), writer(running))
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "back").iterdir()} == {0o600}
    (summary,) = await summaries(tmp_path / "back")
    text = summary.get_content()
    assert "Joly" in text
    assert "Sujet : Fuite, dégât des eaux" in text
    assert "Dossier créé" in text
    assert (summary["In-Reply-To"], summary["Auto-Submitted"]) == ("<1@free.example>", "auto-generated")


async def test_classes_of_data_are_left_out(running: Engine, tmp_path: Path) -> None:
    running.take(of_tenant(1), TENANT.decode(), NOW)
    left_out = (DataClass.IDENTITY, DataClass.CONTACT, DataClass.CONTENT, DataClass.STAFF)
    await give_back(running.store, MboxTarget(tmp_path / "back", PARIS), writer(running, *left_out))
    (summary,) = await summaries(tmp_path / "back")
    text = summary.get_content()
    for word in ("Joly", "T000001", TENANT.decode(), "Fuite", "Bonjour", "rue"):
        assert word not in text


async def test_where_somebody_protected_lives_is_not_told(running: Engine, tmp_path: Path) -> None:
    number = running.take(of_tenant(1), TENANT.decode(), NOW)
    assert number is not None
    until = date(2027, 1, 1)
    entry = RegisterEntry(
        id=0, tenant_id="T000001", household=True, kind=EntryKind.PROTECTION, value=Protection.ORDER.value, words="",
        reference="", since=NOW.date() - timedelta(days=1), until=until, entered_at=NOW, entered_by="anne",
    )  # fmt: skip
    with case_transaction(running.store.database, "anne", NOW) as work:
        work.add_entry(entry)
    await give_back(running.store, MboxTarget(tmp_path / "back", PARIS), writer(running))
    (summary,) = await summaries(tmp_path / "back")
    text = summary.get_content()
    home = running.grounds.directory.home("T000001", NOW.date())
    assert home is not None
    address = running.grounds.directory.address_of(home.dwelling_id)
    assert address is not None
    assert "Foyer protégé" in text
    assert address.street not in text
