"""`dtm-contact directory`: wrong exports are asked about, earlier versions restored, dropped exports imported."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import REGISTRY

from dtm_contact.daemon import daemon
from dtm_contact.directory import Records, read_export
from dtm_contact.settings import JudgeSettings, MonitorSettings, RulesSettings, Settings, SmtpSettings, StoreSettings
from dtm_contact.store import open_store
from tests.cli.conftest import ROOT, Program
from tests.directory.samples import FULL_SIZE, GOOD
from tests.directory.wrong_exports import a_month_later, changed, cut_at, emptied, reduced, shifted
from tests.loopback import listening


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample directory, of which a few residences are enough."""
    return reduced(FULL_SIZE, 2, tmp_path_factory.mktemp("right"))


@pytest.fixture
def wrong(right: Path, tmp_path: Path) -> Path:
    """The same with its e-mails one line off."""
    return changed(right, shifted("tenants.csv", "email"), tmp_path / "wrong")


def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def test_a_wrong_export_is_refused_by_import_and_told_by_check(
    program: Program, right: Path, wrong: Path, tmp_path: Path
) -> None:
    alone = program("directory", "check", str(wrong))
    assert alone.returncode == 0
    assert "no directory is in force to compare it with" in alone.stdout
    assert not (tmp_path / "store.db").exists()
    assert program("directory", "import", str(right)).returncode == 0

    checked = program("directory", "check", str(wrong))
    refused = program("directory", "import", str(wrong))

    for done in (checked, refused):
        assert done.returncode == 1
        assert "suspicious: tenants.csv: email: " in done.stderr
        assert "the column slipped against the others" in done.stderr
        assert "--force" in done.stderr
        assert "@" not in done.stderr
    assert "an import would be refused" in checked.stdout
    with open_store(store_url(tmp_path)) as store:
        assert store.directory.load() == read_export(right)[0]


def test_programs_read_suspicions_as_json(program: Program, right: Path, wrong: Path) -> None:
    program("directory", "import", str(right))
    for command in ("check", "import"):
        lines = list(map(json.loads, program("directory", command, "--json", str(wrong)).stdout.splitlines()))
        (found,) = [line["suspicion"] for line in lines if "suspicion" in line]
        assert (found["file"], found["column"], found["sign"]) == ("tenants.csv", "email", "slipped")
        assert found["of"] > found["count"] > 100
        assert found["keys"][0].startswith("T")


def test_what_was_forced_is_recorded_and_can_be_taken_back(
    program: Program, right: Path, wrong: Path, tmp_path: Path
) -> None:
    program("directory", "import", str(right))
    assert program("directory", "import", "--force", str(wrong)).returncode == 0
    forced, first = map(json.loads, program("directory", "history", "--json").stdout.splitlines())
    assert (forced["number"], forced["kept"], first["origin"]["forced"]) == (2, True, [])
    assert forced["origin"]["forced"][0].startswith("tenants.csv: email: ")
    table = program("directory", "history").stdout
    assert "in force" in table
    assert "tenants.csv: email: " in table

    dry = program("directory", "restore", "--dry-run", "1")
    assert "nothing was changed" in dry.stdout
    restored = program("directory", "restore", "1")

    assert restored.returncode == 0
    assert "tenants.csv" in restored.stdout
    assert "version 1 is in force again" in restored.stdout
    with open_store(store_url(tmp_path)) as store:
        assert store.directory.load() == read_export(right)[0]
        assert store.directory.imports(1)[0].origin.restored_from == 1


def test_a_version_that_is_not_there_cannot_be_restored(program: Program) -> None:
    program("directory", "import", str(GOOD))
    done = program("directory", "restore", "7")
    assert done.returncode == 1
    assert "version 7 of the directory is not kept" in done.stderr


def daemon_settings(tmp_path: Path) -> Settings:
    return Settings(
        store=StoreSettings(url=store_url(tmp_path)),
        rules=RulesSettings(dir=ROOT / "rules"),
        smtp=SmtpSettings(port=0),
        monitor=MonitorSettings(port=0),
        judge=JudgeSettings(processes=1),
    )


async def test_a_running_daemon_takes_up_what_is_restored(program: Program, tmp_path: Path) -> None:
    wrong = changed(GOOD, cut_at("tenants.csv", 0.5), tmp_path / "cut")
    program("directory", "import", str(GOOD))
    async with daemon(daemon_settings(tmp_path)) as running:
        assert running.store.directory.in_force().records == read_export(GOOD)[0]
        for arguments, folder in ((("import", "--force", str(wrong)), wrong), (("restore", "1"), GOOD)):
            done = await asyncio.to_thread(program, "directory", *arguments)
            assert done.returncode == 0
            assert running.store.directory.in_force().records == read_export(folder)[0]


async def test_a_daemon_that_starts_on_an_old_directory_says_so(program: Program, tmp_path: Path) -> None:
    old = Path(shutil.copytree(GOOD, tmp_path / "old"))
    date_files(old, datetime(2024, 5, 1, tzinfo=UTC))
    program("directory", "import", str(old))
    async with daemon(daemon_settings(tmp_path)), asyncio.timeout(60):
        while REGISTRY.get_sample_value("dtm_alarming", {"cause": "directory-age"}) != 1:
            await asyncio.sleep(0.02)


class Admins:
    """The mail server of the admins."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_well = True
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        if not self.is_well:
            return "451 later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert "directory-refused" in message["Subject"]
        self.told.append(message.get_content())
        return "250 OK"


@pytest.fixture
async def admins() -> AsyncIterator[Admins]:
    loop, there = asyncio.get_running_loop(), Admins()
    async with listening(lambda: SMTP(there, hostname="localhost", loop=loop)) as there.port:
        yield there


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder in which exports are dropped, still empty."""
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


