"""New text, quoted text, signature, legal notice and forwarded originals told apart."""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from dtm_contact.model import Forwarded, Mailbox
from dtm_contact.reading import limits, notes
from dtm_contact.reading.addresses import parse_mailboxes
from dtm_contact.reading.charsets import clean_line
from dtm_contact.reading.heads import Head, HeadKind, head_at
from dtm_contact.reading.lines import Line, text_of
from dtm_contact.reading.mobile import is_mobile_line
from dtm_contact.reading.notes import Notes
from dtm_contact.reading.signature import foot_of
from dtm_contact.reading.spoken_dates import parse_spoken

_FORWARDS: Final = re.compile(r"\s*(?:tr|fwd?|wg|rv|enc|i|vs|doorst|transf\w*)\s*:", re.IGNORECASE)
_NAMED: Final = re.compile(r"([^,<>\d]{1,80})<([^<>\s]{1,250}@[^<>\s]{1,250})>")
_ATTRIBUTION: Final = 600
_PROGRAMS_WRITE: Final = 3  # headers, at the least
_REPLIES: Final = re.compile(r"\s*(?:re|rép|aw|sv|antw?|ref|odp|r)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


class _Kind(StrEnum):
    """What a message is by its headers: how sure a head must be depends on it."""

    FRESH = "fresh"
    ANSWER = "answer"
    FORWARD = "forward"


@dataclass(slots=True)
class SeparatedText:
    """A text told apart; each part as its lines joined."""

    new: str = ""
    signature: str = ""
    quoted: str = ""
    disclaimer: str = ""
    forwarded: list[Forwarded] = field(default_factory=list)


@dataclass(slots=True)
class _Split:
    own: list[list[str]] = field(default_factory=lambda: [[]])
    quoted: list[Line] = field(default_factory=list)
    head: Head | None = None
    above: list[Line] = field(default_factory=list)
    rest: list[Line] = field(default_factory=list)

    def has_own_words(self) -> bool:
        """Return whether the writer has said anything yet."""
        return any(character.isalnum() for rows in self.own for row in rows for character in row)


def separate(lines: list[Line], subject: str, found: Notes, *, answers: bool = False) -> SeparatedText:
    """Tell the parts of a text apart.

    Args:
        lines: the text, its quotation marks counted.
        subject: of the message; says of an Outlook header block whether what follows is passed on or answered.
        found: takes the note where something is cut.
        answers: the message's headers say that it answers another.
    """
    if len(lines) > limits.LINES:
        lines = lines[: limits.LINES]
        found.add(notes.TEXT_CUT)
    title, kind = subject, _kind(subject, answers=answers)
    if kind is _Kind.FRESH:
        lines = _without_bullets(lines)
    told = SeparatedText()
    split = _split(lines, kind)
    _tell_own(split, told)
    quoted, latest = split.quoted, told.new
    while split.head is not None:
        head = split.head
        if not _is_forward(head, subject, latest) or len(told.forwarded) >= limits.FORWARDED:
            quoted += split.above + split.rest
            if len(told.forwarded) >= limits.FORWARDED:
                found.add(notes.FORWARDED_CUT)
            break
        split = _split(split.rest, _Kind.FORWARD)
        inner = SeparatedText()
        _tell_own(split, inner)
        quoted += split.quoted
        told.forwarded.append(_forwarded(head, inner))
        subject, latest = head.headers.get("subject", ""), inner.new
    told.quoted = text_of(quoted)
    if kind is _Kind.FORWARD and told.quoted and not told.new and not told.forwarded:
        told.forwarded.append(_bare_forward(told.quoted, title))
        told.quoted = ""
    return told


def _kind(subject: str, *, answers: bool) -> _Kind:
    if _FORWARDS.match(subject):
        return _Kind.FORWARD
    return _Kind.ANSWER if answers or _REPLIES.match(subject) else _Kind.FRESH


def _bare_forward(quoted: str, title: str) -> Forwarded:
    """Take for the original what a message under TR or FW quotes, where no program's title says whose it is."""
    named = _NAMED.search(" ".join(quoted[:_ATTRIBUTION].split("\n")[:3]))
    return Forwarded(
        sender=Mailbox(named[1].strip(), named[2]) if named else Mailbox(),
        subject=_FORWARDS.sub("", title, count=1).strip(),
        text=quoted[: limits.OTHER_TEXT],
    )


def _without_bullets(lines: list[Line]) -> list[Line]:
    """Give back the marks of a message that answers none and quotes nobody: they are somebody's bullets."""
    if not any(line.depth for line in lines) or any(_head(lines, at) is not None for at in range(len(lines))):
        return lines
    following = [*lines[1:], Line("")]
    return [
        _with_bullet(line) if line.text or after.depth else Line("")
        for line, after in zip(lines, following, strict=True)
    ]


def _with_bullet(line: Line) -> Line:
    return Line(f"{'> ' * line.depth}{line.text}", opens=line.opens)


def _forwarded(head: Head, inner: SeparatedText) -> Forwarded:
    senders = parse_mailboxes(head.headers.get("sender", "").replace("[mailto:", "<").replace("]", ">").encode())
    return Forwarded(
        sender=senders[0] if senders else Mailbox(),
        subject=clean_line(head.headers.get("subject", ""))[: limits.DISPLAY],
        text="\n".join(filter(None, (inner.new, inner.signature)))[: limits.OTHER_TEXT],
        at=parse_spoken(head.headers.get("sent", "")),
    )


def _is_forward(head: Head, subject: str, new: str) -> bool:
    if head.kind is HeadKind.PASSED_ON:
        return True
    if head.kind is HeadKind.ATTRIBUTION or "sender" not in head.headers:
        return False
    return bool(_FORWARDS.match(subject)) or (not new.strip() and not _REPLIES.match(subject))


def _tell_own(split: _Split, told: SeparatedText) -> None:
    new: list[str] = []
    signature: list[str] = []
    disclaimer: list[str] = []
    for rows in split.own:
        foot = foot_of(rows)
        for kept, part in ((new, foot.body), (signature, foot.signature), (disclaimer, foot.disclaimer)):
            if any(row.strip() for row in part):
                kept.extend(("", *part) if kept else part)
    if not new and not any(is_mobile_line(row) for row in signature):
        # Nobody sends a signature alone: what stands under a first line of two dashes is the message.
        new, signature = signature, []
    told.new, told.signature, told.disclaimer = (_text(rows) for rows in (new, signature, disclaimer))


def _text(rows: list[str]) -> str:
    return text_of([Line(row) for row in rows])


def _split(lines: list[Line], kind: _Kind) -> _Split:
    split = _Split()
    lines = _unwrapped(lines, kind)
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.depth:
            _quote(split, [line])
            at += 1
            continue
        head = _head(lines, at)
        if head is None or _is_own(head, lines, split, kind):
            split.own[-1].append(line.text)
            at += 1
        elif head.kind is HeadKind.ATTRIBUTION and _continues(lines, head, split):
            _quote(split, lines[head.start : head.end])
            at = head.end
        else:
            split.head, split.above = head, lines[head.start : head.end]
            split.rest = _lifted(lines[head.end :], by=lines[head.end - 1].depth)
            break
    return split


def _head(lines: list[Line], at: int) -> Head | None:
    if not lines[at].opens:
        return head_at(lines, at)
    for ahead in range(at, min(len(lines), at + 6)):
        head = head_at(lines, ahead) if lines[ahead].text else None
        if head is not None:
            return replace(head, start=at, ruled=True)
    return Head(HeadKind.ORIGINAL, at, at + 1, ruled=True)


def _continues(lines: list[Line], head: Head, split: _Split) -> bool:
    """Return whether own text may follow: the quotation is marked, or nothing of the writer stands above it."""
    nothing_follows = not any(line.text.strip() for line in lines[head.end : head.end + 5])
    return nothing_follows or _is_marked(lines, head.end) or not split.has_own_words()


def _is_own(head: Head, lines: list[Line], split: _Split, kind: _Kind) -> bool:
    """Return whether what looks like a head is a person's: "De : Mme X / Objet : chauffage", "Le 3 à 10h, Y a écrit :".

    Programs put an address into it, a rule or title above it, or marks below it. Without all of these it counts in
    answers only, and headers there only below own words: above all words they are a letter's. So do two headers alone.
    """
    if kind is _Kind.FRESH and head.kind is HeadKind.BLOCK and not head.ruled and len(head.headers) < _PROGRAMS_WRITE:
        return True
    if kind is _Kind.FORWARD or head.ruled or any("@" in line.text for line in lines[head.start : head.end]):
        return False
    if head.kind is HeadKind.BLOCK:
        return kind is _Kind.FRESH or not split.has_own_words()
    return head.kind is HeadKind.ATTRIBUTION and kind is _Kind.FRESH and not _is_marked(lines, head.end)


def _is_marked(lines: list[Line], at: int) -> bool:
    following = next((line for line in lines[at : at + 5] if line.text.strip()), None)
    return following is not None and following.depth > 0


def _quote(split: _Split, lines: list[Line]) -> None:
    split.quoted.extend(lines)
    if split.own[-1]:
        split.own.append([])


def _unwrapped(lines: list[Line], kind: _Kind) -> list[Line]:
    """Take one mark off an original that is quoted whole, title and headers, as Apple's and Orange's programs do."""
    for at, line in enumerate(lines):
        if line.depth and line.text.strip():
            head = head_at(lines, at)
            quoted_whole = kind is _Kind.FORWARD and head is not None and "sender" in head.headers
            if head is None or not (head.kind is HeadKind.PASSED_ON or quoted_whole):
                return lines
            return lines[:at] + _lifted(lines[at:], by=1)
    return lines


def _lifted(lines: list[Line], by: int) -> list[Line]:
    """Take as many marks off: those that the message's own repeated headers bear are the forwarding's, not its own."""
    return [Line(line.text, max(0, line.depth - by), line.opens) for line in lines] if by else lines
