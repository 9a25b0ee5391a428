"""Two logs that grow are told apart as the same logs at rest are, wherever they are cut and reading is interrupted."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from prometheus_client import REGISTRY

from dtm_contact.calls.outcomes import StoredCalls
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.ingest.asterisk_cdr import NAME, AsteriskLogs, start_asterisk_cdr
from dtm_contact.ingest.followed_file import NotReadableError
from dtm_contact.model import Arrival, Call, LogLine, Outcome
from dtm_contact.rehearsal import CallsAtRest
from dtm_contact.settings import Settings, SwitchboardSettings
from tests.calls.logs import MONDAY_NIGHT, record, written
from tests.ingest.inbox import FakeInbox
from tests.prove.switchboard import recording

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "fixtures" / "calls"
BAD = ROOT / "tests" / "calls" / "bad"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Followed:
    """The logs of a folder, followed; what is read is kept as a store would, and reading can be begun again."""

    def __init__(self, folder: Path, **switchboard: object) -> None:
        self.records = folder / "Master.csv"
        self.queue_log = folder / "queue_log"
        named = {"records": self.records, "queue_log": self.queue_log, **switchboard}
        self.settings = Settings(switchboard=SwitchboardSettings.model_validate(named))
        self.seconds = 0.0
        self.place: str | None = None
        self.kept: dict[str, LogLine] = {}
        self.arrivals: dict[str, Arrival] = {}
        self.troubles: dict[str, str | None] = {}
        self.restart()

    def restart(self) -> None:
        self.source = AsteriskLogs(self.settings, now=lambda: NOON, seconds=lambda: self.seconds)
        self.source.restore(self.place, tuple(self.kept.values()))

    def read(self, *, stored: bool = True) -> list[Call]:
        """Read on until nothing is new; unless it is stored, a kill takes it away."""
        told: list[Call] = []
        while batch := self.source.read():
            told += [self.told(arrival) for arrival in batch.arrivals]
            self.troubles |= dict(batch.troubles)
            if not stored:
                break
            self.place = batch.place
            self.kept |= {line.key: line for line in batch.kept.lines}
            for arrival in batch.arrivals:
                assert arrival.external_id not in self.arrivals
                self.arrivals[arrival.external_id] = arrival
            if not batch.more and not batch.arrivals:
                break
        return told

    def wait(self, seconds: float) -> list[Call]:
        """Let nothing be written for so long."""
        told = self.read()
        self.seconds += seconds
        return told + self.read()

    def told(self, arrival: Arrival) -> Call:
        return StoredCalls(self.settings).call(arrival.raw)


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    logs = Followed(tmp_path)
    for path in (logs.records, logs.queue_log):
        path.touch()
    return logs


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(written(*lines))


@pytest.mark.parametrize("seed", range(3))
def test_three_days_cut_anywhere_are_the_calls_of_the_logs_at_rest(followed: Followed, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    rest = b""
    for line in recording(CALLS):
        octets = rest + line.line if line.log == "Master.csv" else line.line
        cut = random.randrange(len(octets)) if line.log == "Master.csv" and random.random() < 0.2 else len(octets)
        rest = octets[cut:] if line.log == "Master.csv" else rest
        with (followed.records.parent / line.log).open("ab") as file:
            file.write(octets[:cut])
        match random.randrange(20):
            case 0 | 1:
                followed.read()
            case 2:
                followed.read(stored=False)
                followed.restart()
    with followed.records.open("ab") as file:
        file.write(rest)
    followed.wait(4_000)
    expected = {call.id: call for call in CallsAtRest([CALLS / "Master.csv"], CALLS / "queue_log", followed.settings)}
    latest: dict[str, Call] = {}
    for external_id, arrival in followed.arrivals.items():
        latest[external_id.partition("#")[0]] = followed.told(arrival)
    assert latest == expected


def test_the_last_call_of_the_day_ends_by_our_clock(followed: Followed) -> None:
    append(followed.records, record(at=0))
    assert followed.wait(9) == []
    (call,) = followed.wait(2)
    assert call.outcome is Outcome.VOICEMAIL


def test_a_caller_who_still_waits_in_the_queue_is_not_given_up(followed: Followed) -> None:
    uniqueid = f"{MONDAY_NIGHT}.1"
    append(followed.queue_log, f"{MONDAY_NIGHT}|{uniqueid}|dtm-accueil|NONE|ENTERQUEUE||0639980001|1")
    rang = record(at=0, seconds=15, context="dtm-accueil", application="Queue", answering="PJSIP/201-1", answered=False)
    append(followed.records, rang)
    assert followed.wait(600) == []
    append(followed.queue_log, f"{MONDAY_NIGHT + 700}|{uniqueid}|dtm-accueil|NONE|ABANDON|1|1|700")
    append(followed.records, rang.replace('"NO ANSWER"', '"ANSWERED"').replace('"15"', '"700"'))
    (call,) = followed.wait(100)
    assert call.outcome is Outcome.ABANDONED


def test_a_record_that_comes_late_tells_the_call_anew(followed: Followed) -> None:
    append(followed.records, record(at=0, context="dtm-accueil", application="Dial", answered=False))
    (first,) = followed.wait(20)
    assert first.outcome is Outcome.BEFORE_ANSWER
    followed.restart()
    late = record(at=0, context="dtm-accueil", application="Dial", answering="PJSIP/201-00000001", seconds=29)
    append(followed.records, late)
    (second,) = followed.wait(20)
    assert second.outcome is Outcome.ANSWERED
    assert list(followed.arrivals) == [f"{MONDAY_NIGHT}.1", f"{MONDAY_NIGHT}.1#1"]


def test_the_same_record_twice_tells_nothing_anew(followed: Followed) -> None:
    append(followed.records, record(at=0), record(at=0))
    assert len(followed.wait(20)) == 1
    append(followed.records, record(at=0))
    followed.restart()
    assert followed.wait(20) == []


def test_a_clock_in_the_future_ends_no_call(followed: Followed) -> None:
    append(followed.records, record(at=0, context="dtm-accueil", application="Dial", answered=False))
    append(followed.records, record(at=40 * 24 * 3600, line="9"))
    followed.read()
    followed.restart()
    append(followed.records, record(at=5, line="2"))
    calls = followed.wait(20)
    assert [call.id for call in calls] == [f"{MONDAY_NIGHT}.1", f"{MONDAY_NIGHT + 5}.2"]


@pytest.mark.parametrize("folder", sorted(BAD.iterdir()), ids=lambda folder: folder.name)
def test_a_damaged_line_is_counted_and_the_rest_read(tmp_path: Path, folder: Path) -> None:
    followed = Followed(tmp_path, queue_log="" if not (folder / "queue_log").exists() else tmp_path / "queue_log")
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes() + b"\n")
    before = faults()
    numbers = {call.number for call in followed.wait(20)}
    assert {"0639980001", "0639980003"} <= numbers
    assert (faults() > before) is not folder.name.startswith("good")


def test_a_flood_of_faults_is_told_ten_times_an_hour_and_counted(
    followed: Followed, capsys: pytest.CaptureFixture[str]
) -> None:
    before = faults()
    for _ in range(5):
        append(followed.records, *(["torn,line"] * 20))
        followed.read()
    assert faults() == before + 100
    output = "".join(capsys.readouterr())
    assert output.count("columns") == 10


def faults() -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "dtm_log_faults"
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["channel"] == NAME
    )


def test_a_wrong_zone_is_an_alarm_and_a_right_one_is_none(followed: Followed) -> None:
    append(followed.records, *(record(at=60 * number, line=str(number), zone="UTC") for number in range(1, 9)))
    followed.wait(20)
    assert "the time zone is wrong" in (followed.troubles["switchboard-timezone"] or "")


def test_without_the_queue_log_nothing_is_told(followed: Followed) -> None:
    followed.queue_log.unlink()
    append(followed.records, record(at=0))
    with pytest.raises(NotReadableError, match="queue_log: there is no such file"):
        followed.read()
    followed.queue_log.touch()
    assert len(followed.wait(20)) == 1


@pytest.fixture
def mock_records() -> Path:
    corpora = os.environ.get("DTM_CORPORA")
    if not corpora:
        pytest.skip("DTM_CORPORA names no folder with the corpora")
    return Path(corpora) / "cdr-asterisk" / "mockdata" / "cdr.csv"


@pytest.mark.parametrize(("zone", "right"), [("UTC", True), ("Europe/Paris", False)])
def test_real_records_are_read_whole_and_their_zone_is_checked(
    mock_records: Path, tmp_path: Path, zone: str, *, right: bool
) -> None:
    followed = Followed(tmp_path, queue_log="", timezone=zone)
    followed.records.write_bytes(mock_records.read_bytes())
    before = faults()
    calls = followed.wait(20)
    assert faults() == before
    assert len(calls) == len({line.split(b",")[-2] for line in mock_records.read_bytes().splitlines()})
    assert (followed.troubles["switchboard-timezone"] is None) is right


async def test_the_channel_hands_over_what_it_reads_and_tells_what_it_cannot(tmp_path: Path) -> None:
    inbox = FakeInbox()
    running = await start_asterisk_cdr(quick(tmp_path), inbox)
    while NAME not in inbox.troubles:
        await asyncio.sleep(0.01)
    append(tmp_path / "Master.csv", record(at=0), record(at=100, line="2"))
    await inbox.kept.wait()
    while len(inbox.arrivals) < 1:
        await asyncio.sleep(0.01)
    await running.stop()
    assert inbox.troubles == {}
    assert inbox.arrivals[0].in_turn
    assert inbox.positions[NAME].place


async def test_what_could_not_be_stored_is_read_again(tmp_path: Path) -> None:
    inbox = FakeInbox()
    inbox.fault = StoreUnavailableError("full")
    append(tmp_path / "Master.csv", record(at=0), record(at=100, line="2"))
    running = await start_asterisk_cdr(quick(tmp_path), inbox)
    await inbox.offered.wait()
    assert inbox.arrivals == []
    inbox.fault = None
    while len(inbox.arrivals) < 1:
        await asyncio.sleep(0.01)
    await running.stop()
    assert inbox.arrivals[0].external_id == f"{MONDAY_NIGHT}.1"


class AnothersInbox(FakeInbox):
    """One of a store where another daemon follows the log, until it is asked for the fourth time."""

    asked = 0

    async def follow(self, channel: str) -> bool:
        del channel
        assert not self.offered.is_set()
        self.asked += 1
        return self.asked > 3


async def test_what_another_daemon_follows_is_left_to_it(tmp_path: Path) -> None:
    inbox = AnothersInbox()
    append(tmp_path / "Master.csv", record(at=0), record(at=100, line="2"))
    running = await start_asterisk_cdr(quick(tmp_path), inbox)
    await inbox.kept.wait()
    await running.stop()


def quick(folder: Path) -> Settings:
    return Settings(
        switchboard=SwitchboardSettings(
            records=folder / "Master.csv", queue_log=None, quiet_seconds=0.0, poll_seconds=0.01, hold_seconds=0.0
        )
    )
