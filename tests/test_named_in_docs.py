"""What the pages on the architecture call by a name of the code is there, and where they say that it is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_layers import LINES, RANK

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dtm_contact"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
README = ROOT / "README.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[!R]*.md"))
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PLACED = re.compile(r"`(?P<name>[A-Za-z_]+)` (?:in|of) `(?P<file>[\w/]+\.py)`|`(?P<its>[\w/]+\.py)`'s `(?P<has>\w+)`")
FILE = re.compile(r"[\w/.-]+\.(?:py|md|yaml|json|toml|css|html)|(?:[\w-]+/)+")
CODE = re.compile(r"(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*\))?")
CLASS = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b")
LANGUAGES = {"English", "French"}
HOLDS = (PACKAGE, ROOT, ROOT / "docs", ROOT / "rules")
"""Where a page's paths may begin."""


def defined(tree: ast.AST) -> Iterator[str]:
    """Yield what a module defines: classes, functions, their arguments and options, names that are assigned."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@cache
def names() -> dict[str, set[str]]:
    """Return the modules, by their paths in the package, with what each defines."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {str(path.relative_to(PACKAGE)): set(defined(ast.parse(path.read_text("utf-8")))) for path in paths}


@cache
def everywhere() -> dict[str, set[str]]:
    """Return each name of the code with the modules that define it; modules and packages are names too."""
    places = defaultdict(set)
    for path, those in names().items():
        for part in Path(path).with_suffix("").parts:
            places[part].add(path)
        for name in those:
            places[name].add(path)
    return places


def prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def is_there(dotted: str) -> bool:
    """Return whether a name, or the members of one, is defined: `store.record_result.record`, `Basis.COUNTED_ONLY`."""
    first, *rest = dotted.split(".")
    return first in everywhere() and all(part in everywhere() for part in rest)


def is_name(span: str) -> bool:
    """Return whether what is set as code is meant as a name of it, and no word of a file or a command."""
    return bool({"(", ".", "_"} & set(span) or CLASS.fullmatch(span)) and not span.startswith(("DTM_", "_"))


def absent(text: str) -> Iterator[str]:
    """Yield what a page names and nothing defines: files, classes, what is called, members."""
    for span in SPAN.findall(text):
        named = CODE.fullmatch(span)
        if FILE.fullmatch(span):
            if not any((base / span).exists() for base in HOLDS):
                yield span
        elif named and is_name(span) and not is_there(named["name"]):
            yield span


def misplaced(text: str) -> Iterator[str]:
    """Yield what a page says stands in a file that does not define it."""
    for found in PLACED.finditer(text):
        file, name = found["file"] or found["its"], found["name"] or found["has"]
        if name not in names().get(file, set()):
            yield found.group()


def test_what_the_architecture_names_is_in_the_code() -> None:
    assert list(absent(prose(ARCHITECTURE))) == []


@pytest.mark.parametrize("page", [ARCHITECTURE, README, *DECISIONS], ids=lambda page: page.stem)
def test_what_a_page_says_stands_in_a_file_does(page: Path) -> None:
    """Decisions also name what was refused, and what others' programs are made of: only their places are held."""
    assert list(misplaced(prose(page))) == []


def test_a_name_that_nothing_has_and_one_that_stands_elsewhere_are_seen() -> None:
    assert list(
        absent("`Elsewhere`, `judge(x)`, `FormLayout`, `store.neverwhere`, `sources/entries.py`, `nowhere/at.py`")
    ) == [
        "Elsewhere",
        "store.neverwhere",
        "nowhere/at.py",
    ]
    assert list(misplaced("`FormLayout` in `pipeline.py`, `pipeline.py`'s `judge`")) == [
        "`FormLayout` in `pipeline.py`"
    ]


def test_the_drawings_name_types_that_there_are() -> None:
    drawn = {word for block in BLOCK.findall(ARCHITECTURE.read_text("utf-8")) for word in CLASS.findall(block)}
    assert {"Arrival", "Judgement"} <= drawn
    assert sorted(drawn - everywhere().keys() - LANGUAGES) == []


def test_the_layers_of_the_page_are_those_that_are_held() -> None:
    layers = ARCHITECTURE.read_text("utf-8").partition("## The layers")[2]
    rows = [line for line in BLOCK.findall(layers)[0].splitlines() if not line.startswith("```")]
    shown = [tuple(re.split(r" {3,}", row)[0].split()) for row in rows]
    assert shown == [line for line in LINES if line != ("__main__",)]


def test_the_tree_of_the_readme_has_every_part_from_the_bottom_up() -> None:
    tree = README.read_text("utf-8").partition("## Where things are")[2]
    parts = re.findall(r"^  ([a-z_]+)/? ", BLOCK.findall(tree)[0], re.MULTILINE)
    assert sorted(parts) == sorted(RANK.keys() - {"__main__"})
    assert [RANK[part] for part in parts] == sorted(RANK[part] for part in parts)
