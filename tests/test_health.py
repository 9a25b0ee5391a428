"""What makes the daemon unwell, what is only told, and which alarms come of it."""

import asyncio
import math
import socket
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from dtm_contact.alarms import Alarms
from dtm_contact.alerting import Announcer, Kept
from dtm_contact.directory import Records
from dtm_contact.health import (
    Health,
    HealthWatch,
    _count_store,
    look_at_backup,
    look_at_directory,
    watching_ages,
)
from dtm_contact.ingest import RunningReceiver
from dtm_contact.model import CaseKind, Outgoing, OutgoingKind, Priority
from dtm_contact.monitor import HealthReport
from dtm_contact.settings import (
    BackupSettings,
    DirectorySettings,
    MonitorSettings,
    OutboundSettings,
    RulesSettings,
    Settings,
    StoreSettings,
)
from dtm_contact.store import Origin, Store, case_transaction, open_store
from dtm_contact.store.restores import mark_restored
from dtm_contact.store.timers import Plan
from dtm_contact.worker import LeaseHeartbeat
from tests.heard import Heard, made_alarms
from tests.loopback import serving
from tests.store.fresh import fresh_store
from tests.store.samples import arrival, judgement
from tests.store.test_joining import recorded

AT = 1_800_000_000.0
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    return open_store(url)


def test_a_directory_too_old_is_an_alarm_until_a_young_one_is_imported(store: Store) -> None:
    told: list[tuple[str, str]] = []
    alarms = made_alarms(lambda cause, said: told.append((cause, said)))
    settings = Settings(directory=DirectorySettings(max_age_days=8.0))
    look_at_directory(settings, store, alarms, NOW)
    store.directory.save(Records(), "import", NOW, Origin("d", exported_at=NOW - timedelta(days=1)))

    for days in (0, 7, 8, 30):
        look_at_directory(settings, store, alarms, NOW + timedelta(days=days))
        assert alarms.lasting == (("directory-age",) if days > 7 else ())
    said = told[0][1]
    assert {cause for cause, _ in told} == {"directory-age"}
    assert "exported 9 days ago (2026-11-29)" in said
    assert "DTM_DIRECTORY_MAX_AGE_DAYS" in said

    store.directory.seen_again("d", NOW + timedelta(days=30))
    look_at_directory(settings, store, alarms, NOW + timedelta(days=30))
    assert alarms.lasting == ()


def test_the_age_may_be_no_matter(store: Store) -> None:
    alarms = made_alarms()
    store.directory.save(Records(), "import", NOW)
    look_at_directory(Settings(directory=DirectorySettings(max_age_days=0)), store, alarms, NOW + timedelta(days=999))
    assert alarms.lasting == ()


def test_the_age_is_a_metric(store: Store) -> None:
    store.directory.save(Records(), "import", datetime.now(UTC) - timedelta(days=3))
    _count_store(store, datetime.now(UTC))
    assert REGISTRY.get_sample_value("dtm_directory_age_seconds") == pytest.approx(3 * 86_400, abs=600)


async def test_the_daemon_looks_at_the_age_from_the_start(store: Store) -> None:
    sounded = asyncio.Event()
    loop = asyncio.get_running_loop()

    def notice(_cause: str, _said: str) -> None:
        loop.call_soon_threadsafe(sounded.set)

    alarms = made_alarms(notice)
    store.directory.save(Records(), "import", NOW)
    async with watching_ages(Settings(), store, alarms, lambda: NOW + timedelta(days=9)):
        async with asyncio.timeout(60):
            await sounded.wait()
    assert alarms.lasting == ("directory-age",)


async def test_a_backup_too_old_or_missing_is_an_alarm_until_there_is_a_young_one(store: Store, tmp_path: Path) -> None:
    told: list[str] = []
    alarms = made_alarms(lambda _cause, said: told.append(said))
    folder = tmp_path / "backups"
    settings = Settings(backup=BackupSettings(dir=folder, max_age_hours=30))
    look_at_backup(settings, alarms, NOW)
    assert "cannot be read" in told[-1]
    folder.mkdir()
    look_at_backup(settings, alarms, NOW)
    assert told[-1] == f"{folder} holds no backup."
    (folder / "dtm-contact-20261129T024000Z.tar").touch()
    (folder / ".dtm-contact-partial-x").touch()
    look_at_backup(settings, alarms, NOW)
    assert "was made 30 hours ago; DTM_BACKUP_MAX_AGE_HOURS allows 30" in told[-1]
    (folder / "dtm-contact-20261130T024000Z.tar.age").touch()
    look_at_backup(settings, alarms, NOW)
    assert alarms.lasting == ()
    health = Scene(store, backup=settings.backup).health
    health.count()
    assert REGISTRY.get_sample_value("dtm_backup_age_seconds") == 6 * 3600 + 20 * 60
    for path in folder.glob("dtm-*"):
        path.unlink()
    health.count()
    assert REGISTRY.get_sample_value("dtm_backup_age_seconds") == math.inf
    never = Settings(backup=BackupSettings(dir=folder, max_age_hours=0))
    look_at_backup(never, alarms, NOW)
    assert alarms.lasting == ()


