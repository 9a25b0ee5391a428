"""`contacts.yaml`: whom agents call, by matter and place, and every slip in the file told with its place."""

from pathlib import Path

import pytest

from dtm_contact.model import Problem
from dtm_contact.rules.contacts import CONTACTS_FILE, load_contacts

TOPICS = ("elevator", "gas")
FILE = """version: 1
contacts:
  lifts:
    label: Ascensoriste
    topics: elevator
    phone: "01 00 00 00 01"
  lifts_here:
    label: Ascensoriste des Tilleuls
    topics: [elevator]
    residences: [R01]
    email: Depannage@Ascenseurs.example
  night:
    label: Vigile
    phone: "01 00 00 00 02"
"""


def test_who_is_there_stands_before_who_is_everywhere(tmp_path: Path) -> None:
    (tmp_path / CONTACTS_FILE).write_text(FILE, encoding="utf-8")
    problems: list[Problem] = []
    contacts = load_contacts(tmp_path, TOPICS, problems)
    assert problems == []
    there = contacts.of(["elevator"], ["R01", "Les Tilleuls"])
    assert [each.label for each in there] == ["Ascensoriste des Tilleuls", "Ascensoriste"]
    assert there[0].email == "depannage@ascenseurs.example"
    assert [each.label for each in contacts.of(["elevator"], ["R02"])] == ["Ascensoriste"]
    assert contacts.of(["gas"], ["R01"]) == ()
    assert load_contacts(tmp_path / "none", TOPICS, problems).entries == ()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("    topics: lift\n    phone: '112'\n", "unknown topic lift"),
        ("    topics: gas\n", "cannot be reached"),
        ("    phone: jour et nuit\n", "contacts.yaml:5:12"),
    ],
)
def test_a_slip_is_told_with_its_place_and_takes_no_effect(tmp_path: Path, wrong: str, told: str) -> None:
    text = f"version: 1\ncontacts:\n  x:\n    label: X\n{wrong}"
    (tmp_path / CONTACTS_FILE).write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    assert load_contacts(tmp_path, TOPICS, problems).entries == ()
    assert told in str(problems[0])
