"""The commands by which an office manager changes the rules."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "rules" / "good", tmp_path / "rules")
    return tmp_path / "rules"


def change(folder: Path, old: str, new: str, file: str = "routing.yaml") -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def test_check_tells_each_fault_on_a_line(program: Program, folder: Path) -> None:
    change(folder, "topic: gas", "topik: gas")
    done = program("rules", "check", str(folder))
    assert done.returncode == 1
    assert "routing.yaml:2:10: error: unknown condition topik (did you mean topic?)" in done.stderr


def test_check_tells_the_same_to_programs(program: Program, folder: Path) -> None:
    change(folder, "topic: gas", "topik: gas")
    (line,) = program("rules", "check", str(folder), "--format", "json").stdout.splitlines()
    assert json.loads(line)["line"] == 2
    log = json.loads(program("rules", "check", str(folder), "--format", "sarif").stdout)
    (result,) = log["runs"][0]["results"]
    assert (log["version"], result["level"]) == ("2.1.0", "error")
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == (
        "routing.yaml",
        {"startLine": 2, "startColumn": 10},
    )


def test_check_runs_the_tests_of_the_rules(program: Program, folder: Path) -> None:
    change(folder, 'text: "Mon loyer", holds: false', 'text: "Mon loyer", holds: true')
    done = program("rules", "check", str(folder))
    assert done.returncode == 1
    assert "the test expects that gaz decides" in done.stderr


def test_test_says_how_far_the_tests_reach(program: Program, folder: Path) -> None:
    done = program("rules", "test", str(folder), "--coverage")
    assert done.returncode == 1
    assert "warning: no test shows that loyer holds" in done.stderr
    assert "seen one way only: loyer: not office: sud" in done.stdout
    assert "2 tests, 0 failed; 1 of 5 rules tried both ways; " in done.stdout


def test_the_shipped_rules_pass_their_tests(program: Program) -> None:
    done = program("rules", "test", "rules", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["failed"] == 0
    assert told["rules_tried"] == told["rules"]
    assert told["conditions_both_ways"] == told["conditions"]


def test_check_takes_days_and_nothing_else(program: Program, folder: Path) -> None:
    done = program("rules", "check", str(folder), "--since", "3 weeks")
    assert done.returncode == 2
    assert "is no span; write 90d" in done.stderr


def test_status_and_history_before_any_daemon_has_run(program: Program) -> None:
    assert program("store", "migrate").returncode == 0
    done = program("rules", "status")
    assert done.returncode == 0
    assert "no daemon has judged by any rules yet" in done.stdout
    assert program("rules", "history").returncode == 0
    assert "There is no such thing in the store: version x" in program("rules", "restore", "x").stderr


def test_fmt_keeps_comments_and_what_the_file_says(program: Program, folder: Path) -> None:
    text = "# tête\r\n- id:   gaz  # ici\r\n  when: {topic:   gas}\r\n  then:\r\n    queue: office\r\n"
    rest = (
        "    answer: gaz\r\n    notify:\r\n    - on_call\r\n- id: reste\r\n  then: {queue: office, answer: accuse}\r\n"
    )
    (folder / "routing.yaml").write_bytes((text + rest).encode())
    assert program("rules", "fmt", str(folder), "--check").returncode == 1
    assert program("rules", "fmt", str(folder)).returncode == 0
    assert (folder / "routing.yaml").read_text("utf-8") == (
        "# tête\n- id: gaz # ici\n  when: {topic: gas}\n  then:\n    queue: office\n    answer: gaz\n"
        "    notify:\n      - on_call\n- id: reste\n  then: {queue: office, answer: accuse}\n"
    )
    assert program("rules", "fmt", str(folder), "--check").returncode == 0


def test_fmt_leaves_what_would_say_something_else(program: Program, folder: Path) -> None:
    odd = "- {id: gaz, when: {text: {contains: [non, 12:30, 01000]}}, then: {queue: office}}\n- id: reste\n"
    (folder / "routing.yaml").write_text(odd + "  then: {queue: office}\n", "utf-8")
    assert program("rules", "fmt", str(folder)).returncode == 0
    kept = (folder / "routing.yaml").read_text("utf-8")
    assert "[non, 12:30, 01000]" in kept


def test_fmt_loses_no_comment_within_a_list(program: Program, folder: Path) -> None:
    rule = "-   id: panne\n    when: {topic: [water_leak, # dans la liste\n      other]}\n    then: {queue: office}\n"
    change(folder, "- id: reste", f'{rule}    tests: [{{text: "le n° 3 # vert", holds: true}}]\n- id: reste')
    before = (folder / "routing.yaml").read_text("utf-8")
    line = before.split("# dans la liste")[0].count("\n") + 1
    done = program("rules", "fmt", str(folder))
    assert f"routing.yaml:{line}:32: warning: this comment would be lost once laid out" in done.stderr
    assert (folder / "routing.yaml").read_text("utf-8") == before
    change(folder, " # dans la liste", "")
    assert "1 file changed" in program("rules", "fmt", str(folder)).stdout


def test_the_shipped_rules_are_laid_out(program: Program) -> None:
    done = program("rules", "fmt", "rules", "--check", "--diff")
    assert done.returncode == 0, done.stdout


def test_schema_is_printed(program: Program) -> None:
    printed = program("rules", "schema", "rules", "--file", "routing").stdout
    assert json.loads(printed)["title"] == "The rules, in order"