class Scene:
    """The health of a daemon that is not there but for what is looked at."""

    def __init__(
        self,
        store: Store,
        desk: str = "",
        kept: StoreSettings | None = None,
        receivers: tuple[RunningReceiver, ...] = (),
        **groups: object,
    ) -> None:
        self.store = store
        self.now = NOW
        self.heard = Heard()
        self.alarms = Alarms(self.heard, lambda: 0.0)
        kept = kept or StoreSettings(url=f"sqlite:///{store.database.sqlite_path}")
        groups = {"outbound": OutboundSettings(host="relay.example"), **groups}
        self.settings = Settings(store=kept, **groups)  # type: ignore[arg-type]
        self.announcer = Announcer(self.settings, (), Kept(None), lambda: self.now)
        heartbeat = LeaseHeartbeat(self.settings, store, self.alarms)
        self.health = Health(
            self.settings,
            store,
            self.alarms,
            heartbeat,
            self.announcer,
            lambda: self.now,
            receivers=receivers,
            desk=desk,
        )
        self.watch = HealthWatch(self.settings, store, self.health.report, self.alarms)

    async def report(self) -> HealthReport:
        return await asyncio.to_thread(self.health.report)

    async def look(self) -> None:
        await asyncio.to_thread(self.watch.look)


class Silent:
    """A receiver that is not well, or is."""

    name, address = "imap", "mail.example:993/INBOX"

    def __init__(self, wrong: str | None) -> None:
        self.wrong = wrong

    def health(self) -> str | None:
        return self.wrong

    async def stop(self) -> None:
        """Have nothing to stop."""


async def test_a_receiver_says_what_is_wrong_with_it(store: Store) -> None:
    silent = Silent("imap was not looked at for 20 min")
    scene = Scene(store, receivers=(Silent(None), silent))
    await scene.look()
    await scene.look()
    assert ("mailbox-silent", "Mailbox: imap was not looked at for 20 min.") in scene.heard.told
    silent.wrong = None
    assert (await scene.report()).checks["mailbox"] is None


def write_danger(store: Store) -> None:
    letter = Outgoing(OutgoingKind.NOTICE, "on_call", "a@free.example", "us@b.example", "1@b.example", b"x")
    recorded(store, judgement(CaseKind.CASE, priority=Priority.P1), at=NOW, letters=[letter])


async def test_a_notice_of_danger_that_is_not_sent_is_an_illness_and_an_alarm(store: Store) -> None:
    scene = Scene(store)
    write_danger(store)
    scene.now += timedelta(minutes=4)
    assert (await scene.report()).checks["outbox"] is None
    scene.now += timedelta(minutes=2)
    wrong = "1 e-mails that tell of danger wait, the oldest for 6 min"
    assert (await scene.report()).checks["outbox"] == wrong
    await scene.look()
    assert scene.alarms.lasting in ((), ("disk",)), "once may be a moment"
    await scene.look()
    assert ("outbox-late", f"Outbox: {wrong}.") in scene.heard.told
    claimed = store.outbox.claim("w", scene.now)
    assert claimed is not None
    store.outbox.settle(claimed, "sent", "250", scene.now)
    await scene.look()
    assert "outbox-late" in scene.heard.ended


async def test_an_open_danger_that_a_trial_keeps_from_those_on_call_is_an_alarm_until_somebody_has_it(
    store: Store,
) -> None:
    judged = judgement(CaseKind.CASE, priority=Priority.P1)
    judged = replace(judged, decision=replace(judged.decision, notify=("on_call",)))
    number, _withheld = recorded(store, judged)
    assert number is not None
    live, trial = Scene(store), Scene(store, rules=RulesSettings(observe=True))
    await live.look()
    await trial.look()
    told = "Of 1 open P1 nobody on call was told, since DTM_RULES_OBSERVE is true."
    assert ("danger-observed", told) in trial.heard.told
    assert "danger-observed" not in live.alarms.lasting
    with case_transaction(store.database, "anne", NOW) as work:
        work.change(*work.lock(number), owner="anne")
    await trial.look()
    assert "danger-observed" in trial.heard.ended


@pytest.mark.parametrize("restored", [False, True])
async def test_a_restored_store_that_only_observes_is_an_alarm_without_a_mail_server_too(
    store: Store,
    restored: bool,  # noqa: FBT001 - a table
) -> None:
    judged = judgement(CaseKind.CASE, priority=Priority.P1)
    recorded(store, replace(judged, decision=replace(judged.decision, notify=("on_call",))))
    if restored:
        with store.database.writing() as connection:
            mark_restored(connection, NOW, NOW, 0)
    scene = Scene(store, rules=RulesSettings(observe=True), outbound=OutboundSettings())
    await scene.look()
    assert ("danger-observed" in scene.alarms.lasting) is restored


