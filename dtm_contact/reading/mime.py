"""A message cut into its parts (RFC 2046): by offsets, without recursion, within bounds, and never failing.

`docs/decisions/reading-mime.md` says why this is no wrapper of the standard library's parser.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import DecodedBody, read_body, undo_transfer
from dtm_contact.reading.encapsulated import PKCS7, signed_content
from dtm_contact.reading.headers import Headers, parse_parameters, split_head, with_line_feeds
from dtm_contact.reading.notes import Notes

_UNFIT: Final = re.compile(r"[^\w.+/*-]", re.ASCII)
_DELIMITER_END: Final = re.compile(rb"(--)?[ \t]*\r*(?:\n|\Z)")
_CR: Final = 0x0D
_REENCODED: Final = frozenset({"base64", "quoted-printable"})


@dataclass(slots=True)
class Node:
    """One part: its headers and where its body stands in `source`; multiparts and attached messages have children."""

    headers: Headers
    source: bytes
    start: int
    end: int
    media_type: str
    parameters: dict[str, str]
    depth: int = 0
    copies: int = 0
    unread: bool = False
    children: list["Node"] = field(default_factory=list)

    @property
    def disposition(self) -> str:
        """`attachment`, `inline`, or empty where the part does not say."""
        return (
            parse_parameters(self.headers.raw("content-disposition"))[0]
            if "content-disposition" in self.headers
            else ""
        )

    @property
    def filename(self) -> str:
        """The file name as the part declares it, decoded but not made safe."""
        _, parameters = parse_parameters(self.headers.raw("content-disposition"))
        return parameters.get("filename") or parameters.get("name") or self.parameters.get("name", "")

    @property
    def encoding(self) -> str:
        """The content transfer encoding, in lower case."""
        return self.headers.raw("content-transfer-encoding").decode("ascii", "replace").strip().strip(';"').lower()

    def octets(self) -> bytes:
        """Return the body with its transfer encoding undone."""
        return undo_transfer(self.source[self.start : self.end], self.encoding)

    def body(self) -> DecodedBody:
        """Return the body of a text with its transfer encoding undone."""
        return read_body(self.source[self.start : self.end], self.encoding, self.parameters.get("charset", ""))

    def walk(self) -> Iterator["Node"]:
        """Yield this part and all below it, in their order in the message."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def parse_message(raw: bytes, noted: Notes) -> Node:
    """Cut a message into its parts, breadth first, so that what is cut at a bound is what lies deepest or last."""
    raw = with_line_feeds(raw)
    budget = _Budget(noted)
    root = _node(raw, 0, len(raw), default="text/plain")
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        if node.headers.cut:
            noted.add(notes.HEADERS_CUT)
        node.children = list(_children(node, budget))
        waiting.extend(node.children)
    return root


@dataclass(slots=True)
class _Budget:
    """What cutting one message into parts may still cost."""

    noted: Notes
    parts: int = limits.PARTS
    false_marks: int = limits.FALSE_MARKS
    octets: int = limits.SCANNED_OCTETS

    def allows_scan(self, node: Node) -> bool:
        """Return whether this part may be looked into."""
        self.octets -= node.end - node.start
        node.unread = node.depth >= limits.NESTING or self.octets <= 0
        if node.unread:
            self.noted.add(notes.NESTING_CUT)
        return not node.unread

    def allows_part(self) -> bool:
        """Return whether one more part may be made."""
        self.parts -= 1
        if self.parts <= 0:
            self.noted.add(notes.PARTS_CUT)
        return self.parts > 0

    def allows_false_mark(self) -> bool:
        """Return whether one more line may look like a delimiter without being one."""
        self.false_marks -= 1
        if self.false_marks <= 0:
            self.noted.add(notes.PARTS_CUT)
        return self.false_marks > 0


def _node(source: bytes, start: int, end: int, default: str, depth: int = 0, copies: int = 0) -> Node:
    headers, body = split_head(source, start, end)
    value, parameters = parse_parameters(headers.raw("content-type")) if "content-type" in headers else ("", {})
    media_type = _UNFIT.sub("", value)[:100]
    if media_type == "text":
        media_type = "text/plain"
    if media_type.count("/") != 1:
        media_type = default
    return Node(headers, source, body, end, media_type, parameters, depth, copies)


def _children(node: Node, budget: _Budget) -> Iterator[Node]:
    if node.media_type.startswith("multipart/"):
        default = "message/rfc822" if node.media_type == "multipart/digest" else "text/plain"
        if budget.allows_scan(node):
            for start, end in _sections(node, budget):
                yield _node(node.source, start, end, default, node.depth + 1, node.copies)
    elif node.media_type in {"message/rfc822", "message/global"} and budget.allows_scan(node):
        yield from _attached(node)
    elif node.media_type in PKCS7 and node.copies < limits.REENCODED and budget.allows_scan(node):
        signed = signed_content(node.octets())
        if signed:
            yield _node(signed, 0, len(signed), "text/plain", node.depth + 1, node.copies + 1)


def _attached(node: Node) -> Iterator[Node]:
    if node.encoding not in _REENCODED:
        yield _node(node.source, node.start, node.end, "text/plain", node.depth + 1, node.copies)
    elif node.copies < limits.REENCODED:
        inner = node.octets()
        yield _node(inner, 0, len(inner), "text/plain", node.depth + 1, node.copies + 1)


def _sections(node: Node, budget: _Budget) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a multipart stand: between its delimiter lines, the last one reaching to its end."""
    start = None
    for line_start, line_end, closing in _delimiters(node, budget):
        if start is not None:
            yield start, max(start, line_start)
        start = None if closing else line_end
        if closing or not budget.allows_part():
            return
    if start is not None:
        yield start, node.end


def _delimiters(node: Node, budget: _Budget) -> Iterator[tuple[int, int, bool]]:
    """Yield where each delimiter line begins, its line break before included, and ends, and whether it closes."""
    boundary = node.parameters.get("boundary", "").encode("utf-8", "replace")
    mark, source = b"\n--" + boundary, node.source
    if not boundary:
        return
    # A multipart has a header that says so, so a line feed stands before its body.
    at = source.find(mark, node.start - 1, node.end)
    while at >= 0:
        rest = _DELIMITER_END.match(source, at + len(mark), node.end)
        if rest:
            line_start = at - 1 if at > 0 and source[at - 1] == _CR else at
            yield line_start, rest.end(), bool(rest[1])
        elif not budget.allows_false_mark():
            return
        at = source.find(mark, rest.end() - 1 if rest else at + len(mark), node.end)
