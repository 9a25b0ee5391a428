"""Labelling in the terminal: what is kept, what an answer means, and going on after an interruption."""

import json
import shutil
from pathlib import Path

import pytest

from dtm_contact.model import CaseKind, Priority
from dtm_contact.rehearsal.truth import TruthLabel, add_truth_label, labelled_files, read_truth, resolve_answer
from tests.cli.conftest import environment, program  # noqa: F401 (fixtures)

ROOT = Path(__file__).parents[2]
_LABEL = TruthLabel("a.eml", CaseKind.CASE, "gas", Priority.P1, note="à vérifier")


def test_a_label_is_a_line_of_the_truth(tmp_path: Path) -> None:
    add_truth_label(tmp_path, _LABEL)
    truth = read_truth(tmp_path)["a.eml"]
    assert (truth.topic, truth.priority, truth.kind, truth.note) == ("gas", "P1", "case", "à vérifier")
    assert labelled_files(tmp_path) == {"a.eml"}


def test_a_line_that_was_cut_off_is_labelled_again(tmp_path: Path) -> None:
    (tmp_path / "truth.jsonl").write_text('{"file": "b.eml", "to', encoding="utf-8")
    assert labelled_files(tmp_path) == frozenset()
    add_truth_label(tmp_path, _LABEL)
    assert labelled_files(tmp_path) == {"a.eml"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("", "other"),
        ("gas", "gas"),
        ("pes", "pests"),
        ("GA", "gas"),
        ("elevator", "elevator"),
        ("e", None),
        ("x", None),
    ],
)
def test_the_beginning_of_one_code_will_do(answer: str, found: str | None) -> None:
    assert resolve_answer(answer, ("gas", "pests", "elevator", "elevator_trapped", "other"), "other") == found


def test_the_command_asks_only_for_what_is_not_labelled(tmp_path: Path, program) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, F811
    for name in ("D1-001.eml", "D1-003.eml"):
        shutil.copy(ROOT / "fixtures" / "mail" / name, tmp_path)
    arguments = ("label", str(tmp_path), "--directory", "fixtures/directory", "--rules", "rules")
    first = program(*arguments, given=b"case\ncommercial\nP3\nT000001\n\n")
    assert "2 to go" in first.stdout
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text("utf-8").splitlines()]
    assert [(line["file"], line["topic"]) for line in lines] == [("D1-001.eml", "commercial_lease")]
    assert lines[0]["dwelling_id"]
    assert lines[0]["office"]
    second = program(*arguments, given=b"\nwater_leak\n\n\n\n")
    assert "1 labelled, 1 to go" in second.stdout
    assert set(read_truth(tmp_path)) == {"D1-001.eml", "D1-003.eml"}