Scheduled = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]


@pytest.fixture
def scheduled(program: Program, drop: Path, admins: Admins) -> Scheduled:
    """Run the scheduled import of the drop folder on a store that is there."""
    assert program("store", "migrate").returncode == 0
    settings = {
        "DTM_DIRECTORY_QUIET_SECONDS": "0",
        "DTM_ALARM_RECIPIENTS": '["admin@parishabitat.example"]',
        "DTM_ALARM_PORT": str(admins.port),
    }

    async def run(**more: str) -> subprocess.CompletedProcess[str]:
        call = partial(program, "directory", "import", "--scheduled", str(drop), **{**settings, **more})
        return await asyncio.to_thread(call)

    return run


def in_force(tmp_path: Path) -> tuple[int, Records] | None:
    """Return the number of the directory in force, and the directory."""
    with open_store(store_url(tmp_path)) as store:
        version = store.directory.version()
        return None if version is None else (version.number, store.directory.load())


async def test_what_is_dropped_is_imported_once(scheduled: Scheduled, drop: Path, tmp_path: Path) -> None:
    nothing = await scheduled()
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (0, 1)
    assert "no export was dropped yet" in nothing.stderr
    shutil.copytree(GOOD, drop, dirs_exist_ok=True)

    writing = await scheduled(DTM_DIRECTORY_QUIET_SECONDS="100000")
    assert (writing.returncode, len(writing.stderr.splitlines())) == (0, 1)
    assert "still being written" in writing.stderr
    assert in_force(tmp_path) is None

    assert (await scheduled()).returncode == 0
    again = await scheduled()
    assert (again.returncode, len(again.stderr.splitlines())) == (0, 1)
    assert "unchanged since the last import" in again.stderr
    assert in_force(tmp_path) == (1, read_export(GOOD)[0])


def date_files(folder: Path, written: datetime) -> None:
    for file in folder.iterdir():
        os.utime(file, (written.timestamp(), written.timestamp()))


async def test_the_same_export_made_anew_makes_the_directory_young(
    scheduled: Scheduled, drop: Path, tmp_path: Path
) -> None:
    shutil.copytree(GOOD, drop, dirs_exist_ok=True)
    for year in (2024, 2025):
        written = datetime(year, 5, 1, tzinfo=UTC)
        date_files(drop, written)
        assert (await scheduled()).returncode == 0
        with open_store(store_url(tmp_path)) as store:
            assert store.directory.exported_at() == written
    assert in_force(tmp_path) == (1, read_export(GOOD)[0])


async def test_a_file_that_comes_under_another_name_is_waited_for(scheduled: Scheduled, drop: Path) -> None:
    shutil.copytree(GOOD, drop, dirs_exist_ok=True)
    (drop / "tenants.csv.part").touch()
    done = await scheduled(DTM_DIRECTORY_QUIET_SECONDS="100000")
    assert "still being written" in done.stderr


async def test_the_admins_hear_once_of_a_wrong_export_that_was_dropped(
    scheduled: Scheduled, admins: Admins, right: Path, drop: Path, tmp_path: Path
) -> None:
    shutil.copytree(right, drop, dirs_exist_ok=True)
    assert (await scheduled()).returncode == 0
    changed(right, shifted("tenants.csv", "phones"), drop)

    admins.is_well = False
    assert (await scheduled()).returncode == 1
    admins.is_well = True
    refused = [await scheduled(), await scheduled()]

    assert [done.returncode for done in refused] == [1, 1]
    (told,) = admins.told
    for text in (told, *(done.stderr for done in refused)):
        assert "tenants.csv: phones: " in text
        assert f"dtm-contact directory import --force {drop}" in text
    assert "the directory in force stays" in told
    assert in_force(tmp_path) == (1, read_export(right)[0])

    changed(right, emptied("tenants.csv", "phones"), drop)
    assert (await scheduled()).returncode == 1
    assert len(admins.told) == 2

    changed(right, a_month_later(3), drop)
    assert (await scheduled()).returncode == 0
    assert in_force(tmp_path) == (2, read_export(drop)[0])


async def test_a_broken_export_that_was_dropped_is_told_without_a_persons_data(
    scheduled: Scheduled, admins: Admins, drop: Path
) -> None:
    shutil.copytree(GOOD, drop, dirs_exist_ok=True)
    (drop / "tenants.csv").write_text((GOOD / "tenants.csv").read_text(encoding="utf-8")[:-30], encoding="utf-8")
    assert (await scheduled()).returncode == 1
    (told,) = admins.told
    assert "tenants.csv:8:1: error" in told
    assert "--force" not in told


async def test_what_was_restored_is_not_undone_by_the_files_that_still_lie_there(
    scheduled: Scheduled, program: Program, drop: Path, tmp_path: Path
) -> None:
    program("directory", "import", str(GOOD))
    changed(GOOD, emptied("tenants.csv", "title"), drop)
    assert (await scheduled()).returncode == 0
    await asyncio.to_thread(program, "directory", "restore", "1")
    assert (await scheduled()).returncode == 0
    assert in_force(tmp_path) == (3, read_export(GOOD)[0])


async def test_nobody_watches_a_scheduled_import_so_it_cannot_be_forced(program: Program, drop: Path) -> None:
    assert program("directory", "import", "--scheduled", "--force", str(drop)).returncode == 2
