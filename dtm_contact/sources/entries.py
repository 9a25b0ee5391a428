"""The fields of a message, whatever product wrote it: labelled lines, a table in HTML, or an object in JSON.

Each reader returns the same: labels with their values, in the order of the message. What a label means is not known
here. All are bounded, and none fails on any bytes.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from selectolax.lexbor import LexborNode

from dtm_contact.reading import limits
from dtm_contact.reading.lines import html_lines, parsed_html, text_of
from dtm_contact.reading.notes import Notes
from dtm_contact.text import fold

MOST_ENTRIES: Final = 200
"""Fields of one message that are read; what follows belongs to the last one."""

JSON_OCTETS: Final = 262_144
"""Octets of the largest object in JSON that is read."""

_JSON_DEPTH: Final = 6
_MOST_ROWS: Final = 500
_MOST_CELLS: Final = 40
_LONGEST_VALUE: Final = limits.NEW_TEXT + 1

_WORD: Final = re.compile(r"[a-z0-9]+")
_SEPARATORS: Final = (":", "=", "\t")
_LONGEST_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One field of a form that came as a message.

    Attributes:
        label: its label, normalised by `canonical`; empty for text that follows no label.
        value: the text after the label, line feeds included.
        written: label and text as they stand in the message.
    """

    label: str
    value: str
    written: str


def canonical(label: str) -> str:
    """Return a label, a code or a phrase as it is compared: words and figures in lower case, without accents."""
    return " ".join(_WORD.findall(fold(label)))


def read_lines(lines: Iterable[str], labels: AbstractSet[str]) -> list[FormEntry]:
    """Return the labelled lines of a text; a line without one of `labels` goes on with what stands above it.

    Args:
        lines: the text.
        labels: those of the source, as they are compared: whatever else stands before a colon is text.
    """
    entries: list[FormEntry] = []
    label = ""
    value: list[str] = []
    written: list[str] = []
    for line in lines:
        name, rest = _parted(line) if len(entries) < MOST_ENTRIES else ("", "")
        if name not in labels:
            value.append(line)
            written.append(line)
            continue
        if written:
            entries.append(_entry(label, value, written))
        label, value, written = name, [rest], [line]
    if written:
        entries.append(_entry(label, value, written))
    return entries


def _parted(line: str) -> tuple[str, str]:
    """Return the label that a line begins with, as it is compared, and what follows; quoted lines have none."""
    text = line.strip()
    ends = [at for sign in _SEPARATORS if (at := text.find(sign, 0, _LONGEST_LABEL)) > 0]
    if not ends or text.startswith(">"):
        return "", ""
    return canonical(text[: min(ends)]), text[min(ends) + 1 :].strip(" \t*")


def _entry(label: str, value: Sequence[str], written: Sequence[str]) -> FormEntry:
    return FormEntry(label, "\n".join(value).strip("\n")[:_LONGEST_VALUE], "\n".join(written).strip("\n"))


def read_tables(data: bytes, charset: str, labels: AbstractSet[str]) -> list[FormEntry]:
    """Return what the tables of an HTML text say: a label with its value beside it, or below it where labels head rows.

    A table within the value of a known label is part of that value, and nothing in it is a label.

    Args:
        data: the octets of the text.
        charset: as its part declares it; empty: not declared.
        labels: those of the source, as they are compared.
    """
    root = parsed_html(data, charset)
    entries: list[FormEntry] = []
    heads: tuple[str, ...] = ()
    values: set[int] = set()
    for row in islice(root.css("tr"), _MOST_ROWS) if root is not None else ():
        if values and _stands_in(row, values):
            continue
        cells = [cell for cell in row.iter() if cell.tag in _CELLS][:_MOST_CELLS]
        named = tuple(_label(cell) for cell in cells)
        if len(heads) > 1 and len(heads) == len(cells) and labels.isdisjoint(named):
            pairs = list(zip(heads, cells, strict=True))
            heads = ()
        else:
            heads = named if set(named) <= labels else ()
            pairs = [] if len(heads) > 1 else _beside(named, cells, labels)
        for label, cell in pairs:
            values.add(cell.mem_id)
            text = _text(cell)
            entries.append(FormEntry(label, text, text))
        if len(entries) >= MOST_ENTRIES:
            break
    return entries[:MOST_ENTRIES]


_CELLS: Final = frozenset({"td", "th"})


def _beside(
    named: Sequence[str], cells: Sequence[LexborNode], labels: AbstractSet[str]
) -> list[tuple[str, LexborNode]]:
    """Return the labels of a row, each with the cell beside it, which is its value whatever it says."""
    pairs, at = [], 0
    while at + 1 < len(cells):
        if named[at] in labels:
            pairs.append((named[at], cells[at + 1]))
            at += 1
        at += 1
    return pairs


def _label(cell: LexborNode) -> str:
    """Return what a cell says as labels are compared; empty where it holds a table, or more than a label."""
    if cell.css_first("table") is not None:
        return ""
    text = cell.text()
    return canonical(text) if len(text) <= _LONGEST_LABEL else ""


def _text(cell: LexborNode) -> str:
    return text_of(html_lines((cell.html or "").encode(), "utf-8", Notes()))[:_LONGEST_VALUE]


def _stands_in(row: LexborNode, cells: AbstractSet[int]) -> bool:
    node = row.parent
    while node is not None:
        if node.mem_id in cells:
            return True
        node = node.parent
    return False


def read_json(data: bytes) -> list[FormEntry]:
    """Return the values of an object in JSON, each under the keys that lead to it; none where it cannot be read.

    Lists count by their places, from 0. A key that stands twice gives two entries.

    Args:
        data: the octets; longer than `JSON_OCTETS`, nothing of it is read.
    """
    if len(data) > JSON_OCTETS:
        return []
    try:
        whole = json.loads(data, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return []
    return list(islice(_flattened(whole, (), 0), MOST_ENTRIES)) if isinstance(whole, _Pairs) else []


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, in their order."""


def _flattened(value: Any, path: tuple[str, ...], depth: int) -> Iterator[FormEntry]:
    match value:
        case _Pairs() if depth < _JSON_DEPTH:
            for key, inner in value:
                yield from _flattened(inner, (*path, key), depth + 1)
        case _Pairs() | None:
            return
        case list() if depth < _JSON_DEPTH:
            for place, inner in enumerate(value):
                yield from _flattened(inner, (*path, str(place)), depth + 1)
        case bool():
            yield from _flattened("oui" if value else "non", path, depth)
        case str():
            text = value[:_LONGEST_VALUE].replace("\r\n", "\n").strip()
            if text:
                yield FormEntry(canonical(" ".join(path)), text, text)
