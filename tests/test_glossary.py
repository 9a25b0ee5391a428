"""The glossary holds in the code: what it refuses names nothing public, and the name of a class means one class."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dtm_contact.ingest import known_receivers

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dtm_contact"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
TABLE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Words that name nothing")[2]
ROW = re.compile(r"^\| (?!refused|---)(\w+)( alone)? \| .+ \|$", re.MULTILINE)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
STORED = {
    ("dtm_contact/model/stated.py", "visit"),
    ("dtm_contact/cases/verbs/opening.py", "visit"),
}
"""What stands under its name in stored arrivals and in what people type: renamed, those could not be read again."""


def refused() -> tuple[set[str], set[str]]:
    """Return the words that are in no public name, and those that are none by themselves."""
    parts: set[str] = set()
    whole: set[str] = set()
    for word, alone in ROW.findall(TABLE):
        (whole if alone else parts).add(word)
    return parts, whole


def words_of(name: str) -> set[str]:
    """Return the words of a name in lower case, of plurals the singular too."""
    words = {word.lower() for word in WORD.findall(name)}
    return words | {word.removesuffix("s") for word in words}


def public_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield what others may use, each with its line: classes, functions, their parameters, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
            yield from ((part.target.id, part.lineno) for part in node.body if _is_annotated_name(part))  # type: ignore[attr-defined]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
            taken = node.args
            if not node.name.startswith("_"):
                yield from ((each.arg, each.lineno) for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def _is_annotated_name(part: ast.stmt) -> bool:
    return isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)


def offences(source: str) -> list[tuple[str, int]]:
    """Return the public names of a module that are, or have in them, what the glossary refuses."""
    parts, whole = refused()
    return [
        (name, line)
        for name, line in public_names(ast.parse(source))
        if not name.startswith("_") and (name.lower() in whole or not parts.isdisjoint(words_of(name)))
    ]


def test_refused_words_name_nothing_public() -> None:
    bad = []
    for path in MODULES:
        place = path.relative_to(ROOT).as_posix()
        bad += [(place, *name) for name in offences(path.read_text("utf-8")) if (place, name[0]) not in STORED]
        parts, whole = refused()
        bad += [(place, path.stem, 0)] if path.stem in whole or not parts.isdisjoint(words_of(path.stem)) else []
    assert bad == []


def test_the_exceptions_are_needed() -> None:
    assert all(name in dict(offences((ROOT / place).read_text("utf-8"))) for place, name in STORED)


def test_an_offence_is_seen() -> None:
    parts, whole = refused()
    assert {"bell", "errand"} <= parts
    assert {"told", "found"} <= whole
    source = (
        "class BellRinger:\n    told: int\n    def __init__(self):\n        self.known = 1\n"
        "def look(found: int, errands: int) -> None: ...\ndef foundation(was_told: int) -> None: ...\nclass Told: ...\n"
    )
    seen = {name for name, _line in offences(source)}
    assert seen == {"BellRinger", "Told", "errands", "found", "known", "told"}


def test_no_word_is_both_defined_and_refused() -> None:
    defined, _, _ = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Words that name nothing")
    words = {word.strip() for row in re.findall(r"^\| ([^|]+) \|", defined, re.MULTILINE) for word in row.split(",")}
    parts, whole = refused()
    assert {"receiver", "label"} <= words
    assert words & (parts | whole) == set()


def test_the_receivers_are_those_that_there_are() -> None:
    (row,) = re.findall(r"^\| receiver \| (.+?) \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == list(known_receivers())


def test_a_class_name_means_one_class() -> None:
    places = defaultdict(set)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(path.relative_to(ROOT).as_posix())
    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}
