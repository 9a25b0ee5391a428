"""One e-mail of ours, as bytes: plain text and the same as HTML, in the thread that it answers."""

import base64
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

MOST_REFERENCES: Final = 20
_SUBJECT_CUT: Final = 200
_OCTETS_A_LINE: Final = 57
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_MESSAGE_ID: Final = re.compile(r"[^\s<>@]{1,200}@[^\s<>@]{1,200}")
_POLICY: Final = policy.SMTP.clone(max_line_length=78)


class NoAddressError(ValueError):
    """What stands for an address is none (RFC 5322 section 3.4.1)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What an e-mail says, and to whom.

    Attributes:
        sender_name, sender: who it is from: our one address.
        to: the one address that it goes to.
        reply_to: where replies are asked to; the address that bears the case's signed number.
        subject: in one line.
        text: plain text; a line that begins with "- " is an item of a list, an empty line ends a paragraph.
        message_id: without angle brackets, as `in_reply_to` and `references`.
        in_reply_to: what it answers; empty where it begins a thread.
        references: the thread so far, oldest first.
        at: its Date, aware.
        automatic: nobody wrote it: `auto-replied` or `auto-generated` (RFC 3834 section 5); empty for an agent's words.
        calendar, method: an invitation that goes along (RFC 5545), and what calendars do with it; empty without one.
        also_to, cc: its further recipients, and those who are sent a copy.
        boundary: set where files join it when it is sent: what stands between its parts (RFC 2046 section 5.1.1).
    """

    sender_name: str
    sender: str
    to: str
    reply_to: str
    subject: str
    text: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    at: datetime
    automatic: str = ""
    calendar: str = ""
    method: str = ""
    also_to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that joins a letter when that is sent; its octets are read piece by piece."""

    name: str
    media_type: str
    pieces: Iterator[bytes]


def write(letter: Letter) -> bytes:
    """Return the message as it is sent, with CRLF (RFC 5322, RFC 2046 section 5.1.4).

    Nothing of what came in can add a header: control characters end no line here, and ids that are none are left out.

    Raises:
        NoAddressError: an address is none.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(letter.sender, _one_line(letter.sender_name))
    message["To"] = [_address(each) for each in (letter.to, *letter.also_to)]
    if letter.cc:
        message["Cc"] = [_address(each) for each in letter.cc]
    if letter.reply_to:
        message["Reply-To"] = _address(letter.reply_to)
    message["Subject"] = _one_line(letter.subject)[:_SUBJECT_CUT]
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.message_id}>"
    _put_thread(message, letter)
    if letter.automatic:
        message["Auto-Submitted"] = letter.automatic
        # What Microsoft's servers understand in place of Auto-Submitted.
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(as_html(letter.text), subtype="html", charset="utf-8", cte="quoted-printable")
    if letter.calendar:
        _put_calendar(message, letter)
    if letter.boundary:
        message.make_mixed(letter.boundary)
    # Last: what is set before would go to the first part alone.
    message["Content-Language"] = "fr"
    return message.as_bytes()


def with_files(raw: bytes, files: Iterable[AttachedFile]) -> Iterator[bytes]:
    """Yield a letter that was written with a boundary, and behind its text each file, as it is sent.

    No file is ever whole in memory: each piece is given away before the next is read.
    """
    start, end, _ = raw.rstrip().rpartition(b"\r\n--")
    boundary = raw[len(start) + len(end) :].rstrip().removesuffix(b"--")
    yield start
    for file in files:
        yield b"\r\n--" + boundary + b"\r\n" + _headers(file) + b"\r\n"
        yield from _in_base64(file.pieces)
    yield b"\r\n--" + boundary + b"--\r\n"


def _headers(file: AttachedFile) -> bytes:
    part = EmailMessage(policy=_POLICY)
    maintype, _, subtype = file.media_type.partition("/")
    part.set_content(b"", maintype=maintype, subtype=subtype, disposition="attachment", filename=_one_line(file.name))
    del part["MIME-Version"]
    return part.as_bytes().split(b"\r\n\r\n")[0] + b"\r\n"


