"""Which parts of a message are its text, which are files that came along, and which are other messages."""

from dataclasses import dataclass, field
from typing import Final

from dtm_contact.reading import limits, notes
from dtm_contact.reading.charsets import clean, decode
from dtm_contact.reading.html import html_lines
from dtm_contact.reading.lines import Line, lines_of
from dtm_contact.reading.mime import Node
from dtm_contact.reading.notes import Notes

_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})
_REPORTS: Final = frozenset({
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/global-disposition-notification", "message/feedback-report", "text/rfc822-headers",
    "message/global-headers", "message/rfc822", "message/global",
})  # fmt: skip
_SIGNATURES: Final = frozenset({
    "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
})  # fmt: skip
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNREAD_ALTERNATIVES: Final = frozenset({"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"})


@dataclass(slots=True)
class Content:
    """What a message holds, sorted."""

    lines: list[Line] = field(default_factory=list)
    files: list[Node] = field(default_factory=list)
    messages: list[Node] = field(default_factory=list)
    invitations: list[Node] = field(default_factory=list)

    def add(self, other: "Content") -> None:
        """Take in what another part holds."""
        if self.lines and other.lines:
            self.lines.append(Line(""))
        self.lines.extend(other.lines)
        self.add_companions(other)

    def add_companions(self, other: "Content") -> None:
        """Take in all of another part but its text."""
        self.files.extend(other.files)
        self.messages.extend(other.messages)
        self.invitations.extend(other.invitations)

    def has_text(self) -> bool:
        """Tell whether there is a word in the text."""
        return any(character.isalnum() for line in self.lines for character in line.text)


def content_of(root: Node, found: Notes) -> Content:
    """Sort what a message holds; nesting is bounded where the parts were cut, so this may recurse."""
    return _read(root, found, root)


def _read(node: Node, found: Notes, root: Node) -> Content:
    kind = node.media_type
    if kind in _MESSAGES and node is not root:
        return Content(messages=[node])
    if node.children and kind == "multipart/alternative":
        return _alternative(node, found, root)
    if node.children and kind == "multipart/report":
        return _report(node, found, root)
    if node.children and kind == "multipart/signed":
        found.add(notes.SIGNED)
        return _read(node.children[0], found, root)
    if kind == "multipart/encrypted":
        found.add(notes.ENCRYPTED)
    if node.children:
        content = Content()
        for child in node.children:
            content.add(_read(child, found, root))
        return content
    return _leaf(node, found, root)


def _alternative(node: Node, found: Notes, root: Node) -> Content:
    """Prefer the plain text where it says something, else the richest text that does."""
    content = Content()
    choices: list[tuple[str, Content]] = []
    for child in node.children:
        if child.media_type in _UNREAD_ALTERNATIVES:
            continue
        choice = _read(child, found, root)
        content.add_companions(choice)
        choices.append((child.media_type, choice))
    chosen = [choice for kind, choice in choices if kind == "text/plain" and _says_something(choice)]
    chosen += [choice for _, choice in reversed(choices) if choice.has_text()]
    content.lines = chosen[0].lines if chosen else []
    return content


def _says_something(choice: Content) -> bool:
    words = " ".join(line.text for line in choice.lines[:20]).strip()[:300].lower()
    placeholder = "html" in words and len(words) < 250  # noqa: PLR2004
    return choice.has_text() and not placeholder


def _report(node: Node, found: Notes, root: Node) -> Content:
    content = Content()
    for child in node.children:
        if child.media_type not in _REPORTS:
            content.add(_read(child, found, root))
    return content


def _leaf(node: Node, found: Notes, root: Node) -> Content:
    kind = node.media_type
    if node.unread:
        return Content()
    if kind == "text/calendar":
        return Content(invitations=[node])
    if kind in _SIGNATURES:
        found.add(notes.SIGNED)
        return Content()
    if kind == "message/partial":
        found.add(notes.PARTIAL)
    is_text = kind in {"text/plain", "message/partial"} or kind in _HTML or kind.startswith("multipart/")
    if is_text and _is_inline(node, root):
        return Content(lines=_text(node, found))
    return Content(files=[node])


def _is_inline(node: Node, root: Node) -> bool:
    if node is root:
        return node.disposition != "attachment" or not node.filename
    return node.disposition != "attachment" and not node.filename


def _text(node: Node, found: Notes) -> list[Line]:
    data = node.octets()
    charset = node.parameters.get("charset", "")
    if node.media_type in _HTML:
        return html_lines(data, charset, found)
    if len(data) > limits.PLAIN_OCTETS:
        data = data[: limits.PLAIN_OCTETS]
        found.add(notes.TEXT_CUT)
    text = clean(decode(data, charset))
    if node.parameters.get("format", "").lower() == "flowed":
        text = _unfolded(text, delsp=node.parameters.get("delsp", "").lower() == "yes")
    return lines_of(text)


def _unfolded(text: str, *, delsp: bool) -> str:
    """Join the soft breaks of format=flowed (RFC 3676 section 4), within one depth of quotation."""
    paragraphs: list[list[str]] = []
    open_depth = -1
    for row in text.split("\n"):
        depth = len(row) - len(row.lstrip(">"))
        words = row[depth:].removeprefix(" ")
        soft = words.endswith(" ") and words != "-- "
        piece = words[:-1] if soft and delsp else words
        if depth == open_depth:
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([">" * depth + " " * bool(depth) + piece])
        open_depth = depth if soft else -1
    return "\n".join("".join(pieces) for pieces in paragraphs)
