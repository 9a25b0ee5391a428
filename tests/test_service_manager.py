"""What systemd is told, and that a daemon which hangs is ended and started again, while one that does not is left."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dtm_contact import log
from dtm_contact.daemon import _tell_ready, run
from dtm_contact.errors import WrongSettingError
from dtm_contact.log import get_log
from dtm_contact.service_manager import ServiceManager, Watchdog
from dtm_contact.settings import LogSettings, RulesSettings, Settings
from dtm_contact.settings.files import SecretFile, first_line, is_out_of_reach
from dtm_contact.store import open_store
from dtm_contact.worker import Worker
from tests.heard import made_alarms
from tests.test_daemon import settings_for, with_directory

ROOT = Path(__file__).parents[1]
UNITS = sorted([*(ROOT / "deploy").glob("*.service"), *(ROOT / "deploy").glob("*.timer")])
PATIENCE = 120.0


class NotifySocket:
    """The end of NOTIFY_SOCKET that systemd has."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def next(self, seconds: float = PATIENCE) -> list[str]:
        """Return the assignments of the next message; none where none comes within that time."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(65_536).decode().split("\n")
        except TimeoutError:
            return []

    def until(self, wanted: str) -> list[str]:
        """Return all assignments up to the message that has one that begins so."""
        told: list[str] = []
        while not any(each.startswith(wanted) for each in told):
            told += (message := self.next())
            assert message, (wanted, told)
        return told

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[NotifySocket]:
    opened = NotifySocket(f"{tmp_path}/notify")
    yield opened
    opened.close()


def test_an_abstract_socket_is_told_on_too() -> None:
    opened = NotifySocket(f"@dtm-contact-{os.getpid()}")
    assert ServiceManager({"NOTIFY_SOCKET": opened.address}).tell("READY=1")
    assert opened.next() == ["READY=1"]
    opened.close()


def test_what_is_told_arrives_as_it_is(notify: NotifySocket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": notify.address})
    assert manager.tell("READY=1", "STATUS=one\nWATCHDOG=trigger")
    assert notify.next() == ["READY=1", "STATUS=one WATCHDOG=trigger"], "no status adds an assignment"
    before = time.monotonic_ns() // 1_000
    with manager.reloading():
        reloading, since = notify.next()
        assert reloading == "RELOADING=1"
    assert before <= int(since.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1_000
    assert notify.next() == ["READY=1"]


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path", "/no/such/socket"])
def test_where_nobody_hears_nothing_fails(address: str) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    assert not manager.tell("READY=1")
    with manager.reloading():
        pass


@pytest.mark.parametrize(
    ("usec", "process", "seconds"),
    [
        ("30000000", "", 30.0),
        ("30000000", "ours", 30.0),
        ("30000000", "1", None),
        ("", "", None),
        ("0", "", None),
        ("-5", "", None),
        ("²", "", None),
        ("soon", "", None),
    ],
)
def test_the_watchdog_is_ours_where_it_is_set_for_this_process(usec: str, process: str, seconds: float | None) -> None:
    environ = {
        "NOTIFY_SOCKET": "/run/x",
        "WATCHDOG_USEC": usec,
        "WATCHDOG_PID": process.replace("ours", str(os.getpid())),
    }
    assert ServiceManager(environ).watchdog_seconds == seconds


async def test_the_watchdog_is_fed_while_nothing_is_stuck(notify: NotifySocket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": notify.address, "WATCHDOG_USEC": "3000000"})
    stuck: list[str | None] = [None]
    watchdog = Watchdog(manager, lambda: stuck[0], lambda: "alarms: none")
    assert watchdog.seconds == 1.0
    await watchdog.feed()
    await watchdog.feed()
    assert [notify.next(), notify.next()] == [["WATCHDOG=1", "STATUS=alarms: none"], ["WATCHDOG=1"]]
    stuck[0] = "no progress with arrival 12 for 200 s"
    await watchdog.feed()
    assert notify.next() == ["STATUS=stuck: no progress with arrival 12 for 200 s"]
    stuck[0] = None
    await watchdog.feed()
    assert notify.next() == ["WATCHDOG=1", "STATUS=alarms: none"]


def test_a_worker_is_stuck_where_a_consumer_makes_no_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_directory(settings_for(tmp_path))
    now = 1_000.0
    monkeypatch.setattr("dtm_contact.worker.worker.time", SimpleNamespace(monotonic=lambda: now))

    async def scene() -> None:
        nonlocal now
        with open_store(settings.store.url) as store:
            worker = Worker(settings, store, made_alarms())
            held = asyncio.Event()

            async def hangs(*_given: object) -> None:
                await held.wait()

            monkeypatch.setattr(worker.judges[0], "ready", hangs)
            worker.start(SimpleNamespace())  # type: ignore[arg-type]
            await asyncio.sleep(0)
            most = settings.judge.seconds + settings.judge.stuck_seconds
            now += most
            assert worker.stuck() is None, "so long any step may take"
            now += 1
            assert worker.stuck() == f"no progress with claiming for {most + 1:.0f} s"
            worker._consumers[0].arrival = 7
            assert worker.stuck() == f"no progress with arrival 7 for {most + 1:.0f} s"
            await worker.stop()
            assert "consumers have ended" in str(worker.stuck())

    asyncio.run(scene())


def test_an_idle_worker_is_not_stuck(tmp_path: Path) -> None:
    settings = with_directory(settings_for(tmp_path))

    async def scene() -> None:
        with open_store(settings.store.url) as store:
            worker = Worker(settings, store, made_alarms())
            consumer = None

            async def ready(*_given: object) -> None:
                return None

            worker.judges[0].ready = ready  # type: ignore[method-assign]
            worker.start(SimpleNamespace())  # type: ignore[arg-type]
            consumer = worker._consumers[0]
            began = consumer.stepped_at
            async with asyncio.timeout(PATIENCE):
                while consumer.stepped_at < began + 1.5:
                    await asyncio.sleep(0.05)
            await worker.stop()

    asyncio.run(scene())


@pytest.mark.usefixtures("rules_loaded_once")
async def test_the_daemon_tells_that_it_started_reloads_and_stops(
    notify: NotifySocket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", notify.address)
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "tests" / "rules" / "good", rules)
    # What the rules' folder holds is not looked at by itself: only the reload takes it up.
    settings = with_directory(settings_for(tmp_path)).model_copy(
        update={"rules": RulesSettings(dir=rules, poll_seconds=100_000.0)}
    )
    running = asyncio.create_task(run(settings))
    told = await asyncio.to_thread(notify.until, "READY=1")
    assert told[:2] == ["STATUS=brings the store's tables to this version", "STATUS=starts"]
    told = await asyncio.to_thread(notify.until, "STATUS=rules ")
    assert "WATCHDOG=1" in told
    assert told[-1].endswith("; alarms: none")
    before = in_force(settings)
    routing = rules / "routing.yaml"
    routing.write_text(routing.read_text("utf-8").replace("not: {office: sud}", "not: {channel: desk}", 1), "utf-8")
    os.kill(os.getpid(), signal.SIGHUP)
    told = await asyncio.to_thread(notify.until, "RELOADING=1")
    assert told[-1].startswith("MONOTONIC_USEC=")
    await asyncio.to_thread(notify.until, "READY=1")
    assert in_force(settings) != before
    os.kill(os.getpid(), signal.SIGTERM)
    assert "STATUS=stops" in await asyncio.to_thread(notify.until, "STOPPING=1")
    async with asyncio.timeout(PATIENCE):
        await running


async def test_it_is_ready_once_the_desk_answers(notify: NotifySocket, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(["127.0.0.1:1 does not answer", "127.0.0.1:1 does not answer"])
    monkeypatch.setattr("dtm_contact.health._answers_http", lambda _address: next(looks, None))
    monkeypatch.setattr("dtm_contact.health._DESK_AGAIN_SECONDS", 0.0)
    running, manager = (
        SimpleNamespace(addresses={"desk": "127.0.0.1:1"}),
        ServiceManager({"NOTIFY_SOCKET": notify.address}),
    )
    await _tell_ready(running, manager)  # type: ignore[arg-type]
    assert next(looks, None) is None, "it asked until it was answered"
    assert notify.next() == ["READY=1"]


async def test_a_desk_that_never_answers_keeps_nobody_waiting(
    notify: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.health._answers_http", lambda address: f"{address} does not answer")
    monkeypatch.setattr("dtm_contact.daemon._DESK_STARTS_SECONDS", 0.0)
    running, manager = (
        SimpleNamespace(addresses={"desk": "127.0.0.1:1"}),
        ServiceManager({"NOTIFY_SOCKET": notify.address}),
    )
    await _tell_ready(running, manager)  # type: ignore[arg-type]
    assert notify.next() == ["READY=1"]


def in_force(settings: Settings) -> str:
    with open_store(settings.store.url, read_only=True) as store:
        return store.rule_versions.in_force()[0].version


HANGS_WHEN_ASKED = textwrap.dedent("""
    import asyncio, signal, time
    from dtm_contact.service_manager import ServiceManager, Watchdog, fed

    async def main():
        manager = ServiceManager()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, time.sleep, 1_000)
        async with fed(Watchdog(manager, lambda: None, lambda: "well")):
            manager.tell("READY=1")
            await asyncio.Event().wait()

    asyncio.run(main())
