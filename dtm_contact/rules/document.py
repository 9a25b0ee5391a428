"""YAML files that people edit, read strictly, with the line and the column of every value.

Only true, false, whole numbers and decimal numbers are taken for something else than text: `non`, `on`, `12:30`,
`01000`, `1_000`, `~` and dates stay as they are written, where YAML 1.1 makes truth values, seconds and octal numbers
of them.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.validation import Location, Model, check
from dtm_contact.wording import EMPTY, Translatable, worded

SIZE_LIMIT = 4_000_000
"""Octets of the largest file that is read; a thousand rules with their tests take a tenth of it."""

DEPTH_LIMIT = 24
"""Levels that values may nest; the shipped files use six."""

CONFLICT_START = "<<<<<<< yours"
CONFLICT_END = ">>>>>>> shipped now"
"""The lines between which `rules merge` lays what a person must settle."""

_CONFLICT = re.compile("^(?:<{7} |>{7} )", re.MULTILINE)

VALUES_LIMIT = 300_000
"""Values of the largest file; a thousand rules with their tests have fifteen thousand."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and where.

    Attributes:
        file: the file's name, relative to the folder that was read, with `/`.
        data: mappings, lists, text, numbers, truth values and None, as plain Python.
        values: where each value starts.
        keys: where each key starts.
        refused: values that were reported already; a single value stands as None in `data`.
    """

    file: str
    data: Any
    values: Mapping[Location, tuple[int, int]]
    keys: Mapping[Location, tuple[int, int]]
    refused: frozenset[Location] = frozenset()

    def position(self, loc: Iterable[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the value at `loc`, or of the nearest value around it."""
        return self._nearest(self.values, tuple(loc))

    def key_position(self, loc: Iterable[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the key of the entry at `loc`, or of the value where it has no key."""
        location = tuple(loc)
        return self.keys.get(location) or self._nearest(self.values, location)

    def value(self, loc: Iterable[str | int]) -> Any:
        """Return the value at `loc`, which must be there."""
        value = self.data
        for part in loc:
            value = value[part]
        return value

    def is_refused(self, loc: Iterable[str | int]) -> bool:
        """Return whether the value at `loc`, or one around it, was reported already."""
        location = tuple(loc)
        return any(location[: len(refused)] == refused for refused in self.refused)

    def problem(
        self,
        loc: Iterable[str | int],
        message: Translatable,
        hint: Translatable = EMPTY,
        severity: Severity = Severity.ERROR,
        *,
        at_key: bool = False,
    ) -> Problem:
        """Return a problem of the value at `loc`, or of its key."""
        line, column = self.key_position(loc) if at_key else self.position(loc)
        return Problem(self.file, line, column, message, hint, severity)

    @staticmethod
    def _nearest(places: Mapping[Location, tuple[int, int]], location: Location) -> tuple[int, int]:
        while location and location not in places:
            location = location[:-1]
        return places.get(location, (0, 0))


def read_document(path: Path, root: Path, problems: list[Problem]) -> Document | None:
    """Read a YAML file strictly.

    Args:
        path: the file.
        root: the folder that problems name the file from.
        problems: what is wrong is added here: doubled keys, tabs, references, merges, types, several documents.

    Returns:
        What the file holds, also where some of it was refused; None where nothing of it can be used.
    """
    file = printable(path.relative_to(root).as_posix())
    text = read_text(path, file, problems)
    return read_text_as_document(text, file, problems) if text is not None else None


def read_text_as_document(text: str, file: str, problems: list[Problem]) -> Document | None:
    """Read a text as `read_document` reads a file; `file` is what problems call it."""
    try:
        return _Composer(text, file, problems).document()
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(error, text, file))
    except _UnusableError as error:
        problems.append(error.problem)
    return None


def validate(document: Document, model: type[Model], problems: list[Problem], at: Location = ()) -> Model | None:
    """Return the document's data, or the value `at` a place in it, as the model.

    Faults are added to `problems`, each with its place, and None is returned. Where a validator of the model raises
    `InvalidValueError`, its message and hint are kept as they are.
    """
    result = check(document.value(at), model)
    if not isinstance(result, list):
        return result
    problems.extend(
        document.problem((*at, *fault.loc), fault.message, fault.hint, at_key=fault.at_key)
        for fault in result
        if not document.is_refused((*at, *fault.loc))
    )
    return None


# YAML 1.2.2, section 5.1, without the three line separators that editors do not show as line breaks.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path, file: str, problems: list[Problem]) -> str | None:
    """Return the text of the file, or None where it cannot be used; what is wrong is added to `problems`.

    UTF-8 with or without a byte order mark is right. Windows-1252, as old Windows editors save, is read with a warning.
    """
    raw = _read_bytes(path, file, problems)
    if raw is None:
        return None
    text = _decode(raw, file, problems)
    if text is None:
        return None
    unsettled = _CONFLICT.search(text)
    if unsettled:
        line, _column = _line_and_column(text, unsettled.start())
        message = worded("a conflict of `rules merge` stands here, between <<<<<<< and >>>>>>>")
        problems.append(
            Problem(file, line, 1, message, worded("keep what is right, and delete the other lines and the marks"))
        )
        return None
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        line, column = _line_and_column(text, forbidden.start())
        code = ord(forbidden.group())
        problems.append(
            Problem(
                file,
                line,
                column,
                worded("an invisible character (U+{code}) stands here", code=format(code, "04X")),
                worded("delete it and type the text again"),
            )
        )
        return None
    return text


def printable(name: str) -> str:
    """Return a file's name as a message can show it, also where its bytes are no text."""
    return name.encode("utf-8", "backslashreplace").decode()


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column, from 1, of an offset in `text`, whatever its line ends."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _read_bytes(path: Path, file: str, problems: list[Problem]) -> bytes | None:
    fault = None
    try:
        if path.is_symlink():
            # Whoever may write rules could have the daemon read, and mail, what only the daemon may read.
            fault = (
                worded("this is a link to another file, which is not followed"),
                worded("put the file itself here"),
            )
        elif path.is_file():
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
                raw = stream.read(SIZE_LIMIT + 1)
            if len(raw) <= SIZE_LIMIT:
                return raw
            fault = (
                worded("the file is larger than {limit} MB", limit=SIZE_LIMIT // 1_000_000),
                worded("split it, or look whether it is the right file"),
            )
        elif path.exists():
            fault = (worded("this is not a file"), worded("put a text file of this name here"))
        else:
            fault = (worded("the file is missing"), worded("restore it; all files of the rules are needed"))
    except OSError as error:
        fault = (
            worded("the file cannot be read: {reason}", reason=error.strerror or type(error).__name__),
            worded("check its rights"),
        )
    problems.append(Problem(file, 0, 0, *fault))
    return None


def _decode(raw: bytes, file: str, problems: list[Problem]) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.append(Problem(file, 0, 0, worded("the file is saved as UTF-16"), worded("save it as UTF-8")))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(raw[: error.start].decode("utf-8-sig", "replace"), error.start)
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        problems.append(
            Problem(file, line, column, worded("the file holds bytes that are no text"), worded("save it as UTF-8"))
        )
        return None
    message = worded("the file is not saved as UTF-8; it is read as Windows-1252")
    problems.append(Problem(file, line, column, message, worded("save it as UTF-8"), Severity.WARNING))
    return text


_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


class _UnusableError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Composer:
    """Reads the events of one text; a value that is refused is reported and stands as None."""

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self._file = file
        self._problems = problems
        self._values: dict[Location, tuple[int, int]] = {}
        self._keys: dict[Location, tuple[int, int]] = {}
        self._refused: set[Location] = set()
        self._count = 0

    def document(self) -> Document:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _UnusableError(
                Problem(
                    self._file, 0, 0, worded("the file holds nothing"), worded("see the manual for what belongs here")
                )
            )
        data = self._value(next(self._events), ())
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _UnusableError(
                self._problem(event, worded("a second document starts here"), worded("delete the line ---"))
            )
        return Document(self._file, data, self._values, self._keys, frozenset(self._refused))

    def _value(self, event: Any, location: Location) -> Any:
        self._values[location] = _position(event.start_mark)
        self._count += 1
        if self._count > VALUES_LIMIT:
            message = worded("the file holds more than {limit} values", limit=VALUES_LIMIT)
            raise _UnusableError(
                self._problem(event, message, worded("split lists, or look whether it is the right file"))
            )
        if len(location) > DEPTH_LIMIT:
            raise _UnusableError(
                self._problem(
                    event,
                    worded("values nest deeper than {limit} levels", limit=DEPTH_LIMIT),
                    worded("nest less"),
                )
            )
        self._refuse_reuse(event, location)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(location)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(location)
        return _scalar(event) if location not in self._refused else None

    def _mapping(self, location: Location) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in entries:
                first = self._keys[*location, key][0]
                hint = worded("it stands first in line {first}; keep one of them", first=first)
                self._problems.append(self._problem(event, worded("the key {key} is written twice", key=key), hint))
                self._value(next(self._events), (*location, key, "#again"))
                continue
            self._keys[*location, key] = _position(event.start_mark)
            entries[key] = self._value(next(self._events), (*location, key))
        return entries

    def _list(self, location: Location) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items))))
        return items

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _UnusableError(
                self._problem(
                    event, worded("a key must be a single word"), worded("write key: value; put text in quotes")
                )
            )
        if event.anchor or event.tag:
            raise _UnusableError(
                self._problem(event, worded("a key must be a plain word"), worded("leave out & and !"))
            )
        key: str = event.value
        if key == "<<" and event.implicit[0]:
            raise _UnusableError(
                self._problem(event, worded("merging with << is not allowed"), worded("write the entries out"))
            )
        return key

    def _refuse_reuse(self, event: Any, location: Location) -> None:
        if isinstance(event, yaml.AliasEvent):
            fault = (
                worded("references with * are not allowed"),
                worded("write the value out; put text that starts with * in quotes"),
            )
        elif event.anchor:
            fault = (
                worded("names with & are not allowed"),
                worded("write the value out; put text that starts with & in quotes"),
            )
        elif event.tag:
            fault = (
                worded("types with ! are not allowed"),
                worded("leave it out; put text that starts with ! in quotes"),
            )
        else:
            return
        self._refused.add(location)
        self._problems.append(self._problem(event, *fault))

    def _problem(self, event: Any, message: Translatable, hint: Translatable) -> Problem:
        return Problem(self._file, *_position(event.start_mark), message, hint)


