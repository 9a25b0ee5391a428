"""A text as lines, each with its depth of quotation: what plain text and HTML are made into before all else.

HTML is read as a person sees it: blocks on lines of their own, hidden text left out, quotations marked.
"""

import re
from html import unescape
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import clean, decode
from dtm_contact.reading.notes import Notes

_MARKS: Final = re.compile(r"(?:[ \t]{0,3}>){1,64}[ \t]?")


class Line(NamedTuple):
    """One line.

    Attributes:
        text: without its marks of quotation.
        depth: how many times it is quoted; 0 for the writer's own.
        opens: the layout says that what follows is quoted to the end, though no line bears a mark.
    """

    text: str
    depth: int = 0
    opens: bool = False


def lines_of(text: str) -> list[Line]:
    """Return the lines of a plain text, its `>` marks counted and taken off (RFC 3676 section 4.5).

    One line more than the limit stands for all that lies beyond it.
    """
    lines: list[Line] = []
    for row in text.split("\n", limits.LINES)[: limits.LINES + 1]:
        marks = _MARKS.match(row) if ">" in row[:5] else None
        if marks is None:
            lines.append(Line(row[: limits.LINE].rstrip()))
        else:
            lines.append(Line(row[marks.end() :][: limits.LINE].rstrip(), marks[0].count(">")))
    return lines


def text_of(lines: list[Line]) -> str:
    """Return lines as text, without empty ones at both ends, runs of empty ones as one, and without marks."""
    rows: list[str] = []
    for line in lines:
        row = line.text.rstrip()
        if row or (rows and rows[-1]):
            rows.append(row)
    return "\n".join(rows).strip("\n")


_DATA: Final = re.compile(rb"data:[\w/+.;=-]{1,100};base64,[A-Za-z0-9+/=%]*")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,30})")
_FORMATTING: Final = re.compile(
    r"(</?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_LONG_TAG: Final = re.compile(r"(<[A-Za-z][^<>]{2000})[^<>]*>?")
_UNNESTED: Final = frozenset([
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "o:p", "option",
    "p", "param", "source", "td", "th", "tr", "wbr",
])  # fmt: skip
_UNREAD: Final = frozenset({
    "head", "title", "style", "script", "noscript", "template", "object", "svg", "math", "iframe", "select", "textarea",
    "-comment", "!doctype", "map", "audio", "video", "canvas",
})  # fmt: skip
_BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "dir", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "menu", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul", "hr",
})  # fmt: skip
_PARAGRAPHS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})
_HIDDEN: Final = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])|max-height\s*:\s*0(?![.\d]*[1-9]))",
    re.IGNORECASE,
)
_INDENTED: Final = re.compile(r"border\s*:\s*(?:none|0|initial)|webkit-indent", re.IGNORECASE)
_CELLS: Final = frozenset({"td", "th"})
_QUOTATION_IDS: Final = frozenset(
    {"divrplyfwdmsg", "mail-editor-reference-message-container", "olk_src_body_section", "reply-intro"}
)
_QUOTATION_CLASSES: Final = ("yahoo_quoted", "zmail_extra")
_SIGNATURE_IDS: Final = frozenset({"signature", "ms-outlook-mobile-signature", "applemailsignature"})
_SIGNATURE_CLASSES: Final = frozenset({"gmail_signature", "moz-signature", "ms-outlook-mobile-signature"})
_ANY_TAG: Final = re.compile(r"<[^<>]*>?")
_ONE_LINE: Final = {ord("\n"): " ", 0xA0: " "}
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")


def html_lines(data: bytes, charset: str, noted: Notes) -> list[Line]:
    """Return the lines that an HTML text shows. Never fails; what lies beyond the bounds is freed of its tags only."""
    text = _decoded_html(data, charset, noted)
    if not _TAG.search(text):
        return lines_of(clean(unescape(text)).replace("\u00a0", " "))
    text = _LONG_TAG.sub(r"\1'\">", text)
    cut = readable_end(text)
    lines = _shown(text if cut == len(text) else text[:cut])
    if cut < len(text):
        noted.add(notes.HTML_CUT)
        lines.extend(_without_tags(text[cut:]))
    return lines


def parsed_html(data: bytes, charset: str) -> LexborNode | None:
    """Return the tree of an HTML text within the bounds of `html_lines`; None where it has none."""
    text = _LONG_TAG.sub(r"\1'\">", _decoded_html(data, charset, Notes()))
    return LexborHTMLParser(_FORMATTING.sub(r"\1span", text[: readable_end(text)])).root


def _decoded_html(data: bytes, charset: str, noted: Notes) -> str:
    if b"data:" in data:
        data = _DATA.sub(b"", data)
    if len(data) > limits.HTML_OCTETS:
        data = data[: limits.HTML_OCTETS]
        noted.add(notes.TEXT_CUT)
    meta = _META_CHARSET.search(data, 0, 4096)
    return decode(data, charset or (meta[1].decode("ascii") if meta else ""))


