"""`route --calls` and `score` on a folder of calls, as people start them."""

import json
from pathlib import Path

import pytest

from tests.calls.logs import record, written
from tests.cli.conftest import Program

SMALL = "tests/directory/good"
ROUTE = ("route", "--directory", SMALL, "--calls", "asterisk-cdr")
KEYS = [
    "source", "channel", "kind", "tenant", "candidates", "dwelling", "residence", "home", "caretaker", "caretakers",
    "topic", "topics", "scope", "alarm", "priority", "office", "queue", "rule", "due", "joins", "number", "outcome",
    "closes", "count",
]  # fmt: skip


@pytest.fixture
def master(tmp_path: Path) -> Path:
    path = tmp_path / "Master.csv"
    path.write_text(written(record(at=0), "torn,line", record(at=600, line="2")), encoding="utf-8")
    return path


def test_calls_are_told_a_line_each_and_faults_on_standard_error(program: Program, master: Path) -> None:
    done = program(*ROUTE, str(master), "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [list(call) for call in told] == [KEYS, KEYS]
    assert [call["joins"] for call in told] == [None, told[0]["source"]]
    assert done.stderr.strip() == "Master.csv:2: error: 2 columns (a record has 16 to 21; was the line torn?)"


def test_a_wrong_time_zone_is_an_alarm(program: Program, master: Path) -> None:
    done = program(*ROUTE, str(master), "--json", DTM_SWITCHBOARD_TIMEZONE="UTC")
    assert "the time zone is wrong: read as UTC" in done.stderr
    assert "DTM_SWITCHBOARD_TIMEZONE" in done.stderr


def test_calls_as_a_table(program: Program, master: Path) -> None:
    done = program(*ROUTE, str(master))
    assert "voicemail" in done.stdout
    assert "routing.yaml:rappel" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((*ROUTE, "nowhere.csv"), 1, "nowhere.csv: No such file or directory"),
        ((*ROUTE, "docs"), 1, "docs: Is a directory"),
        ((*ROUTE, "--queue-log", "nowhere", "fixtures/calls/Master.csv"), 1, "nowhere: No such file or directory"),
        ((*ROUTE, "--at", "2026-11-24T09:30", "x.csv"), 2, "--at does not go with --calls"),
        (("route", "--queue-log", "x", "x.eml"), 2, "--queue-log goes with --calls"),
        (("route", "--calls", "avaya", "x.csv"), 2, "is not 'asterisk-cdr'"),
    ],
)
def test_wrong_use_is_told(program: Program, arguments: tuple[str, ...], status: int, message: str) -> None:
    done = program(*arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DTM_SWITCHBOARD_TIMEZONE", "Mars/Olympus", "no such time zone"),
        ("DTM_SWITCHBOARD_COLUMNS", '["src", "callid"]', "does not name the columns of a call record"),
    ],
)
def test_wrong_settings_are_told(program: Program, master: Path, variable: str, value: str, message: str) -> None:
    done = program(*ROUTE, str(master), **{variable: value})
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_score_counts_right_answers_and_tells_misses(program: Program, tmp_path: Path, master: Path) -> None:
    right = {"call_id": "1794848400.1", "outcome": "voicemail", "kind": "case", "joins": None, "tenant_id": None}
    wrong = {"call_id": "1794849000.2", "outcome": "abandoned", "kind": "case", "joins": "1794848400.1"}
    missing = {"call_id": "1.1", "outcome": "abandoned", "kind": "case"}
    truth = "".join(json.dumps(line) + "\n" for line in (right, wrong, missing))
    (tmp_path / "truth.jsonl").write_text(truth, encoding="utf-8")
    done = program("score", str(master.parent), "--directory", SMALL, "--json")
    found = json.loads(done.stdout)
    figures = {figure["name"]: (figure["right"], figure["of"]) for figure in found["figures"]}
    assert figures["outcome"] == (1, 2)
    assert figures["joins"] == (2, 2)
    assert figures["no wrong tenant named"] == (1, 1)
    assert [(miss["file"], miss["said"], miss["right"]) for miss in found["misses"]] == [
        ("1794849000.2", "voicemail", "abandoned")
    ]
    assert "1.1: named in the truth, but not in the folder" in done.stderr
