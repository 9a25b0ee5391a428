"""`topics.yaml`: what is wrong in it is told with its place."""

from pathlib import Path

import pytest

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.topics_file import load_lexicon

_GOOD = """\
version: 1
points: {certain: 6, strong: 4, medium: 2, weak: 1}
found_from: {topic: 3, faint: 0.7, automatic: 6, spam: 6}
spelling: {small_words: [le, la, de]}
context: {negation: [pas]}
people: {great_age: 75, infant_months: 30, grave: [bébé], fragile: [malade]}
topics:
  pests: {label: Nuisibles, priority: P3, signs: {strong: [cafard]}}
  other: {label: Autre, priority: P3}
  thanks: {label: Merci, priority: P4}
  automatic: {label: Automatique, priority: P4}
  spam: {label: Indésirable, priority: P4}
"""


def _load(folder: Path, text: str) -> tuple[bool, list[Problem]]:
    (folder / "topics.yaml").write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return load_lexicon(folder, problems) is not None, problems


def test_a_small_file_is_sound(tmp_path: Path) -> None:
    assert _load(tmp_path, _GOOD) == (True, [])


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("priority: P3, signs", "priority: P5, signs", (8, 39), "“P5” is not known here"),
        ("signs: {strong", "sings: {strong", (8, 43), "unknown key"),
        ("{strong: [cafard]", "{huge: [cafard]", (8, 57), "“huge” is not known here"),
        ("[cafard]", "cafard", (8, 59), "expected a list, got “cafard”"),
        ("[cafard]", "[12]", (8, 60), "expected text, got"),
        ("[cafard]", '["!?"]', (8, 60), "“!?” cannot be looked for"),
        ("[cafard]", '[""]', (8, 60), "must not be empty"),
        ("great_age: 75", "great_age: 12", (6, 21), "this should be greater than or equal to 50, not 12"),
        ("  spam: {label: Indésirable, priority: P4}\n", "", (8, 3), "the topic spam is missing"),
    ],
)
def test_a_fault_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], message: str
) -> None:
    assert old in _GOOD
    sound, problems = _load(tmp_path, _GOOD.replace(old, new))
    assert not sound
    assert message in problems[0].message
    assert (problems[0].line, problems[0].column) == place


def test_a_phrase_written_twice_is_a_warning(tmp_path: Path) -> None:
    sound, problems = _load(tmp_path, _GOOD.replace("[cafard]", "[cafard, Cafard]"))
    assert sound
    assert [(problem.severity, problem.line) for problem in problems] == [(Severity.WARNING, 8)]
    assert "keep one of them" in problems[0].hint


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_lexicon(tmp_path, problems) is None
    assert problems


@pytest.mark.parametrize(
    "text",
    ["topics: [" * 30, "version: 1\n" + "a: " * 100, "x: " + "y" * 1_000_000, "- " * 500, "{}", "\x00"],
    ids=["nested", "colons", "long", "lists", "empty", "zero"],
)
def test_hostile_files_are_problems(tmp_path: Path, text: str) -> None:
    sound, problems = _load(tmp_path, text)
    assert not sound
    assert problems