def _in_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield octets as lines of base64 (RFC 2045 section 6.8)."""
    rest = b""
    for piece in pieces:
        octets = rest + piece
        whole = len(octets) - len(octets) % _OCTETS_A_LINE
        rest = octets[whole:]
        yield base64.encodebytes(octets[:whole]).replace(b"\n", b"\r\n")
    yield base64.encodebytes(rest).replace(b"\n", b"\r\n")


def _address(spec: str, name: str = "") -> Address:
    try:
        return Address(name, addr_spec=spec)
    except (ValueError, IndexError, MessageError):
        # Its own words quote the address.
        raise NoAddressError("no mail can be sent to that address") from None


def _put_calendar(message: EmailMessage, letter: Letter) -> None:
    """Add the invitation twice: mail programs with a calendar take the alternative, people elsewhere save the file."""
    message.add_alternative(
        letter.calendar, subtype="calendar", charset="utf-8", cte="base64", params={"method": letter.method}
    )
    message.add_attachment(letter.calendar.encode(), maintype="text", subtype="calendar", filename="rendez-vous.ics")


def _put_thread(message: EmailMessage, letter: Letter) -> None:
    ids = [each for each in (*letter.references, letter.in_reply_to) if _MESSAGE_ID.fullmatch(each)]
    thread = list(dict.fromkeys(ids))[-MOST_REFERENCES:]
    if _MESSAGE_ID.fullmatch(letter.in_reply_to):
        message["In-Reply-To"] = f"<{letter.in_reply_to}>"
    if thread:
        message["References"] = " ".join(f"<{each}>" for each in thread)


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


# Read on telephones and in the dark: no width, no colour of our own but for links, which mail programs make themselves.
_PAGE: Final = (
    '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title></head>'
    '<body style="font-family: Arial, Helvetica, sans-serif; font-size: 16px; line-height: 1.5; '
    'max-width: 40em; margin: 0 auto; padding: 16px; overflow-wrap: anywhere;">\n{body}\n</body></html>\n'
)


def as_html(text: str) -> str:
    """Return a plain text as a page of HTML that says the same: paragraphs and lists, everything escaped."""
    return _PAGE.format(title="Votre bailleur", body="\n".join(_blocks(text)))


# Broken over two lines, as a telephone's width has it, a number is misread and a French stop stands by itself.
_NUMBER: Final = re.compile(r"(?<!\d)\d{1,3}(?: \d{2,3}){2,4}(?!\d)|\b\d{1,2} h(?: \d{2})?\b")
_CASE_NUMBER: Final = re.compile(r"(?<![\w-])\d{4}-\d{6}(?![\w-])")
_BEFORE_STOP: Final = re.compile(r" (?=[;:!?»])|(?<=«) ")


_LINK: Final = re.compile(r"https?://[^\s<>\"«»]+[^\s<>\"«».,;:!?)\]]")


def _line(text: str) -> str:
    """Return one line as HTML: links show where they lead, and what belongs together stays on one line."""
    parts, end = list[str](), 0
    for link in _LINK.finditer(text):
        shown = html.escape(link.group())
        parts += [_words(text[end : link.start()]), f'<a href="{shown}">{shown}</a>']
        end = link.end()
    return "".join((*parts, _words(text[end:])))


def _words(text: str) -> str:
    kept = _NUMBER.sub(lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}"), text)
    escaped = html.escape(_BEFORE_STOP.sub("\N{NO-BREAK SPACE}", kept))
    return _CASE_NUMBER.sub(r'<span style="white-space: nowrap">\g<0></span>', escaped)


def _blocks(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        start = next((place for place, line in enumerate(lines) if line.startswith("- ")), len(lines))
        if lines[:start]:
            yield f"<p>{'<br>'.join(map(_line, lines[:start]))}</p>"
        if lines[start:]:
            items = "".join(f"<li>{_line(line.removeprefix('- '))}</li>" for line in lines[start:])
            yield f"<ul>{items}</ul>"
