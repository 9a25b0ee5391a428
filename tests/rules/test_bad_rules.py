"""Each folder of `bad/` is named by its fault, and says beside it what an admin must read."""

import os
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Severity
from dtm_contact.rules import load_rules, run_rule_tests
from dtm_contact.rules.arguments import LIST_LIMIT
from tests.rules.folders import BAD, EXPECTED, GOOD, OFFICES, RESIDENCES, overlay

FAULTS = sorted(path for path in BAD.iterdir() if path.is_dir())


def test_the_good_folder_is_good() -> None:
    rules = load_rules(GOOD, OFFICES)
    assert rules.problems == ()
    assert run_rule_tests(rules).failed == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda path: path.name)
def test_every_fault_is_told_with_its_place_and_what_is_right(fault: Path, tmp_path: Path) -> None:
    folder = overlay(fault, tmp_path / "rules")
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder, OFFICES, residences=RESIDENCES)
    assert [str(problem) for problem in told.value.problems] == (fault / EXPECTED).read_text("utf-8").splitlines()


def test_an_office_that_the_directory_lost_is_a_warning(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    routing = (GOOD / "routing.yaml").read_text("utf-8").replace("office: sud", "office: nord")
    (folder / "routing.yaml").write_text(routing, "utf-8")
    rules = load_rules(folder, {"agence", "nord"})
    assert [(problem.severity, str(problem)) for problem in rules.problems] == [
        (Severity.WARNING, "queues.yaml:16:13: warning: unknown office sud (one of: agence, nord)")
    ]


@pytest.mark.parametrize(
    ("condition", "warnings"),
    [
        ("residence: R01", []),
        ("residence: [R02, 'les erables', 'Les Tilleuls (Malakoff)']", []),
        ("{residence: Les Tilleuls, commune: Malakoff}", []),
        ("residence: Les Platanes", ["the directory has no residence Les Platanes"]),
    ],
)
def test_a_residence_is_told_from_others_of_its_name(tmp_path: Path, condition: str, warnings: list[str]) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    rule = f"- {{id: essai, when: {{all: [{condition}]}}, then: {{queue: comptes}}, untold: essai}}\n"
    routing = (GOOD / "routing.yaml").read_text("utf-8")
    (folder / "routing.yaml").write_text(rule + routing, "utf-8")
    assert [problem.message for problem in load_rules(folder, residences=RESIDENCES).problems] == warnings
    assert load_rules(folder).problems == ()


def test_a_residence_that_is_not_there_is_probably_a_slip(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    rule = "- {id: essai, when: {residence: Les Erabels}, then: {queue: comptes}, untold: essai}\n"
    (folder / "routing.yaml").write_text(rule + (GOOD / "routing.yaml").read_text("utf-8"), "utf-8")
    (problem,) = load_rules(folder, residences=RESIDENCES).problems
    assert problem.hint == "did you mean les erables (R02 in Malakoff)? Else the rule holds once there is one"


def test_offices_are_not_checked_before_there_is_a_directory() -> None:
    assert load_rules(GOOD, ()).problems == ()


def test_an_answer_that_no_rule_sends_is_a_warning(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    (folder / "answers" / "merci.fr.txt").write_text("Merci.\n", "utf-8")
    assert [problem.message for problem in load_rules(folder).problems] == ["no rule sends this answer"]


def test_windows_1252_is_read_with_a_warning(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    queues = (GOOD / "queues.yaml").read_text("utf-8").replace("Bureau nord", "Bureau du Pré")
    (folder / "queues.yaml").write_bytes(queues.encode("cp1252"))
    rules = load_rules(folder)
    assert rules.queues["nord"].label == "Bureau du Pré"
    assert [str(problem) for problem in rules.problems] == [
        "queues.yaml:12:24: warning: the file is not saved as UTF-8; it is read as Windows-1252 (save it as UTF-8)"
    ]


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    before = load_rules(GOOD).version
    folder = overlay(GOOD, tmp_path / "rules")
    assert load_rules(folder).version == before
    answer = folder / "answers" / "gaz.fr.txt"
    answer.write_text(answer.read_text("utf-8") + "Vite.\n", "utf-8")
    assert load_rules(folder).version != before


def test_a_list_too_long_is_one_fault(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    words = ", ".join(f"mot{number}" for number in range(LIST_LIMIT + 1))
    rule = f"- {{id: essai, when: {{text: {{contains: [{words}]}}}}, then: {{queue: comptes}}}}\n"
    (folder / "routing.yaml").write_text(rule + "- {id: reste, then: {queue: office}}\n", "utf-8")
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder)
    (problem,) = told.value.problems
    assert problem.message == f"the list has {LIST_LIMIT + 1} values"


def test_of_very_many_faults_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    with (folder / "queues.yaml").open("a", encoding="utf-8") as queues:
        queues.writelines(f"clef{number}: 1\n" for number in range(5_000))
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder)
    messages = [problem.message for problem in told.value.problems]
    assert "there are 5000 faults in all" in messages
    assert len(messages) < 200


def test_a_folder_that_is_not_there_misses_its_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidFilesError) as told:
        load_rules(tmp_path / "nowhere")
    assert [(problem.file, problem.message) for problem in told.value.problems] == [
        (file, "the file is missing") for file in ("queues.yaml", "routing.yaml", "topics.yaml")
    ]


def test_a_file_s_name_that_is_no_text_can_be_told(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    (folder / "answers" / "re\udce9u.fr.txt").write_text("Merci.", "utf-8")
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder)
    assert str(told.value).encode().count(rb"answers/re\udce9u.fr.txt: error: ") == 1


def test_a_pipe_in_the_place_of_a_file_stops_nothing(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    (folder / "routing.yaml").unlink()
    os.mkfifo(folder / "routing.yaml")
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder)
    assert [problem.message for problem in told.value.problems] == ["this is not a file"]