""")


class Restarting:
    """Does with one program what systemd does: WatchdogSec, SIGABRT once it is over, Restart=always."""

    SECONDS = 6.0

    def __init__(self, notify: NotifySocket) -> None:
        self._notify = notify
        self.ended: list[int] = []
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": self._notify.address,
            "WATCHDOG_USEC": str(int(self.SECONDS * 1_000_000)),
        }
        process = subprocess.Popen([sys.executable, "-c", HANGS_WHEN_ASKED], env=environment, cwd=ROOT)
        self._notify.until("READY=1")
        return process

    def watch(self, signs: int) -> None:
        """Watch until so many signs of life have come in, starting again what gives none in time."""
        while signs:
            deadline = time.monotonic() + self.SECONDS
            while "WATCHDOG=1" not in self._notify.next(max(0.001, deadline - time.monotonic())):
                if time.monotonic() > deadline:
                    self.process.send_signal(signal.SIGABRT)
                    self.ended.append(self.process.wait())
                    self.process = self._start()
                    break
            else:
                signs -= 1

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def test_a_loop_that_hangs_is_ended_and_started_again_and_one_that_does_not_is_left(notify: NotifySocket) -> None:
    manager = Restarting(notify)
    try:
        first = manager.process.pid
        manager.watch(signs=4)
        assert (manager.process.pid, manager.ended) == (first, []), "the control: more than its time has passed"
        manager.process.send_signal(signal.SIGUSR1)
        manager.watch(signs=1)
        if manager.ended == []:
            # A sign was on its way already.
            manager.watch(signs=2)
        assert manager.ended == [-signal.SIGABRT]
        assert manager.process.pid != first
        assert manager.process.poll() is None
    finally:
        manager.stop()


def test_a_log_file_that_was_renamed_is_opened_anew(tmp_path: Path) -> None:
    file = tmp_path / "dtm-contact.log"
    log.configure(LogSettings(file=file), to_file=True)
    try:
        get_log("worker").info("one")
        file.rename(tmp_path / "dtm-contact.log.1")
        get_log("worker").info("two")
        log.reopen()
        get_log("worker").info("three")
        assert "one" in (tmp_path / "dtm-contact.log.1").read_text("utf-8")
        assert [line.split("]")[1].split()[0] for line in file.read_text("utf-8").splitlines()] == ["two", "three"]
        assert file.stat().st_mode & 0o007 == 0
    finally:
        log.configure(LogSettings())


def test_a_log_file_that_cannot_be_written_leaves_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(LogSettings(file=tmp_path / "no" / "such" / "folder.log"), to_file=True)
    try:
        get_log("worker").warning("heard all the same")
        assert "heard all the same" in capsys.readouterr().err
    finally:
        log.configure(LogSettings())


def test_a_credential_is_read_where_systemd_hands_it_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smtp.password").write_text("secret\n", "utf-8")
    named = SecretFile(Path("credential:smtp.password"))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert is_out_of_reach(named)
    with pytest.raises(WrongSettingError, match=r"DTM_X: .*LoadCredential=smtp\.password:FILE"):
        first_line(named, "DTM_X")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert not is_out_of_reach(named)
    assert first_line(named, "DTM_X") == "secret"
    with pytest.raises(WrongSettingError, match="handed no credential other"):
        first_line(SecretFile(Path("credential:other")), "DTM_X")
    with pytest.raises(WrongSettingError, match="credential:NAME"):
        first_line(SecretFile(Path("credential:../../etc/passwd")), "DTM_X")
    assert not is_out_of_reach(None)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault_in_a_unit(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no systemd-analyze: apt systemd")
    for each in UNITS:
        # The program is not installed here: what is verified is the rest.
        text = each.read_text(encoding="utf-8").replace("/opt/dtm-contact/venv/bin/dtm-contact", "/bin/true")
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "dtm-contact" in line]
    assert (done.returncode, ours) == (0, [])


def test_systemd_rates_the_daemons_unit_as_tight() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no systemd-analyze: apt systemd")
    command = [analyze, "security", "--offline=true", "--threshold=15", str(ROOT / "deploy" / "dtm-contact.service")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
