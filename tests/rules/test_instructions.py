"""What agents do of a topic: strict like the other rule files, in parts that hold or not, or as a plain text."""

import shutil
import textwrap
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.rules import RuleSet, load_in_force, load_rules
from dtm_contact.rules.merging import merge_yaml
from tests.rules.folders import SHIPPED

TOPIC = """\
  gas:
    label: "Gaz"
    priority: P1
"""


def with_instruction(folder: Path, instruction: str) -> Path:
    """Return the shipped rules with what is written of the topic of gas in place of its own."""
    text = (SHIPPED / "topics.yaml").read_text(encoding="utf-8")
    start, end = text.index("  gas:\n"), text.index("  fire:\n")
    written = f"{TOPIC}{textwrap.indent(textwrap.dedent(instruction), ' ' * 4)}"
    (folder / "topics.yaml").write_text(text[:start] + written + text[end:], encoding="utf-8")
    return folder


def copied(folder: Path) -> Path:
    """Return a copy of the shipped rules."""
    shutil.copytree(SHIPPED, folder / "rules")
    return folder / "rules"


def loaded(tmp_path: Path, instruction: str) -> RuleSet:
    return load_rules(with_instruction(copied(tmp_path), instruction))


def test_a_plain_text_still_is_one_part_that_always_holds(tmp_path: Path) -> None:
    (part,) = loaded(tmp_path, "instruction: |\n  Appelez.\n\n  Attendez.\n").instructions["gas"].parts
    assert (part.label, part.steps, part.when) == ("", ("Appelez.", "Attendez."), None)


def test_parts_have_a_label_steps_and_conditions(tmp_path: Path) -> None:
    written = """
    instruction:
      parts:
        - {label: "Si c'est le gaz", when: {peril: gas}, steps: ["Un.", "Deux."]}
        - {label: "Ensuite", steps: ["Trois."]}
    """
    first, second = loaded(tmp_path, written).instructions["gas"].parts
    assert first.steps == ("Un.", "Deux.")
    assert first.when is not None
    assert (second.label, second.when) == ("Ensuite", None)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('parts: [{label: "A", steps: []}]', "must not be empty"),
        ('parts: [{steps: ["Un."]}]', "the key label is missing"),
        ('parts: [{label: "A", step: ["Un."], steps: ["Un."]}]', "unknown key step"),
        ('parts: [{label: "A", when: {perill: gas}, steps: ["Un."]}]', "unknown condition perill"),
        ('parts: [{label: "A", when: {peril: gaz}, steps: ["Un."]}]', "gaz"),
        ('parts: [{label: "A", when: {topic: gaz}, steps: ["Un."]}]', "unknown topic gaz"),
        ('parts: [{label: "A", when: {peril: gas, not: {peril: gas}}, steps: ["Un."]}]', "can never hold"),
        ('parts: [{label: "A", steps: ["Un."]}, {label: "A", steps: ["Deux."]}]', "written twice"),
        ("parts: []", "must not be empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(InvalidFilesError) as refused:
        loaded(tmp_path, f"instruction: {{{written}}}\n")
    (problem,) = refused.value.problems
    assert message in str(problem.message)
    assert problem.file == "topics.yaml"
    assert problem.line


def test_a_fault_that_only_agents_read_of_keeps_nothing_from_being_judged(tmp_path: Path) -> None:
    written = 'instruction: {parts: [{label: "A", when: {perill: gas}, steps: ["Un."]}]}\n'
    rules = load_in_force(with_instruction(copied(tmp_path), written))
    assert rules.faults
    assert rules.instructions["gas"].parts == ()
    assert rules.instructions["fire"].parts


def test_a_sites_own_text_is_kept_or_marked_and_what_it_left_is_brought_into_parts() -> None:
    before = "topics:\n  gas:\n    label: Gaz\n    instruction: |\n      Appelez.\n  fire:\n    label: Feu\n"
    today = (
        "topics:\n  gas:\n    label: Gaz\n    instruction:\n      parts:\n        - label: A\n          steps:\n"
        "            - Appelez.\n  fire:\n    label: Feu\n"
    )
    assert merge_yaml("topics.yaml", before, before, today).text == today
    own = before.replace("Appelez.", "Appelez Paul.")
    merged = merge_yaml("topics.yaml", before, own, today)
    assert [each.what for each in merged.conflicts] == ["topics / gas / instruction"]
    assert merge_yaml("topics.yaml", before, own, before).text == own


def test_parts_of_a_site_and_of_the_program_are_merged_one_by_one() -> None:
    def text(*parts: str) -> str:
        head = "topics:\n  gas:\n    label: Gaz\n    instruction:\n      parts:\n"
        return head + "".join(
            f"        - label: {each[0]}\n          steps:\n            - {each[2:]}\n" for each in parts
        )

    before, own = text("A un", "B deux"), text("A un", "B deux à nous", "C trois")
    merged = merge_yaml("topics.yaml", before, own, text("A un de plus", "B deux"))
    assert not merged.conflicts
    assert "un de plus" in merged.text
    assert "deux à nous" in merged.text
    assert "label: C" in merged.text