async def test_steps_that_are_due_and_not_done_are_an_illness(store: Store) -> None:
    scene = Scene(store)
    number, _withheld = recorded(store, judgement(CaseKind.CASE, priority=Priority.P1))
    assert number is not None
    store.timers.plan([Plan(number, "P1:1", NOW, {"does": "call_next", "priority": "P1", "until": "taken"})], 1)
    scene.now += timedelta(minutes=5)
    assert (await scene.report()).checks["timers"] is None
    scene.now += timedelta(minutes=1)
    assert (await scene.report()).checks["timers"] == "a step that was due 6 min ago is not done"
    scene = Scene(store, rules=RulesSettings(observe=True))
    scene.now += timedelta(hours=1)
    assert (await scene.report()).checks["timers"] is None, "under observation nothing is due to anybody"


@pytest.mark.parametrize(("reply", "wrong"), [(b"HTTP/1.1 303 x\r\n\r\n", None), (b"", "does not speak HTTP")])
async def test_the_desk_is_well_while_it_speaks_http(store: Store, reply: bytes, wrong: str | None) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with serving(answer) as port:
        address = f"127.0.0.1:{port}"
        scene = Scene(store, desk=address)
        scene.alarms.sound("desk", "The process of the desk ended.")
        await scene.look()
        await scene.look()
        assert (await scene.report()).checks["desk"] == (f"{address} {wrong}" if wrong else None)
        assert ("desk" in scene.alarms.lasting) is bool(wrong)


async def test_a_desk_whose_process_is_gone_is_unwell_though_its_socket_listens(store: Store) -> None:
    with socket.socket() as heard:
        heard.bind(("127.0.0.1", 0))
        heard.listen()
        scene = Scene(store, desk=f"127.0.0.1:{heard.getsockname()[1]}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("dtm_contact.health._DESK_SECONDS", 0.1)
            assert "does not answer (no answer in time)" in ((await scene.report()).checks["desk"] or "")


async def test_a_disk_that_is_nearly_full_is_told_and_one_below_the_reserve_makes_unwell(store: Store) -> None:
    everything = 2**62
    scene = Scene(store, monitor=MonitorSettings(free_octets=everything))
    report = await scene.report()
    path = store.database.sqlite_path
    assert path is not None
    assert f"{path.parent} has" in report.warnings["disk"] or str(tempfile.gettempdir()) in report.warnings["disk"]
    assert f"DTM_MONITOR_FREE_OCTETS wants {everything:,}" in report.warnings["disk"]
    assert report.checks["intake"] is None
    await scene.look()
    assert scene.alarms.troubles().keys() == {"disk"}
    url = f"sqlite:///{path}"
    scene = Scene(store, kept=StoreSettings(url=url, reserve=everything), monitor=MonitorSettings(free_octets=0))
    report = await scene.report()
    assert f"{path}" in (report.checks["intake"] or "")
    assert "disk" not in report.warnings


async def test_what_lasts_is_told_by_its_own_check_or_with_the_other_alarms(store: Store) -> None:
    scene = Scene(store, monitor=MonitorSettings(free_octets=0))
    for cause in ("relay", "recording", "queues"):
        scene.alarms.sound(cause, f"{cause} is wrong")
    report = await scene.report()
    assert report.checks["relay"] == "relay is wrong"
    assert report.checks["alarms"] == "recording: recording is wrong"
    assert report.warnings == {"queues": "queues is wrong"}
    assert not report.well


async def test_with_the_store_down_the_store_alone_is_told_and_metrics_go_on(store: Store) -> None:
    path = store.database.sqlite_path
    assert path is not None
    scene = Scene(store)
    path.rename(path.with_name("away"))
    store.close()
    report = await scene.report()
    assert f"SQLITE_CANTOPEN: {path}" in (report.checks["store"] or "")
    assert [report.checks[name] for name in ("outbox", "timers")] == [None, None]
    await asyncio.to_thread(scene.health.count)
    assert REGISTRY.get_sample_value("dtm_disk_free_octets", {"disk": str(path.parent)})


async def test_what_waits_is_counted_with_its_age(store: Store) -> None:
    scene = Scene(store)
    write_danger(store)
    store.arrivals.accept([replace(arrival("waits"), received_at=NOW)])
    scene.now += timedelta(minutes=10)
    await asyncio.to_thread(scene.health.count)
    told = {
        name: REGISTRY.get_sample_value(name, labels)
        for name, labels in (
            ("dtm_arrivals_oldest_waiting_seconds", {}),
            ("dtm_outbox_waiting", {"urgency": "danger"}),
            ("dtm_outbox_oldest_seconds", {"urgency": "danger"}),
        )
    }
    assert told == {
        "dtm_arrivals_oldest_waiting_seconds": 600.0,
        "dtm_outbox_waiting": 1.0,
        "dtm_outbox_oldest_seconds": 600.0,
    }
    assert REGISTRY.get_sample_value("dtm_outbox_waiting", {"urgency": "answer"}) == 0.0
