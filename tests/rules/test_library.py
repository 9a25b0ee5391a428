"""The canned answers: read strictly, and without a hole in a sentence whatever the case knows."""

import re
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem
from dtm_contact.rules import load_in_force, load_rules
from dtm_contact.rules.library import LONGEST_TEXT, VARIABLES, CannedAnswer, parse_answer
from tests.rules.once import load_once

SHIPPED: Final = Path(__file__).parents[2] / "rules"
WHOLE: Final = {
    "greeting": "Bonjour Madame Joly,",
    "name": "Mme Joly",
    "case": "2026-000054",
    "received": "mardi 24 novembre",
    "due": "mercredi 25 novembre à 13 h 30",
    "phone": "01 62 66 73 80",
    "hours": "du lundi au vendredi de 9 h à 17 h",
    "office": "Bureau de proximité de Bagnolet",
    "office_address": "14 rue Malmaison, 93170 Bagnolet",
    "residence": "La Maladrerie",
    "address": "14 rue du 11-Novembre-1918, bât. A",
    "caretaker": "Mme Carvalho",
    "lodge": "Loge La Maladrerie",
    "agent": "Julie M.",
}
BARE: Final = {name: WHOLE[name] if VARIABLES[name].always else "" for name in WHOLE} | {"greeting": "Bonjour,"}
HOLE: Final = re.compile(r" ,| \.|\( ?\)|« ?»|  |[(\[][,.]|:\s*$|\{\{|\{%|\b(?:à|au|du|auprès) ?[,.]", re.MULTILINE)
"""What is left of a sentence whose name is missing, and braces that nobody has filled in."""
SOUND: Final = """---
title: Badge
topics: [access_control]
keywords: [badge]
variables: [greeting, caretaker]
---
{{ greeting }}

{% if caretaker %}Voyez {{ caretaker }}.{% endif %}
"""


def problems_of(source: str, name: str = "badge") -> list[Problem]:
    problems: list[Problem] = []
    assert (parse_answer(name, source, {"access_control", "pests"}, problems) is None) == bool(problems)
    return problems


def test_forty_and_more_are_shipped() -> None:
    assert len(load_once(SHIPPED).library) >= 40
    assert set(WHOLE) == set(VARIABLES)


@pytest.mark.parametrize("values", [WHOLE, BARE], ids=["complete", "nearly empty"])
@pytest.mark.parametrize("answer", load_once(SHIPPED).library.values(), ids=lambda answer: answer.name)
def test_no_sentence_has_a_hole(answer: CannedAnswer, values: Mapping[str, str]) -> None:
    text = answer.filled(values)
    assert text.startswith("Bonjour")
    # Before a list a line ends in a colon; nothing else does.
    told = re.sub(r":\n(?=- )", "\n", text)
    assert HOLE.search(told) is None, HOLE.search(told)
    assert "\n\n\n" not in text


@pytest.mark.parametrize("missing", [name for name, variable in VARIABLES.items() if not variable.always])
def test_each_renders_where_one_thing_alone_is_missing(missing: str) -> None:
    for answer in load_once(SHIPPED).library.values():
        assert HOLE.search(re.sub(r":\n(?=- )", "\n", answer.filled({**WHOLE, missing: ""}))) is None, answer.name


def test_every_topic_of_a_request_has_an_instruction_and_an_answer() -> None:
    rules = load_once(SHIPPED)
    assert [code for code in rules.reader.topics if not rules.instructions[code].parts] == []
    offered = {topic for answer in rules.library.values() for topic in answer.topics}
    calls = {"gas", "fire", "elevator_trapped", "danger", "automatic", "spam"}
    assert set(rules.reader.topics) - offered == calls


@pytest.mark.parametrize(
    ("changed", "line", "message", "hint"),
    [
        (("{{ greeting }}", "{{ greting }}"), 7, "unknown name greting", "did you mean greeting?"),
        (("[access_control]", "[acces_control]"), 3, "unknown topic acces_control", "did you mean access_control?"),
        (("{% if caretaker %}", ""), 9, "the braces cannot be read", "write {{ name }}"),
        (("{% if caretaker %}Voyez {{ caretaker }}.{% endif %}", "{{ caretaker }}"), 9, "would have a hole", "{% if"),
        (
            ("variables: [greeting, caretaker]", "variables: [greeting]"),
            5,
            "not the variables",
            "[greeting, caretaker]",
        ),
        (("caretaker]", "caretakr]"), 5, "unknown variable caretakr", "did you mean caretaker?"),
        (("title: Badge", "titel: Badge"), 2, "unknown key titel", "did you mean title?"),
        (("title: Badge", f"title: {'B' * 91}"), 2, "at most 90", ""),
        (("---\ntitle", "title"), 1, "the head is missing", "begin with a line ---"),
        (("Voyez", "x" * LONGEST_TEXT), 7, "6000 at the most", "say less"),
        (("{{ greeting }}", "{% for each in case %}{% endfor %}"), 7, "cannot hold for", "an answer knows only"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(changed: tuple[str, str], line: int, message: str, hint: str) -> None:
    assert changed[0] in SOUND
    found = problems_of(SOUND.replace(*changed, 1))
    assert any(each.line == line and message in each.message and hint in each.hint for each in found), found


def test_a_sound_one_is_read_and_written_alike() -> None:
    problems: list[Problem] = []
    answer = parse_answer("badge", SOUND, None, problems)
    assert answer is not None
    assert parse_answer("badge", answer.source(), None, problems) == answer
    assert problems == []
    assert problems_of(SOUND, "Mon badge")[0].message.endswith("cannot be an identifier")


def test_what_is_wrong_in_the_library_is_refused_and_keeps_no_mail_unjudged(tmp_path: Path) -> None:
    folder = Path(copytree(SHIPPED, tmp_path / "rules"))
    library = folder / "answers" / "library"
    (library / "faux.md").write_text(SOUND.replace("greeting }}", "greting }}"), "utf-8")
    (library / "notes.txt").write_text("à revoir", "utf-8")
    (library / "badge-obtenir.md").unlink()
    with pytest.raises(InvalidFilesError) as refused:
        load_rules(folder)
    told = {(each.file, each.message) for each in refused.value.problems}
    assert ("answers/library/faux.md", "unknown name greting") in told
    assert ("answers/library/notes.txt", "this is no canned answer") in told
    assert ("topics.yaml", "unknown canned answer badge-obtenir") in told
    rules = load_in_force(folder)
    assert "faux" not in rules.library
    assert "fsl" in rules.library


@pytest.mark.parametrize(
    ("button", "message"),
    [
        ("{call: concierge}", "“concierge” cannot be called"),
        ("{}", "a button does one thing"),
        ('{call: "18", queue: pantin}', "a button does one thing"),
        ("{queue: pantain}", "unknown queue pantain"),
        ("{answer: fls}", "unknown canned answer fls"),
    ],
)
def test_a_button_names_what_there_is(tmp_path: Path, button: str, message: str) -> None:
    folder = Path(copytree(SHIPPED, tmp_path / "rules"))
    topics = folder / "topics.yaml"
    written = topics.read_text("utf-8")
    assert "      - {answer: fsl}" in written
    topics.write_text(written.replace("      - {answer: fsl}", f"      - {button}", 1), "utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        load_rules(folder)
    assert any(message in each.message and each.line > 0 for each in refused.value.problems), refused.value.problems
