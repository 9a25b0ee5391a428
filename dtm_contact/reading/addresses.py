"""Mailboxes in headers (RFC 5322 section 3.4), read so that the address is where mail would really go."""

import re
from dataclasses import dataclass, field
from typing import Final

from dtm_contact.model import Mailbox
from dtm_contact.reading import limits
from dtm_contact.reading.charsets import clean_line, decode
from dtm_contact.reading.words import decode_words

_TOKEN: Final = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)(?:"|$)|\((?P<comment>[^()]*)\)|<(?P<angle>[^<>]*)(?:>|$)|(?P<mark>[,;:])'
    r'|(?P<text>[^"(<,;:]+|.)',
    re.DOTALL,
)
_ADDRESS: Final = re.compile(r"[^\s\"(),:;<>@\[\]]{1,256}@[^\s\"(),:;<>@]{1,255}")


@dataclass(slots=True)
class _Pieces:
    """What stands between two commas."""

    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    def mailbox(self) -> Mailbox:
        """Return the mailbox that the pieces make; the address in angle brackets is the one that counts."""
        name = " ".join(self.words)
        address = next((found for found in map(_address_in, reversed(self.angles)) if found), "")
        if not address and not self.angles:
            found = _ADDRESS.search(name)
            if found:
                address, name = found[0], f"{name[: found.start()].rstrip(' <')} {name[found.end() :].lstrip(' >')}"
        name = _shown(name) or _shown(" ".join(self.comments))
        return Mailbox(name=name, address=clean_line(address).strip(".'"))


def parse_mailboxes(body: bytes) -> tuple[Mailbox, ...]:
    """Return the mailboxes of one header's body, in order; group names are dropped, their members kept. Never fails.

    A comma without quotes inside a name ("Dupont, Jean <a@b>") does not split it.
    """
    found: list[Mailbox] = []
    text = decode(body)
    pieces = _Pieces()
    for token in _TOKEN.finditer(text):
        if token["mark"] is None:
            _add(pieces, token)
        elif token["mark"] == ":":
            pieces = _after_colon(pieces)
        elif pieces.angles or any("@" in word for word in pieces.words):
            found.append(pieces.mailbox())
            pieces = _Pieces()
        elif pieces.words and token["mark"] == ",":
            pieces.words.append(",")
        if len(found) >= limits.MAILBOXES:
            return tuple(found)
    found.append(pieces.mailbox())
    return tuple(mailbox for mailbox in found if mailbox != Mailbox())


def first_mailbox(bodies: tuple[bytes, ...]) -> Mailbox:
    """Return the first mailbox with an address among headers of one name, else the first with a name."""
    mailboxes = [mailbox for body in bodies[:20] for mailbox in parse_mailboxes(body)]
    addressed = (mailbox for mailbox in mailboxes if mailbox.address)
    return next(addressed, mailboxes[0] if mailboxes else Mailbox())


def _add(pieces: _Pieces, token: re.Match[str]) -> None:
    if token["quoted"] is not None:
        pieces.words.append(re.sub(r"\\(.)", r"\1", token["quoted"]))
    elif token["comment"] is not None:
        pieces.comments.append(token["comment"])
    elif token["angle"] is not None:
        pieces.angles.append(token["angle"])
    elif token["text"].strip():
        pieces.words.append(token["text"].strip())


def _after_colon(pieces: _Pieces) -> _Pieces:
    """Drop a group's name; keep what cannot be one."""
    if pieces.angles or any("@" in word for word in pieces.words):
        pieces.words.append(":")
        return pieces
    return _Pieces()


def _address_in(angle: str) -> str:
    found = _ADDRESS.search(angle.rsplit(":", 1)[-1])
    return found[0] if found else ""


def _shown(name: str) -> str:
    name = clean_line(decode_words(name)).replace(" ,", ",").strip(" ,;\"'")
    return name[: limits.DISPLAY]
