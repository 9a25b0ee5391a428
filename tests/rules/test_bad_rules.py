"""Each folder of `bad/` is named by its fault, and says beside it what an admin must read."""

import os
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Severity
from dtm_contact.rules import load_rules, run_rule_tests
from dtm_contact.rules.arguments import LIST_LIMIT
from dtm_contact.topics import ReaderLimits
from dtm_contact.wording import Translatable, UserLanguage, in_language
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
    for problem in told.value.problems:
        assert isinstance(problem.message, Translatable), problem
        assert problem.hint == "" or isinstance(problem.hint, Translatable), problem
        place, _, severity = str(problem.wording).partition(": ")
        assert in_language(problem.wording, UserLanguage.FRENCH).startswith(
            f"{place} : {'erreur' if severity.startswith('error') else 'avertissement'} : "
        )


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
    rule = f"- {{id: essai, when: {{all: [{condition}]}}, then: {{queue: comptes}}, waiver: essai}}\n"
    routing = (GOOD / "routing.yaml").read_text("utf-8")
    (folder / "routing.yaml").write_text(rule + routing, "utf-8")
    assert [problem.message for problem in load_rules(folder, residences=RESIDENCES).problems] == warnings
    assert load_rules(folder).problems == ()


def test_a_residence_that_is_not_there_is_probably_a_slip(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    rule = "- {id: essai, when: {residence: Les Erabels}, then: {queue: comptes}, waiver: essai}\n"
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


def test_a_phrase_written_twice_is_a_warning_that_names_the_other_place(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    more = "version: 1\ndanger:\n  - prend feu\n  - Odeur de GAZ\npossible:\n  - odeur de gaz\n"
    (folder / "phrases-plus.yaml").write_text(more, "utf-8")
    (problem,) = load_rules(folder).problems
    told = "“odeur de gaz” is written twice (it stands in phrases-plus.yaml:4 already; keep one of them)"
    assert str(problem) == f"phrases.yaml:3:5: warning: {told}"


def test_a_folder_without_phrases_is_read_with_a_warning(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    (folder / "phrases.yaml").rename(folder / "Phrase.yml")
    misnamed, missing = map(str, load_rules(folder).problems)
    assert misnamed == (
        "Phrase.yml: warning: this file is not read (name it phrases.yaml or phrases-….yaml, or put it elsewhere)"
    )
    assert missing == (
        "phrases.yaml: warning: the folder has no phrases: the model alone tells of danger"
        " (take phrases.yaml as it comes with the program)"
    )


def test_topics_of_version_1_are_read_without_their_words_and_with_a_warning(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    topics = (GOOD / "topics.yaml").read_text("utf-8").replace("version: 2\n", "version: 1\npoints: {certain: 6}\n")
    topics = topics.replace("priority: P2}", "priority: P2, fragile: outage, signs: {strong: [fuite]}}")
    (folder / "topics.yaml").write_text(topics, "utf-8")
    rules = load_rules(folder)
    assert rules.reader.topics["water_leak"].outage
    assert rules.reader.limits == ReaderLimits()
    (problem,) = rules.problems
    assert str(problem) == (
        "topics.yaml:1:10: warning: topics.yaml is of an earlier version (its words are not read any more: take"
        " topics.yaml and phrases.yaml of this version of the program, and write into phrases.yaml what you had added)"
    )


def test_phrases_are_bounded_in_number(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    many = "".join(f"  - mot{number} a b\n" for number in range(2_100))
    (folder / "phrases.yaml").write_text(f"version: 1\npossible:\n{many}", "utf-8")
    with pytest.raises(InvalidFilesError) as told:
        load_rules(folder)
    (problem,) = told.value.problems
    assert (problem.line, problem.message) == (2_003, "there are too many phrases")


@pytest.mark.parametrize("file", ["answers/gaz.fr.txt", "phrases.yaml", "phrases-plus.yaml", "topics.yaml"])
def test_the_version_follows_the_content(tmp_path: Path, file: str) -> None:
    before = load_rules(GOOD).version
    folder = overlay(GOOD, tmp_path / "rules")
    assert load_rules(folder).version == before
    path = folder / file
    path.write_text((path.read_text("utf-8") if path.exists() else "version: 1\n") + "# Vite.\n", "utf-8")
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
