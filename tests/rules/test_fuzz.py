"""Whatever a file holds, loading ends with rules or with problems that name a place."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem
from dtm_contact.rules import load_rules
from tests.rules.folders import GOOD, OFFICES

FILES = ("routing.yaml", "queues.yaml", "topics.yaml", "phrases.yaml", "answers/gaz.fr.txt")
PIECES = [
    b"- ",
    b": ",
    b"\n",
    b"\n  ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"'",
    b'"',
    b"&a ",
    b"*a",
    b"!",
    b"|",
    b"<<",
    b"#",
    b"\t",
]


def problems_of(folder: Path) -> tuple[Problem, ...]:
    try:
        return load_rules(folder, OFFICES).problems
    except InvalidFilesError as error:
        return error.problems


def check(file: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "rules"
        shutil.copytree(GOOD, folder)
        (folder / file).write_bytes(content)
        for problem in problems_of(folder):
            assert (folder / problem.file).exists()
            assert problem.message
            assert 0 <= problem.line <= content.count(b"\n") + content.count(b"\r") + 60


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=40)
@given(content=st.binary(max_size=200) | st.lists(st.sampled_from(PIECES) | st.binary(max_size=5)).map(b"".join))
def test_any_bytes(file: str, content: bytes) -> None:
    check(file, content)


@pytest.mark.parametrize("file", FILES[:4])
@settings(max_examples=60)
@given(data=st.data())
def test_a_good_file_with_a_piece_changed(file: str, data: st.DataObject) -> None:
    good = (GOOD / file).read_bytes()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(start + 30, len(good))))
    piece = data.draw(st.sampled_from(PIECES) | st.binary(max_size=6) | st.just(b""))
    check(file, good[:start] + piece + good[end:])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("key", ["topic", "text", "hours", "certainty", "residence.known", "all", "any", "not", "x"])
@settings(max_examples=25)
@given(value=VALUES)
def test_any_value_for_a_condition(key: str, value: object) -> None:
    rule = json.dumps({"id": "essai", "when": {key: value}, "then": {"queue": "comptes"}})
    check("routing.yaml", f"- {rule}\n- {{id: reste, then: {{queue: office}}}}\n".encode())
