"""Finding, opening and closing the channels that the settings name."""

import logging
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from dtm_contact.errors import CannotOpenError
from dtm_contact.ingest import UnknownReceiverError, known_receivers, start_receivers
from dtm_contact.settings import LmtpSettings, Settings, SmtpSettings
from tests.ingest.clients import ENVELOPE, Clients
from tests.ingest.conftest import Start
from tests.ingest.inbox import FakeInbox


def test_every_receiver_is_found_in_its_file() -> None:
    by_mail = {"graph", "graph_sent", "imap", "imap_sent", "lmtp", "smtp"}
    assert set(known_receivers()) == {"asterisk_cdr", "folder", "http", *by_mail}
    files = {receiver.start.__module__.rpartition(".")[2] for receiver in known_receivers().values()}
    assert files == {"asterisk_cdr", "drop_folder", "graph", "http_intake", "imap", "smtp"}


@pytest.mark.parametrize("name", ["fax", "mail", "smtp.start", "", "../smtp"])
async def test_a_receiver_that_there_is_not(inbox: FakeInbox, name: str) -> None:
    with pytest.raises(UnknownReceiverError, match=r"there are .*lmtp.*smtp"):
        await start_receivers(Settings(channels=(name,)), inbox)


async def test_the_channels_of_the_settings_are_opened(inbox: FakeInbox, clients: Clients) -> None:
    settings = Settings(channels=("lmtp", "smtp"), smtp=SmtpSettings(port=0), lmtp=LmtpSettings(port=0))
    running = await start_receivers(settings, inbox)
    assert [each.name for each in running] == ["lmtp", "smtp"]
    assert [each.health() for each in running] == [None, None]
    assert [await clients.greeted(each.address) for each in running] == ["220", "220"]
    for each in running:
        await each.stop()
    assert running[0].health() == f"{running[0].address} does not listen"


async def test_all_channels_are_opened_or_none(inbox: FakeInbox, clients: Clients, start: Start) -> None:
    taken = int((await start()).address.rpartition(":")[2])
    free = await start()
    address = free.address
    await free.stop()
    settings = Settings(
        channels=("smtp", "lmtp"),
        smtp=SmtpSettings(port=int(address.rpartition(":")[2])),
        lmtp=LmtpSettings(port=taken),
    )
    with pytest.raises(CannotOpenError, match=r"the channel lmtp: .*address already in use"):
        await start_receivers(settings, inbox)
    with pytest.raises(ConnectionRefusedError):
        await clients.connect(address)


async def test_an_address_of_ipv6(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start(host="::1")
    reader, writer = await clients.begin(running.address)
    writer.write(b".\r\n")
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert running.address.startswith("[::1]:")
    assert inbox.arrivals[0].envelope is not None
    assert inbox.arrivals[0].envelope.client == "::1"


async def test_a_unix_socket_is_for_its_owner_and_group(
    start: Start, clients: Clients, inbox: FakeInbox, tmp_path: Path
) -> None:
    path = tmp_path / "lmtp.sock"
    running = await start("lmtp", socket=path, networks=["192.0.2.0/24"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    reader, writer = await clients.connect(running.address)
    writer.write(ENVELOPE.replace(b"HELO", b"LHLO"))
    await reader.readuntil(b"354 ")
    writer.write(b".\r\n")
    await reader.readline()
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert inbox.arrivals[0].envelope is not None
    assert inbox.arrivals[0].envelope.client == ""
    await running.stop()
    assert not path.exists()


async def test_a_socket_left_behind_is_replaced_but_not_one_in_use(
    start: Start, clients: Clients, tmp_path: Path
) -> None:
    path = tmp_path / "lmtp.sock"
    first = await start("lmtp", socket=path)
    with pytest.raises(OSError, match="listens there already"):
        await start("lmtp", socket=path)
    path.rename(tmp_path / "moved")
    await first.stop()
    (tmp_path / "moved").rename(path)
    assert await clients.greeted((await start("lmtp", socket=path)).address) == "220"


async def test_a_file_is_never_taken_for_a_socket(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        await start("lmtp", socket=path)
    assert path.read_text() == "precious"


async def test_a_certificate_that_cannot_be_read(start: Start, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await start(certificate=tmp_path / "none.pem")


def test_the_librarys_own_log_quotes_nobody() -> None:
    assert logging.getLogger("mail.log").getEffectiveLevel() >= logging.WARNING


def test_a_memory_limit_must_hold_one_message() -> None:
    with pytest.raises(ValidationError, match="memory_limit is less than size_limit"):
        SmtpSettings(size_limit=2_000, memory_limit=1_000)
