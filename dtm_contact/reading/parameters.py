"""Structured header bodies: a value and its parameters (RFC 2045 section 5.1), continued and encoded (RFC 2231)."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from dtm_contact.reading.charsets import clean_line, decode
from dtm_contact.reading.words import decode_words

_PARAMETER: Final = re.compile(
    r';[\s;]*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)',
    re.DOTALL,
)
_SECTION: Final = re.compile(r"\*(\d{1,3})(\*?)$")


def parse(body: bytes) -> tuple[str, dict[str, str]]:
    """Return the value in lower case and the parameters by lower-case name, each decoded whatever way it is encoded."""
    text = decode(body)
    value = re.split(r"[;\s]", text.strip(), maxsplit=1)[0].lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(text):
        name, content = found[1].lower(), _unquoted(found[2])
        section = _SECTION.search(name)
        if section:
            sections.setdefault(name[: section.start()], {}).setdefault(int(section[1]), (content, bool(section[2])))
        elif name.endswith("*"):
            sections.setdefault(name[:-1], {}).setdefault(0, (content, True))
        else:
            plain.setdefault(name, content)
    decoded = {name: clean_line(decode_words(content)) for name, content in plain.items()}
    decoded.update({name: clean_line(_joined(parts)) for name, parts in sections.items()})
    return value, decoded


def _unquoted(content: str) -> str:
    content = content.strip()
    if not content.startswith('"'):
        return content
    inner = content[1:-1] if content.endswith('"') and len(content) > 1 else content[1:]
    # Internet Explorer and its heirs write whole paths: a backslash before a letter is no escape.
    return re.sub(r'\\(["\\])', r"\1", inner)


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    charset, octets = "", b""
    for number in sorted(parts):
        content, encoded = parts[number]
        if encoded and number == min(parts) and content.count("'") >= 2:  # noqa: PLR2004
            charset, _, content = content.split("'", 2)
        raw = content.encode("utf-8", "replace")
        octets += unquote_to_bytes(raw) if encoded else raw
    text = decode(octets, charset)
    return decode_words(text)
