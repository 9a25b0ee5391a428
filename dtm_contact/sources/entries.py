"""The fields of a message, whatever product wrote it: labelled lines, a table in HTML, or an object in JSON.

Each reader returns the same: labels with their values, in the order of the message. What a label means is not known
here. All are bounded, and none fails on any bytes.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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
_UNDERLINE: Final = re.compile(r"[-=_*~.]{2,200}")
_LABELS_IN_HTML: Final = frozenset({"label", "dt"})


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One field of a form that came as a message.

    Attributes:
        label: its label, normalised by `canonical`; empty for text that follows no label.
        value: the text after the label, line feeds included.
        written: label and text as they stand in the message; of an object in JSON, the keys with dots between them.
    """

    label: str
    value: str
    written: str


def canonical(label: str) -> str:
    """Return a label, a code or a phrase as it is compared: words and figures in lower case, without accents."""
    return " ".join(_WORD.findall(fold(label)))


def read_lines(
    lines: Iterable[str], labels: AbstractSet[str], headings: AbstractSet[str] = frozenset()
) -> list[FormEntry]:
    """Return the labelled lines of a text; a line without one of `labels` goes on with what stands above it.

    Args:
        lines: the text.
        labels: those of the source, as they are compared: whatever else stands before a colon is text.
        headings: those of `labels` that need no sign behind them where they stand alone on a line; what underlines
            them is no part of the value.
    """
    entries: list[FormEntry] = []
    label = ""
    value: list[str] = []
    written: list[str] = []
    for line in lines:
        name, rest = parted(line) if len(entries) < MOST_ENTRIES else ("", "")
        if name not in labels and len(entries) < MOST_ENTRIES:
            name, rest = _heading(line, headings), ""
        if name not in labels:
            underlined = label in headings and not any(value) and _UNDERLINE.fullmatch(line.strip())
            value.append("" if underlined else line)
            written.append(line)
            continue
        if written:
            entries.append(_entry(label, value, written))
        label, value, written = name, [rest], [line]
    if written:
        entries.append(_entry(label, value, written))
    return entries


def _heading(line: str, headings: AbstractSet[str]) -> str:
    """Return the heading that a line is, as it is compared; empty where it is none. Quoted lines are none."""
    if not headings or len(line) > _LONGEST_LABEL or line.lstrip().startswith(">"):
        return ""
    name = canonical(line)
    return name if name in headings else ""


def parted(line: str) -> tuple[str, str]:
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

    So do elements that are made for labels: what follows a `label` to the next one beside it, and the `dd` of a `dt`.
    A table within the value of a known label is part of that value, and nothing in it is a label. A label that the
    source does not know comes with its value, too; one without a value comes for what is written there.

    Args:
        data: the octets of the text.
        charset: as its part declares it; empty: not declared.
        labels: those of the source, as they are compared.
    """
    root = parsed_html(data, charset)
    entries: list[FormEntry] = []
    heads: tuple[str, ...] = ()
    values: set[int] = set()
    for row in islice(root.css("tr, label, dt"), _MOST_ROWS) if root is not None else ():
        if values and _stands_in(row, values):
            continue
        if row.tag in _LABELS_IN_HTML:
            entries.append(_labelled(row))
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
            text = _text(cell.html or "")
            entries.append(FormEntry(label, text, text))
        if not pairs and not heads:
            entries += _unknown(named, cells)
        # What stands in a label's own cell is that label, however it is marked.
        values.update(cell.mem_id for name, cell in zip(named, cells, strict=True) if name in labels)
        if len(entries) >= MOST_ENTRIES:
            break
    return entries[:MOST_ENTRIES]


def read_page(
    data: bytes, charset: str, labels: AbstractSet[str], end_of_text: Callable[[Sequence[str]], int], noted: Notes
) -> list[FormEntry]:
    """Return what `read_tables` reads of an HTML text, and behind it, under no label, what stands outside of that.

    Args:
        data: the octets of the text.
        charset: as its part declares it; empty: not declared.
        labels: those of the source, as they are compared.
        end_of_text: the place of the line, among those outside, at which the form's closing words begin.
        noted: what is to be said of the text is added here.
    """
    entries = read_tables(data, charset, labels)
    if not entries:
        return []
    told = {_plain(line) for entry in entries for part in (entry.value, entry.written) for line in part.split("\n")}
    shown = (line.text.strip() for line in html_lines(data, charset, noted) if "\t" not in line.text.strip())
    beside = [text for text in shown if text and _plain(text) not in told and canonical(text) not in labels]
    return [*entries, *(FormEntry("", text, text) for text in islice(beside[: end_of_text(beside)], MOST_ENTRIES))]


def _plain(line: str) -> str:
    return " ".join(line.split())


def _unknown(named: Sequence[str], cells: Sequence[LexborNode]) -> Iterator[FormEntry]:
    """Yield a row of two cells whose label the source does not know; layout has a table in one of them, or no words."""
    if len(cells) == 2 and named[0] and cells[1].css_first("table") is None:  # noqa: PLR2004 - a label and its value
        value = _text(cells[1].html or "")
        yield FormEntry(named[0], value, "\n".join((_plain(cells[0].text()), value)))


def _labelled(label: LexborNode) -> FormEntry:
    """Return a label that is marked as one, with what follows it to the next; else with the element behind its own."""
    words = _plain(label.text())
    value = "".join(_until_next(label.next, label.tag))
    if not value.strip() and label.parent is not None and label.tag != "dt":
        behind = next((node for node in _siblings(label.parent.next) if (node.html or "").strip()), None)
        holds_label = behind is not None and (behind.tag == "label" or behind.css_first("label, dt, tr") is not None)
        value = (behind.html or "") if behind is not None and not holds_label else ""
    text = _text(value).strip()
    name = canonical(words) if len(words) <= _LONGEST_LABEL else ""
    return FormEntry(name, text, "\n".join((words, f"{words} {text}")))


def _until_next(node: LexborNode | None, tag: str | None) -> Iterator[str]:
    """Yield the HTML of a node and of those behind it, to one of a tag, or one that holds such a one."""
    for each in _siblings(node):
        if each.tag == tag or each.css_first(tag or "label") is not None:
            return
        yield each.html or ""


def _siblings(node: LexborNode | None) -> Iterator[LexborNode]:
    while node is not None:
        yield node
        node = node.next


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


def _text(html: str) -> str:
    return text_of(html_lines(html.encode(), "utf-8", Notes()))[:_LONGEST_VALUE]


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
                yield FormEntry(canonical(" ".join(path)), text, ".".join(path))
