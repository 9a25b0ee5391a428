"""Lines in columns are what they were as objects, however their values are spread."""

import pickle
from dataclasses import astuple, dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.lines import Lines, PackedTexts, cells, column, columns
from dtm_contact.directory.lookups import ById, Keys


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    phones: tuple[str, ...]
    start: date | None


texts = st.text(st.characters(), max_size=5)
lines = st.builds(Line, texts, st.lists(texts, max_size=3).map(tuple), st.none() | st.dates())


@given(st.lists(lines, max_size=30))
def test_nothing_is_lost(given_lines: list[Line]) -> None:
    kept = Lines(Line, map(astuple, given_lines))
    assert list(kept) == given_lines
    assert [kept[row] for row in range(len(kept))] == given_lines
    assert kept == tuple(given_lines)
    assert tuple(given_lines) == kept
    assert kept[1:-1] == tuple(given_lines[1:-1])
    assert list(columns(kept, "start", "name")) == [(line.start, line.name) for line in given_lines]
    for lines_given in (kept, given_lines):
        start_and_name = cells(lines_given, "start", "name")
        assert [start_and_name(row) for row in range(len(kept))] == list(columns(kept, "start", "name"))


@pytest.mark.parametrize("different", [10, 60_000])
def test_many_lines_of_few_or_of_many_names(different: int) -> None:
    made = [Line(f"n{number % different}", (), None) for number in range(60_000)]
    kept = Lines(Line, map(astuple, made))
    assert list(kept) == made
    assert kept[-1] == made[-1]
    assert pickle.loads(pickle.dumps(kept)) == kept  # noqa: S301 - our own


def test_other_lines_are_not_equal() -> None:
    kept = Lines(Line, [("a", (), None)])
    assert kept != (Line("b", (), None),)
    assert kept != ()
    assert kept != "a"


def test_a_line_that_there_is_not() -> None:
    with pytest.raises(IndexError):
        Lines(Line, [])[0]
    with pytest.raises(IndexError):
        PackedTexts(["a"])[1]
    assert PackedTexts(["a", "é", "\ud800"])[-2:] == ("é", "\ud800")


def test_a_column_of_plain_objects() -> None:
    assert list(column((Line("a", (), None), Line("b", (), None)), "name")) == ["a", "b"]


def test_lines_by_their_identifier() -> None:
    by_name = ById([Line("a", (), None), Line("b", ("1",), None)], "name")
    assert by_name["b"].phones == ("1",)
    assert by_name.get("c") is None
    assert "a" in by_name
    assert list(by_name) == ["a", "b"]
    assert len(by_name) == 2
    with pytest.raises(KeyError):
        by_name["c"]


def test_the_first_number_behind_each_key() -> None:
    keys = Keys([("a", 3), ("b", 1), ("a", 2)])
    assert keys.first_of_each(["b", "z", "a"]).tolist() == [1, -1, 3]
    assert keys.first("a") == 3
    assert Keys([]).first_of_each(["b"]).tolist() == [-1]
    assert Keys([]).first("b") == -1