def _scalar(event: Any) -> str | int | float | bool | None:
    text: str = event.value
    if not event.implicit[0]:  # written in quotes or as a block of text
        return text
    if text in {"true", "false"}:
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text or None


_ODD_STARTS = {
    "\t": (worded("a tab stands here"), worded("indent with spaces")),
    "@": (worded("text cannot start with @"), worded("put the text in quotes")),
    "`": (worded("text cannot start with `"), worded("put the text in quotes")),
    "%": (worded("text cannot start with %"), worded("put the text in quotes")),
}

# The beginning of libyaml's messages about what stands at the place of the problem, turned into what a person can mend.
_SYNTAX_FAULTS = (
    (
        "mapping values are not allowed",
        worded("a colon is not expected here"),
        worded("put text that holds ': ' in quotes, or mend the indentation"),
    ),
    (
        "could not find expected ':'",
        worded("a key without its colon"),
        worded("write key: value; put text of several lines in quotes"),
    ),
    (
        "block sequence entries are not allowed",
        worded("a list cannot start here"),
        worded("begin the list on a line of its own"),
    ),
    (
        "found unknown escape character",
        worded("a \\ in double quotes means something else"),
        worded("use single quotes: '…'"),
    ),
    (
        "did not find expected hexdecimal",
        worded("a \\ in double quotes means something else"),
        worded("use single quotes: '…'"),
    ),
    (
        "did not find expected key",
        worded("a key is expected here"),
        worded("mend the indentation; put text that holds quotes or commas in quotes"),
    ),
    (
        "did not find expected '-'",
        worded("an item of the list, with its -, is expected here"),
        worded("mend the indentation"),
    ),
    (
        "did not find expected node content",
        worded("a value is missing here"),
        worded("write a value; put text in quotes"),
    ),
    (
        "did not find expected <document start>",
        worded("the text goes on where the file should end"),
        worded("mend the indentation"),
    ),
    ("exceeded maximum nesting depth", worded("values nest too deep"), worded("nest less")),
)

