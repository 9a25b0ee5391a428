"""The whole daemon, in this process: what a sender and an admin see of it when things go wrong."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path

import aiosmtplib
import pytest

from dtm_contact.cases import Command, Done
from dtm_contact.cases import wire as desk_client
from dtm_contact.daemon import _opened, daemon, run
from dtm_contact.directory import read_export
from dtm_contact.errors import (
    CannotOpenError,
    DaemonRunsError,
    InvalidFilesError,
    NoDirectoryError,
    UnknownSchemaError,
    WrongSettingError,
)
from dtm_contact.labels.coded_text import text_of
from dtm_contact.settings import (
    AccessSettings,
    AlarmSettings,
    DangerSettings,
    DeskSettings,
    HeartbeatSettings,
    ImapSettings,
    JudgeSettings,
    LeaseSettings,
    MonitorSettings,
    OutboundSettings,
    RulesSettings,
    Settings,
    SmtpSettings,
    StoreSettings,
)
from dtm_contact.store import case_number, open_store
from tests.alerting.test_notifiers import free_port, web_server
from tests.store.fresh import fresh_store
from tests.store.samples import arrival

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

ROOT = Path(__file__).parents[1]
DISK_OCTETS = 12_000_000


def settings_for(folder: Path) -> Settings:
    return Settings(
        store=StoreSettings(url=f"sqlite:///{folder}/store.db"),
        rules=RulesSettings(dir=ROOT / "rules"),
        smtp=SmtpSettings(port=0),
        monitor=MonitorSettings(port=0),
        judge=JudgeSettings(processes=1, pause=0.05),
    )


def with_directory(settings: Settings) -> Settings:
    fresh_store(settings.store.url)
    with open_store(settings.store.url) as store:
        store.directory.save(read_export(ROOT / "tests" / "directory" / "good")[0], "import", datetime.now(UTC))
    return settings


async def send(address: str, subject: str, octets: int = 200) -> int:
    """Send one message and return the code that its sender got."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "p@free.example", "metropole@parishabitat.fr", subject
    message.set_content("Grosse fuite. " * (octets // 14))
    host, _, port = address.rpartition(":")
    try:
        await aiosmtplib.send(message, hostname=host, port=int(port), timeout=30)
    except aiosmtplib.SMTPResponseException as error:
        return error.code
    return 250


def status_of(address: str, page: str) -> int:
    connection = HTTPConnection(address, timeout=30)
    connection.request("GET", page)
    status = connection.getresponse().status
    connection.close()
    return status


def health(address: str) -> tuple[int, dict[str, str]]:
    connection = HTTPConnection(address, timeout=30)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    checks = json.loads(answer.read())["checks"]
    connection.close()
    return answer.status, checks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of a few megabytes: only a real one is full the way that disks are full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_OCTETS}", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode == 0  # fmt: skip
    if not mounted:
        reason = "only root may mount a small disk"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def without_reserve(settings: Settings) -> Settings:
    """Return settings by which mail is taken in to the last block."""
    return settings.model_copy(update={"store": settings.store.model_copy(update={"reserve": 0})})


def fill(disk: Path) -> Path:
    """Take all room that is left, unbuffered: a buffer would fail once more when it is closed; return what takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return filler


async def test_a_full_disk_puts_senders_off_until_it_is_well_again(small_disk: Path) -> None:
    settings = without_reserve(with_directory(settings_for(small_disk)))
    async with daemon(settings) as running:
        assert await send(running.addresses["smtp"], "before") == 250
        filler = fill(small_disk)
        # The write-ahead log may have room of its own left, where what it held has been taken into the database.
        taken: set[str] = set()
        while await send(running.addresses["smtp"], f"full {len(taken)}", 100_000) == 250:
            taken.add(f"full {len(taken)}")
        assert {await send(running.addresses["smtp"], f"late {n}", 100_000) for n in range(3)} == {451}
        status, checks = await asyncio.to_thread(health, running.addresses["monitor"])
        assert status == 503
        assert "store.db" in checks["intake"], "which disk, and how much is free"
        filler.unlink()
        assert await send(running.addresses["smtp"], "after", 100_000) == 250
        async with asyncio.timeout(60):
            while (await asyncio.to_thread(health, running.addresses["monitor"]))[0] != 200:
                await asyncio.sleep(0.05)
            while running.store.arrivals.waiting():
                await asyncio.sleep(0.05)
        subjects = {text_of(case.subject) for case in running.store.cases.queue()}
    assert {"before", "after"} <= subjects <= {"before", "after", *taken}


async def test_a_disk_that_is_full_at_the_start_puts_senders_off_until_it_is_well_again(small_disk: Path) -> None:
    settings = without_reserve(with_directory(settings_for(small_disk)))
    with open_store(settings.store.url) as store:
        store.arrivals.accept([arrival("claimed by a daemon that was killed")])
        store.arrivals.claim(settings.name, datetime.now(UTC))
        filler = fill(small_disk)
        # Beside the store that is still open: what SQLite needs to read at all is there, as a killed daemon leaves it.
        async with daemon(settings) as running:
            status, checks = await asyncio.to_thread(health, running.addresses["monitor"])
            assert status == 503
            assert "store.db" in checks["intake"], "which disk, and how much is free"
            assert {await send(running.addresses["smtp"], "full") for _ in range(3)} == {451}
            filler.unlink()
            assert await send(running.addresses["smtp"], "after") == 250
            async with asyncio.timeout(60):
                while running.store.arrivals.waiting():
                    await asyncio.sleep(0.05)
                while (await asyncio.to_thread(health, running.addresses["monitor"]))[0] != 200:
                    await asyncio.sleep(0.05)
            assert len(running.store.cases.queue()) == 2


async def test_a_case_by_hand_is_judged_and_worked_through_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"desk": DeskSettings(socket=path)})

    def ask(verb: str, number: str = "", **arguments: object) -> Done:
        return desk_client.send(path, Command(verb, "paul", number, arguments))

    async with daemon(settings) as running:
        said = {"visit": "counter", "text": "Odeur de gaz dans le hall", "topic": "gas"}
        handed_in = await asyncio.to_thread(lambda: ask("new", **said))
        async with asyncio.timeout(60):
            while (number := case_number(running.store.database, "desk", handed_in.arrival or "")) is None:
                await asyncio.sleep(0.02)
        await asyncio.to_thread(ask, "take", number)
        (case,) = running.store.cases.queue()
    assert (case.number, case.owner, case.priority, case.channel) == (number, "paul", "P1", "desk")
    assert not path.exists()


@pytest.mark.parametrize("observe", [True, False])
async def test_in_observation_it_judges_and_nobody_hears_of_it(tmp_path: Path, *, observe: bool) -> None:
    outbound = OutboundSettings(host="127.0.0.1", port=1, security="none")
    rules = RulesSettings(dir=ROOT / "rules", observe=observe)
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"rules": rules, "outbound": outbound})
    end_of_time = datetime.max.replace(tzinfo=UTC)
    async with daemon(settings) as running:
        assert await send(running.addresses["smtp"], "Odeur de gaz, vite") == 250
        async with asyncio.timeout(60):
            while running.store.arrivals.waiting():
                await asyncio.sleep(0.02)
            while not (observe or running.store.timers.due(end_of_time)):
                await asyncio.sleep(0.02)
        (case,) = running.store.cases.queue()
        assert case.priority == "P1"
        assert (running.store.outbox.waiting() == 0) is observe
        assert (not running.store.timers.due(end_of_time)) is observe


async def test_a_relay_that_is_away_reaches_the_admins_while_mail_is_taken_in_and_the_p1_lie_on_disk(
    tmp_path: Path,
) -> None:
    received: list[bytes] = []
    (danger := tmp_path / "danger").mkdir()
    async with web_server(received) as port:
        settings = with_directory(settings_for(tmp_path)).model_copy(
            update={
                "outbound": OutboundSettings(host="127.0.0.1", port=free_port(), security="none", pause=0.1),
                "alarm": AlarmSettings(
                    recipients=("a@b.example",), port=free_port(), webhook=f"http://127.0.0.1:{port}/"
                ),
                "danger": DangerSettings(folder=danger),
                "heartbeat": HeartbeatSettings(file=tmp_path / "alive"),
            }
        )
        async with daemon(settings) as running:
            assert await send(running.addresses["smtp"], "Odeur de gaz, vite") == 250
            async with asyncio.timeout(60):
                while not any(b'"cause": "relay"' in each for each in received):
                    await asyncio.sleep(0.05)
                while "Odeur de gaz" not in (danger / "danger.html").read_text("utf-8"):
                    await asyncio.sleep(0.05)
            status, checks = await asyncio.to_thread(health, running.addresses["monitor"])
            assert status == 503
            assert f"127.0.0.1:{settings.outbound.port}" in checks["relay"]
            assert "Connection refused" in checks["relay"]
            assert await asyncio.to_thread(status_of, running.addresses["monitor"], "/readyz") == 200
    assert json.loads((tmp_path / "alarms-daemon.json").read_text())[0]["cause"] == "relay"


async def test_a_daemon_that_does_not_start_tells_so_once(tmp_path: Path) -> None:
    received: list[bytes] = []
    async with web_server(received) as port:
        alarm = AlarmSettings(webhook=f"http://127.0.0.1:{port}/")
        settings = settings_for(tmp_path).model_copy(update={"alarm": alarm})
        for _ in range(3):
            with pytest.raises(NoDirectoryError):
                await run(settings)
    assert len(received) == 1
    assert b"The daemon does not start. No directory has been imported yet" in received[0]


async def test_it_does_not_start_without_a_store(tmp_path: Path) -> None:
    with pytest.raises(UnknownSchemaError, match="store migrate"):
        async with daemon(settings_for(tmp_path)):
            pass


async def test_it_does_not_start_without_a_directory(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    fresh_store(settings.store.url)
    with pytest.raises(NoDirectoryError, match="directory import"):
        async with daemon(settings):
            pass


async def test_it_does_not_start_with_broken_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "routing.yaml").write_text("- id: x\n", encoding="utf-8")
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"rules": RulesSettings(dir=rules)})
    with pytest.raises(InvalidFilesError, match=r"routing\.yaml"):
        async with daemon(settings):
            pass


async def test_rules_that_somebody_is_writing_are_not_in_force(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"rules": RulesSettings(dir=rules)})
    async with daemon(settings) as running:
        (rules / "routing.yaml").write_text("- id: half wri", encoding="utf-8")
        assert await send(running.addresses["smtp"], "Fuite") == 250
        async with asyncio.timeout(60):
            while running.store.arrivals.waiting():
                await asyncio.sleep(0.05)
        (case,) = running.store.cases.queue()
    assert case.read_in_full


@pytest.mark.parametrize(("secret", "told"), [(None, "No such file"), (b"short\n", "fewer than 16 octets")])
async def test_it_does_not_start_without_its_secret(tmp_path: Path, secret: bytes | None, told: str) -> None:
    path = tmp_path / "secret"
    if secret is not None:
        path.write_bytes(secret)
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"outbound": OutboundSettings(key_file=path)})
    with pytest.raises(WrongSettingError, match=f"DTM_OUTBOUND_KEY_FILE: {told}.*{path}"):
        async with daemon(settings):
            pass


def test_a_key_of_second_factors_that_is_not_there_keeps_no_mail_out(tmp_path: Path) -> None:
    lost = AccessSettings(key_file=tmp_path / "nowhere")
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"access": lost})
    store, told = _opened(settings)
    with store:
        assert told.startswith("No code of a telephone can be checked, recovery codes let in. ")
        assert "DTM_ACCESS_KEY_FILE: No such file" in told


@pytest.mark.parametrize(
    ("secret", "told"), [(None, "No such file"), (b"\n", "first line is empty"), (b"\xe9", "UTF-8")]
)
async def test_it_does_not_start_without_the_password_to_send_with(
    tmp_path: Path, secret: bytes | None, told: str
) -> None:
    path = tmp_path / "password"
    if secret is not None:
        path.write_bytes(secret)
    outbound = OutboundSettings(host="localhost", user="us", password_file=path)
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"outbound": outbound})
    with pytest.raises(WrongSettingError, match=f"DTM_OUTBOUND_PASSWORD_FILE: .*{told}.*{path}"):
        async with daemon(settings):
            pass


async def test_a_mailbox_without_its_password_does_not_keep_mail_out(tmp_path: Path) -> None:
    imap = ImapSettings(port=1, password_file=tmp_path / "nowhere")
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"imap": imap, "channels": ("smtp", "imap")})
    async with daemon(settings) as running:
        assert await send(running.addresses["smtp"], "Fuite") == 250


def another(folder: Path) -> Settings:
    """Return the settings of a daemon with a store of its own."""
    (folder / "another").mkdir()
    return with_directory(settings_for(folder / "another"))


async def test_two_daemons_do_not_work_on_one_sqlite_file(tmp_path: Path) -> None:
    settings = with_directory(settings_for(tmp_path))
    async with daemon(settings) as running:
        with pytest.raises(DaemonRunsError, match=rf"daemon \(host .*process {os.getpid()}"):
            async with daemon(settings.model_copy(update={"name": "other"})):
                pass
        assert await send(running.addresses["smtp"], "still well") == 250


async def test_it_is_unwell_while_anything_is_held_beyond_its_lease(tmp_path: Path) -> None:
    slow = LeaseSettings(seconds=45, heartbeat_seconds=15)
    settings = with_directory(settings_for(tmp_path)).model_copy(update={"lease": slow})
    async with daemon(settings) as running:
        assert running.store.checkpoints.follow("a log", "gone")
        status, checks = await asyncio.to_thread(health, running.addresses["monitor"])
        assert (status, checks["leases"]) == (503, "held beyond a lease: 1 channels")
        running.store.leases.take_over()
        status, checks = await asyncio.to_thread(health, running.addresses["monitor"])
        assert (status, checks["leases"]) == (200, "well")


async def test_it_does_not_start_where_its_pages_address_is_taken(tmp_path: Path) -> None:
    settings = with_directory(settings_for(tmp_path))
    async with daemon(settings) as running:
        port = int(running.addresses["monitor"].rpartition(":")[2])
        with pytest.raises(CannotOpenError, match=r"the monitor's pages: .*in use.*DTM_MONITOR_"):
            async with daemon(another(tmp_path).model_copy(update={"monitor": MonitorSettings(port=port)})):
                pass


async def test_it_does_not_start_where_its_address_is_taken(tmp_path: Path) -> None:
    settings = with_directory(settings_for(tmp_path))
    async with daemon(settings) as running:
        port = int(running.addresses["smtp"].rpartition(":")[2])
        with pytest.raises(CannotOpenError, match="address already in use"):
            async with daemon(another(tmp_path).model_copy(update={"smtp": SmtpSettings(port=port)})):
                pass
        assert await send(running.addresses["smtp"], "still well") == 250
