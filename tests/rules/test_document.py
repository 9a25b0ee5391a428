from pathlib import Path

import pytest

from dtm_contact.model import Problem
from dtm_contact.rules import Document, read_document
from dtm_contact.rules.document import DEPTH_LIMIT, SIZE_LIMIT, VALUES_LIMIT


def read(folder: Path, raw: bytes) -> Document:
    path = folder / "x.yaml"
    path.write_bytes(raw)
    problems: list[Problem] = []
    document = read_document(path, folder, problems)
    assert problems == []
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("non", "non"),
        ("oui", "oui"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("Y", "Y"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("12:30", "12:30"),
        ("01000", "01000"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("5.", "5."),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("+33612345678", "+33612345678"),
        ("~", "~"),
        ("null", "null"),
        ("2026-12-24", "2026-12-24"),
        ("=", "="),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("1.50", 1.5),
        ("9" * 400, "9" * 400),
        ("", None),
        ('""', ""),
        ("'12'", "12"),
        ('"true"', "true"),
        ("'l''eau'", "l'eau"),
        ("|\n  12\n", "12\n"),
        ("été", "été"),
        ("😀", "😀"),
    ],
)
def test_only_true_false_and_plain_numbers_are_more_than_text(tmp_path: Path, written: str, read_as: object) -> None:
    value = read(tmp_path, f"a: {written}\n".encode()).data["a"]
    assert (value, type(value)) == (read_as, type(read_as))


@pytest.mark.parametrize("key", ["on", "12", "1_0", "~", "true"])
def test_keys_are_text_as_written(tmp_path: Path, key: str) -> None:
    assert read(tmp_path, f"{key}: x\n".encode()).data == {key: "x"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_places_are_those_an_editor_shows(tmp_path: Path, end: str, mark: bytes) -> None:
    text = "# é\na:\n  - b: été\n    c: [x, 'yé', z]\n".replace("\n", end)
    document = read(tmp_path, mark + text.encode())
    assert document.position(("a", 0, "b")) == (3, 8)
    assert document.key_position(("a", 0, "c")) == (4, 5)
    assert document.position(("a", 0, "c", 2)) == (4, 18)
    assert document.position(("a", 0, "missing")) == (3, 5)


def faults(folder: Path, raw: bytes) -> list[str]:
    path = folder / "x.yaml"
    path.write_bytes(raw)
    problems: list[Problem] = []
    read_document(path, folder, problems)
    return [str(problem) for problem in problems]


def test_the_deepest_nesting_allowed_is_read(tmp_path: Path) -> None:
    assert faults(tmp_path, b"[" * DEPTH_LIMIT + b"1" + b"]" * DEPTH_LIMIT) == []
    assert len(faults(tmp_path, b"[" * (DEPTH_LIMIT + 1) + b"1" + b"]" * (DEPTH_LIMIT + 1))) == 1


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "])
def test_bottomless_nesting_is_refused_at_once(tmp_path: Path, opening: bytes) -> None:
    (told,) = faults(tmp_path, opening * 200_000)
    assert "nest" in told or "a key must be a single word" in told


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, b"#" * SIZE_LIMIT) == [
        "x.yaml: error: the file holds nothing (see the manual for what belongs here)"
    ]
    (told,) = faults(tmp_path, b"#" * (SIZE_LIMIT + 1))
    assert told.startswith("x.yaml: error: the file is larger than 4 MB")


@pytest.mark.parametrize("piece", [b"- 1\n", b"a: 1\n"], ids=["list", "doubled keys"])
def test_a_file_of_too_many_values_is_refused(tmp_path: Path, piece: bytes) -> None:
    told = faults(tmp_path, piece * (VALUES_LIMIT + 10))
    assert f"the file holds more than {VALUES_LIMIT} values" in told[-1]


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    problems: list[Problem] = []
    assert read_document(tmp_path / "x.yaml", tmp_path, problems) is None
    assert [str(problem) for problem in problems] == [
        "x.yaml: error: this is not a file (put a text file of this name here)"
    ]


def test_all_doubled_keys_are_told_and_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\na: 2\nb: {c: 1, c: {d: 1, d: 2}}\n", "utf-8")
    problems: list[Problem] = []
    document = read_document(path, tmp_path, problems)
    assert document is not None
    assert document.data == {"a": 1, "b": {"c": 1}}
    assert [str(problem).split(": error")[0] for problem in problems] == ["x.yaml:2:1", "x.yaml:3:11", "x.yaml:3:21"]