# The same of what is not ended, at the place where it begins.
_UNENDED = (
    (
        "found unexpected end of stream",
        worded("the quote that opens here is never closed"),
        worded("close it; in '…' write an apostrophe twice"),
    ),
    (
        "found unexpected document indicator",
        worded("the quote that opens here is never closed"),
        worded("close it before the line ---"),
    ),
    (
        "did not find expected ',' or ']'",
        worded("the [ that opens here is not closed"),
        worded("put a comma between items and a ] at the end"),
    ),
    (
        "did not find expected ',' or '}'",
        worded("the { that opens here is not closed"),
        worded("put a comma between entries and a } at the end"),
    ),
)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Return what is wrong, where, and what would be right, of an error that libyaml raised on `text`."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(
            file, 0, 0, worded("the file cannot be read as YAML"), worded("look for characters that are no text")
        )
    said = error.problem or ""
    for beginning, message, hint in _UNENDED:
        if said.startswith(beginning):
            return Problem(file, *_position(error.context_mark or error.problem_mark), message, hint)
    place = _position(error.problem_mark)
    for beginning, message, hint in _SYNTAX_FAULTS:
        if said.startswith(beginning):
            return Problem(file, *place, message, hint)
    if said.startswith("found character that cannot start any token"):
        message, hint = _ODD_STARTS.get(
            _character(text, *place), (worded("a character that cannot start a text"), worded("put the text in quotes"))
        )
        return Problem(file, *place, message, hint)
    return Problem(
        file,
        *place,
        worded("this is not valid YAML: {reason}", reason=said or worded("unknown fault")),
        worded("mend the indentation and the quotes"),
    )


def _position(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _character(text: str, line: int, column: int) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[line - 1][column - 1 : column] if line <= len(lines) else ""
