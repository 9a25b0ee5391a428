"""The golden letters: what must come out of each, and how a change is told."""

from collections import Counter
from pathlib import Path

import pytest

from training.golden import (
    BadGoldenLineError,
    GoldenLetter,
    accepted,
    changed,
    content_of,
    golden_grounds,
    read_golden,
    told_change,
)

RULES = Path(__file__).parents[2] / "rules"
_EVERY = 4
"""Every fourth is judged here; `make golden` judges all."""


def test_nothing_has_changed_unseen() -> None:
    letters = read_golden()
    assert len(letters) == 300
    told = [told_change(letter, said) for letter, said in changed(letters[::_EVERY], golden_grounds(RULES))]
    assert not told, "\n".join(told)


def test_each_letter_is_there_and_they_are_of_many_kinds() -> None:
    letters = read_golden()
    assert all(content_of(letter.source) for letter in letters)
    topics = Counter(letter.said.get("topic") for letter in letters)
    assert len(topics) > 35
    assert Counter(letter.said["kind"] for letter in letters)["case"] > 250
    assert sum(letter.said.get("alarm") == "certain" for letter in letters) >= 20


def test_a_change_is_told_by_what_differs() -> None:
    letter = GoldenLetter("mail/A.eml", {"topic": "heating", "priority": "P2", "tenant": "-"})
    assert told_change(letter, {"topic": "plumbing", "priority": "P2", "tenant": "-"}) == (
        "mail/A.eml: topic heating, now plumbing"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail/A.eml\n", "golden.txt:1: not `SOURCE"),
        ("# of winter\nmail/A.eml heating\n", "golden.txt:2: not `SOURCE"),
        ("mail/A.eml topic=gas\n\nmail/A.eml topic=fire\n", "golden.txt:3: mail/A.eml stands in an earlier line"),
    ],
)
def test_a_bad_line_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "golden.txt").write_text(text, "utf-8")
    with pytest.raises(BadGoldenLineError, match=said):
        read_golden(tmp_path / "golden.txt")


@pytest.mark.parametrize("source", ["mail/none.eml", "places/first.txt:1000", "places/first.txt"])
def test_a_letter_that_is_not_there_is_told(source: str) -> None:
    with pytest.raises(BadGoldenLineError, match="no such letter"):
        content_of(source)


def test_what_is_accepted_replaces_its_own_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "golden.txt"
    path.write_text("# kept\nmail/A.eml topic=gas\nmail/B.eml topic=fire\n", "utf-8")
    told = accepted(path, {"mail/B.eml": {"topic": "heating", "priority": "P2"}})
    assert told == "# kept\nmail/A.eml topic=gas\nmail/B.eml topic=heating priority=P2\n"
