"""Damaged logs: each fault is told with file and line beside the sample, and the calls around it are read."""

from pathlib import Path

import pytest

from dtm_contact.model import Outcome
from dtm_contact.rehearsal import CallsAtRest
from dtm_contact.rehearsal.at_rest import UnreadablePathError
from dtm_contact.settings import Settings, SwitchboardSettings
from tests.calls.logs import record, written

BAD = Path(__file__).parent / "bad"


def at_rest(folder: Path, settings: Settings | None = None) -> CallsAtRest:
    queue_log = folder / "queue_log"
    return CallsAtRest(
        [folder / "Master.csv"], queue_log if queue_log.exists() else None, settings or Settings.defaults()
    )


@pytest.mark.parametrize("folder", sorted(BAD.iterdir()), ids=lambda folder: folder.name)
def test_the_fault_is_told_and_the_rest_read(folder: Path) -> None:
    calls = at_rest(folder)
    numbers = [call.number for call in calls]
    assert "\n".join(map(str, calls.problems())) == (folder / "expected.txt").read_text(encoding="utf-8").strip()
    assert {"0639980001", "0639980003"} <= set(numbers)
    assert ("0639980002" in numbers) is (folder.name.startswith(("good", "kept", "queue-log")))


def test_a_line_of_ten_megabytes_is_one_fault(tmp_path: Path) -> None:
    long = b'"' + b"x" * 10_000_000 + b'"'
    (tmp_path / "Master.csv").write_bytes(b"\n".join((record(at=0).encode(), long, record(at=60).encode())))
    calls = at_rest(tmp_path)
    assert len(list(calls)) == 2
    assert [str(problem) for problem in calls.problems()] == [
        "Master.csv:2: error: the line has 10000003 octets (a record has 65536 at the most)"
    ]


def test_a_million_faults_are_counted_and_few_told(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_bytes(b"a,b\n" * 1_000)
    calls = at_rest(tmp_path)
    assert list(calls) == []
    assert calls.faults.total == 1_000
    assert len(calls.problems()) == 11
    assert str(calls.problems()[-1]) == "Master.csv: warning: 990 more of: … columns"


def test_a_message_holds_nothing_that_the_line_held(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text('"","0639980001","CHLOÉ', encoding="utf-8")
    calls = at_rest(tmp_path)
    assert list(calls) == []
    assert "0639980001" not in str(calls.problems()[0])
    assert "CHLO" not in str(calls.problems()[0])


@pytest.mark.parametrize("name", ["a-folder", "missing"])
def test_what_is_no_file_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(UnreadablePathError, match=rf"{name}: (Is a directory|No such file or directory)"):
        list(CallsAtRest([tmp_path / name], None, Settings.defaults()))


def test_a_file_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadablePathError, match=r"Master\.csv: Permission denied"):
        list(at_rest(tmp_path))


def test_a_queue_log_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text(record(at=0), encoding="utf-8")
    with pytest.raises(UnreadablePathError, match="queue_log: No such file"):
        list(CallsAtRest([tmp_path / "Master.csv"], tmp_path / "queue_log", Settings.defaults()))


def test_a_queue_log_that_does_not_know_a_call_that_waited_is_told(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text(
        record(at=0, context="dtm-accueil", application="Queue", answering="PJSIP/200-00000001"), encoding="utf-8"
    )
    (tmp_path / "queue_log").write_text("1700000000|NONE|NONE|NONE|QUEUESTART|\n", encoding="utf-8")
    calls = at_rest(tmp_path)
    assert [call.outcome for call in calls] == [Outcome.ANSWERED]
    assert "1 calls waited in a queue" in str(calls.problems()[0])


def test_records_after_the_window_are_told(tmp_path: Path) -> None:
    settings = Settings.defaults().model_copy(update={"switchboard": SwitchboardSettings(late_seconds=60)})
    late = record(at=5, call=0, answered=False)
    (tmp_path / "Master.csv").write_text(written(record(at=0), record(at=100), late), encoding="utf-8")
    calls = at_rest(tmp_path, settings)
    assert len(list(calls)) == 2
    assert "1 records came after their call had been judged" in str(calls.problems()[0])


def test_a_log_put_together_in_the_wrong_order_is_told(tmp_path: Path) -> None:
    week = 7 * 24 * 3600
    lines = [record(at=week), record(at=week + 60, line="2"), record(at=0, line="3")]
    (tmp_path / "Master.csv").write_text(written(*lines), encoding="utf-8")
    calls = at_rest(tmp_path)
    assert len(list(calls)) == 3
    (problem,) = calls.problems()
    assert str(problem).startswith("Master.csv:3: warning: the record is older than the window for late records")
