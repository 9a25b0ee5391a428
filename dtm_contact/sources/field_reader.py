"""The fields of one message as each layout has them, from the part of it that bears them."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

from dtm_contact.model import Arrival
from dtm_contact.reading.content import ContentReader
from dtm_contact.reading.headers import PARIS
from dtm_contact.reading.mime import Node, parse_message
from dtm_contact.reading.notes import Notes
from dtm_contact.sources.definition import FormLayout, Source
from dtm_contact.sources.entries import FormEntry, parted, read_json, read_lines, read_page, read_tables

_JSON_TYPES: Final = frozenset({"application/json", "text/json"})
_OCTETS: Final = "application/octet-stream"
_HTML: Final = "text/html"
_LONGEST_LABEL: Final = 60
_MOST_WORDS: Final = 7
"""Words of a label, at the most, where nothing but a sign behind it tells that it is one."""


class FieldReader:
    """Reads the fields of one message, whose parts it cuts apart where a source asks for them."""

    def __init__(self, arrival: Arrival) -> None:
        self._arrival = arrival
        self._noted = Notes()

    @cached_property
    def _root(self) -> Node:
        return parse_message(self._arrival.raw, self._noted)

    def entries(self, layout: FormLayout, source: Source) -> list[FormEntry]:
        """Return the fields of the message as one layout has them."""
        match layout:
            case FormLayout.LINES | FormLayout.VOICEMAIL:
                lines = self._lines
                return read_lines(lines[: source.end_of_text(lines)], source.labels, source.headings)
            case FormLayout.TABLE:
                part = self._page()
                return self._of_page(part, source) if part is not None else []
            case FormLayout.JSON:
                part = self._first(_is_json)
                return read_json(part.octets()) if part is not None else []
            case _:
                return []

    @cached_property
    def _lines(self) -> list[str]:
        read = ContentReader(self._root, self._noted, PARIS).read().lines
        return [">" * line.depth + line.text for line in read]

    def closing(self, layout: FormLayout, source: Source) -> list[str]:
        """Return the lines from where the form's own closing words begin, those that say something; of a page none."""
        if layout in {FormLayout.TABLE, FormLayout.JSON, FormLayout.SCAN}:
            return []
        return [line for line in self._lines[source.end_of_text(self._lines) :] if line.strip()]

    def labels(self, layout: FormLayout) -> Iterator[tuple[str, str]]:
        """Yield what looks like a label in the message, as it is written there, with the value beside it."""
        match layout:
            case FormLayout.TABLE:
                page = self._page()
                body = page.body() if page is not None else None
                if page is None or body is None or not body.sound:
                    return
                for entry in read_tables(body.octets, page.parameters.get("charset", ""), frozenset()):
                    yield entry.written.partition("\n")[0].strip(" :*"), entry.value
            case FormLayout.JSON:
                part = self._first(_is_json)
                for entry in read_json(part.octets()) if part is not None else ():
                    yield entry.written, entry.value
            case _:
                for line in ContentReader(self._root, self._noted, PARIS).read().lines:
                    name, value = parted(line.text)
                    label = line.text.strip()[:_LONGEST_LABEL].partition(":")[0].strip(" -*.\t")
                    if name and label and len(label.split()) <= _MOST_WORDS and not line.depth:
                        yield label, value

    def _page(self) -> Node | None:
        return self._first(lambda node: node.media_type == _HTML and _is_body(node))

    def _of_page(self, part: Node, source: Source) -> list[FormEntry]:
        """Return the fields of one part of HTML, and what stands outside of them."""
        body, charset = part.body(), part.parameters.get("charset", "")
        return read_page(body.octets, charset, source.labels, source.end_of_text, self._noted) if body.sound else []

    def _first(self, wanted: Callable[[Node], bool]) -> Node | None:
        """Return the first of its own parts, those of messages that came along left out, which is wanted."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if not node.unread and wanted(node):
                return node
            if not node.media_type.startswith("message/"):
                waiting.extend(reversed(node.children))
        return None


def _is_body(node: Node) -> bool:
    """Return whether a part is text of the message itself, and no file that somebody sent along."""
    return node.disposition != "attachment" and not node.filename


def _is_json(node: Node) -> bool:
    """Return whether a part is JSON: by its type, or by its name where its sender declares nothing but octets."""
    by_name = node.media_type == _OCTETS and node.filename.lower().endswith(".json")
    return by_name or node.media_type in _JSON_TYPES