def readable_end(html: str) -> int:
    """Return how much of `html` may be given to a parser, before its tags are too many or too deep (`limits`)."""
    depth = 0
    for count, tag in enumerate(_TAG.finditer(html), start=1):
        if tag[2].lower() not in _UNNESTED:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if count > limits.HTML_TAGS or depth > limits.HTML_DEPTH:
            return tag.start()
    return len(html)


def _shown(html: str) -> list[Line]:
    # The parser reopens formatting elements in each paragraph, N times M nodes; a span says as much to us.
    root = LexborHTMLParser(_FORMATTING.sub(r"\1span", html)).root
    writer = _Writer()
    if root is not None:
        _write(root, writer)
    return writer.finish()


def _write(root: LexborNode, writer: "_Writer") -> None:
    """Walk the tree without recursion, entering and leaving each element."""
    node: LexborNode | None = root
    while node is not None:
        entered = _enter(node, writer)
        child = node.child if entered else None
        if child is not None:
            node = child
            continue
        if entered:
            writer.leave(node.tag or "")
        while node is not None and node.next is None:
            node = node.parent
            if node is not None:
                writer.leave(node.tag or "")
        node = node.next if node is not None else None


def _enter(node: LexborNode, writer: "_Writer") -> bool:
    """Write what an element begins with; tell whether its content is to be read."""
    tag = node.tag
    if tag == "-text":
        writer.write(node.text_content or "")
        return False
    if tag is None or tag in _UNREAD:
        return False
    attributes = node.attributes
    if _is_hidden(attributes):
        return False
    writer.enter(tag, attributes)
    return True


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return bool(attributes) and ("hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or "")))


def _without_tags(html: str) -> list[Line]:
    """Return the lines of HTML freed of its tags by a scan, entities read."""
    text = unescape(_ANY_TAG.sub(" ", html))
    return [Line(_SPACE.sub(" ", row).strip()) for row in clean(text).split("\n")]


class _Writer:
    """Writes rows as a tree is walked."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._row: list[str] = []
        self._quotes: list[bool] = []
        self._verbatim = 0
        self._depth = 0

    def write(self, text: str) -> None:
        """Write a text node; white space shrinks as a browser shrinks it."""
        if self._verbatim:
            *rows, last = text.split("\n")
            for row in rows:
                self._row.append(row)
                self._break()
            self._row.append(last)
            return
        shrunk = _SPACE.sub(" ", text)
        if shrunk == " " and (not self._row or self._row[-1].endswith(" ")):
            return
        self._row.append(shrunk)

    def enter(self, tag: str, attributes: dict[str, str | None]) -> None:
        """Write what stands before an element's content."""
        if tag == "br":
            self._break()
            return
        if tag in _BLOCKS:
            self._begin_block(tag)
        if attributes:
            self._mark(attributes)
        if tag == "blockquote":
            quotes = not _INDENTED.search(f"{attributes.get('style')} {attributes.get('class')}")
            self._quotes.append(quotes)
            self._depth += quotes
        elif tag == "li":
            self._row.append("- ")
        elif tag == "pre":
            self._verbatim += 1

    def leave(self, tag: str) -> None:
        """Handle an end tag: write the line breaks that follow the element."""
        if tag in _CELLS and self._row:
            self._row.append("\t")
        if tag in _BLOCKS:
            self._flush()
        if tag in _PARAGRAPHS:
            self._space()
        if tag == "blockquote" and self._quotes:
            self._depth -= self._quotes.pop()
        elif tag == "pre":
            self._verbatim -= 1

    def finish(self) -> list[Line]:
        """Return the lines written."""
        self._flush()
        return self._lines

    def _begin_block(self, tag: str) -> None:
        self._flush()
        if tag in _PARAGRAPHS:
            self._space()
        if tag == "hr":
            self._lines.append(Line("________________________________", self._depth))

    def _mark(self, attributes: dict[str, str | None]) -> None:
        identity = (attributes.get("id") or "").lower().removeprefix("x_")
        classes = (attributes.get("class") or "").lower().replace("x_", " ").split()
        if identity in _QUOTATION_IDS or any(known.endswith(_QUOTATION_CLASSES) for known in classes):
            self._flush()
            self._lines.append(Line("", self._depth, opens=True))
        elif identity in _SIGNATURE_IDS or not _SIGNATURE_CLASSES.isdisjoint(classes):
            self._flush()
            self._lines.append(Line("-- ", self._depth))

    def _space(self) -> None:
        if self._lines and self._lines[-1].text:
            self._lines.append(Line("", self._depth))

    def _flush(self) -> None:
        if self._row:
            self._break()

    def _break(self) -> None:
        text = clean("".join(self._row)[: limits.LINE]).translate(_ONE_LINE).rstrip(" \t")
        text = text if self._verbatim else text.lstrip(" \t")
        self._row.clear()
        marked = lines_of(text)[0] if text.startswith(">") else Line(text)
        self._lines.append(Line(marked.text, marked.depth + self._depth))
