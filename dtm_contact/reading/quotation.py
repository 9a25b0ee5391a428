"""New text, quoted text, signature, legal notice and forwarded originals kept apart.

Mail programs put a head above what they quote or pass on: the line of an attribution ("Le lun. 16 nov. 2026 à 10:12, X
<…> a écrit :"), on one line or wrapped over several, or a rule, a title and the original's headers.
"""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from dtm_contact.model import Forwarded, Mailbox
from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import clean_line
from dtm_contact.reading.headers import parse_mailboxes, parse_spoken_time
from dtm_contact.reading.languages import words
from dtm_contact.reading.lines import Line, text_of
from dtm_contact.reading.notes import Notes
from dtm_contact.reading.signature import is_mobile_line, split_foot

_FORWARDS: Final = re.compile(r"\s*(?:tr|fwd?|wg|rv|enc|i|vs|doorst|transf\w*)\s*:", re.IGNORECASE)
_BARE_SENDER: Final = re.compile(r"([^,<>\d]{1,80})<([^<>\s]{1,250}@[^<>\s]{1,250})>")
_ATTRIBUTION: Final = 600
_FEWEST_HEADERS: Final = 3  # headers, at the least
_REPLIES: Final = re.compile(r"\s*(?:re|rép|aw|sv|antw?|ref|odp|r)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


class HeadKind(StrEnum):
    """What a head is: the line of an answer, the title of a message passed on or answered, or its headers alone."""

    ATTRIBUTION = "attribution"
    PASSED_ON = "passed_on"
    ORIGINAL = "original"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Head:
    """A head: lines `start` to before `end`.

    Attributes:
        kind: what it is.
        start, end: where it stands.
        headers: those it repeats, under `sender`, `sent`, `to`, `copy`, `subject`.
        ruled: a rule or a title stands above its headers.
    """

    kind: HeadKind
    start: int
    end: int
    headers: dict[str, str] = field(default_factory=dict)
    ruled: bool = False


class _Kind(StrEnum):
    """What a message is by its headers: how sure a head must be depends on it."""

    FRESH = "fresh"
    ANSWER = "answer"
    FORWARD = "forward"


@dataclass(slots=True)
class SeparatedText:
    """A text in its parts; of each, its lines joined."""

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


def separate(lines: list[Line], subject: str, noted: Notes, *, answers: bool = False) -> SeparatedText:
    """Separate the parts of a text.

    Args:
        lines: the text, its quotation marks counted.
        subject: of the message; says of an Outlook header block whether what follows is passed on or answered.
        noted: takes the note where something is cut.
        answers: the message's headers say that it answers another.
    """
    if len(lines) > limits.LINES:
        lines = lines[: limits.LINES]
        noted.add(notes.TEXT_CUT)
    title, kind = subject, _kind(subject, answers=answers)
    if kind is _Kind.FRESH:
        lines = _without_bullets(lines)
    separated = SeparatedText()
    split = _split(lines, kind)
    _separate_own(split, separated)
    quoted, latest = split.quoted, separated.new
    while split.head is not None:
        head = split.head
        if not _is_forward(head, subject, latest) or len(separated.forwarded) >= limits.FORWARDED:
            quoted += split.above + split.rest
            if len(separated.forwarded) >= limits.FORWARDED:
                noted.add(notes.FORWARDED_CUT)
            break
        split = _split(split.rest, _Kind.FORWARD)
        inner = SeparatedText()
        _separate_own(split, inner)
        quoted += split.quoted
        separated.forwarded.append(_forwarded(head, inner))
        subject, latest = head.headers.get("subject", ""), inner.new
    separated.quoted = text_of(quoted)
    if kind is _Kind.FORWARD and separated.quoted and not separated.new and not separated.forwarded:
        separated.forwarded.append(_bare_forward(separated.quoted, title))
        separated.quoted = ""
    return separated


def _kind(subject: str, *, answers: bool) -> _Kind:
    if _FORWARDS.match(subject):
        return _Kind.FORWARD
    return _Kind.ANSWER if answers or _REPLIES.match(subject) else _Kind.FRESH


def _bare_forward(quoted: str, title: str) -> Forwarded:
    """Take for the original what a message under TR or FW quotes, where no program's title says whose it is."""
    named = _BARE_SENDER.search(" ".join(quoted[:_ATTRIBUTION].split("\n")[:3]))
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
        at=parse_spoken_time(head.headers.get("sent", "")),
    )


def _is_forward(head: Head, subject: str, new: str) -> bool:
    if head.kind is HeadKind.PASSED_ON:
        return True
    if head.kind is HeadKind.ATTRIBUTION or "sender" not in head.headers:
        return False
    return bool(_FORWARDS.match(subject)) or (not new.strip() and not _REPLIES.match(subject))


def _separate_own(split: _Split, separated: SeparatedText) -> None:
    new: list[str] = []
    signature: list[str] = []
    disclaimer: list[str] = []
    for rows in split.own:
        foot = split_foot(rows)
        for kept, part in ((new, foot.body), (signature, foot.signature), (disclaimer, foot.disclaimer)):
            if any(row.strip() for row in part):
                kept.extend(("", *part) if kept else part)
    if not new and not any(is_mobile_line(row) for row in signature):
        # Nobody sends a signature alone: what stands under a first line of two dashes is the message.
        new, signature = signature, []
    separated.new, separated.signature, separated.disclaimer = (_joined(rows) for rows in (new, signature, disclaimer))


def _joined(rows: list[str]) -> str:
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
    if kind is _Kind.FRESH and head.kind is HeadKind.BLOCK and not head.ruled and len(head.headers) < _FEWEST_HEADERS:
        return True
    if kind is _Kind.FORWARD or head.ruled or any("@" in line.text for line in lines[head.start : head.end]):
        return False
    if head.kind is HeadKind.BLOCK:
        return kind is _Kind.FRESH or not split.has_own_words()
    return head.kind is HeadKind.ATTRIBUTION and kind is _Kind.FRESH and not _is_marked(lines, head.end)


def _is_marked(lines: list[Line], at: int, within: int = 5) -> bool:
    """Return whether the first line with words, among so many from `at` on, bears a mark of quotation."""
    following = next((line for line in lines[at : at + within] if line.text.strip()), None)
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


_LONGEST_HEAD: Final = 1_000
_BLOCK_ROWS: Final = 40
_ADDRESS: Final = re.compile(r"<[^<>\s@]{1,64}@[^<>\s]{1,255}>")
_VALUE: Final = 4_000
_TITLED, _RULED, _ALONE = 1, 2, 3


_TITLE: Final = re.compile(
    rf"[\s*>]*[-_=–—]{{2,}}\s*(?:(?P<passed>{words('passed_on')})|(?:{words('original')}))\s*:?\s*[-_=–—]{{2,}}[\s*]*$",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(rf"\s*(?:{words('begins')})\s*:?\s*$", re.IGNORECASE)
_RULE: Final = re.compile(r"\s*[-_=–—]{5,}\s*$")
_KINDS: Final = ("sender", "sent", "to", "copy", "subject", "other")
_LABEL: Final = re.compile(
    r"[\s*_|]{0,6}(?:"
    + "|".join(f"(?P<{kind}>{words(kind)})" for kind in _KINDS)
    + r")[*_]{0,2}\s{0,3}[:：][*_]{0,2}\s*(?P<value>.*)$",
    re.IGNORECASE,
)
_ORANGE: Final = re.compile(r"[\s*]*message du (?P<sent>\d{1,2}/\d{1,2}/\d{2,4}.{0,20})$", re.IGNORECASE)


def head_at(lines: list[Line], at: int) -> Head | None:
    """Return the head that begins at line `at`, if one does; the cost does not depend on the number of lines."""
    text = lines[at].text
    if not text:
        return None
    if len(text) > _LONGEST_HEAD:
        return Head(HeadKind.ATTRIBUTION, at, at + 1) if attribution_end(lines, at) else None
    title = _TITLE.match(text) if text[:12].lstrip(" *>\t")[:2] in _DASHES else None
    if title or ((text.rstrip().endswith(":") or len(text) < 60) and _BEGINS.match(text)):  # noqa: PLR2004
        kind = HeadKind.ORIGINAL if title and not title["passed"] else HeadKind.PASSED_ON
        return _with_headers(lines, at, kind, least=_TITLED) or Head(kind, at, at + 1, ruled=True)
    if text[:5].strip()[:1] in _DASH and _RULE.match(text):
        return _with_headers(lines, at, HeadKind.BLOCK, least=_RULED)
    block = _block(lines, at, least=_ALONE)
    if block is not None:
        return Head(HeadKind.BLOCK, at, *block)
    end = attribution_end(lines, at)
    return Head(HeadKind.ATTRIBUTION, at, end) if end is not None else None


_DASH: Final = frozenset("-_=–—")
_DASHES: Final = frozenset(first + second for first in _DASH for second in _DASH)


def _with_headers(lines: list[Line], at: int, kind: HeadKind, least: int) -> Head | None:
    block = _block(lines, _after_blanks(lines, at + 1), least)
    return Head(kind, at, *block, ruled=True) if block is not None else None


def _after_blanks(lines: list[Line], at: int) -> int:
    end = min(len(lines), at + 4)
    while at < end and not lines[at].text.strip():
        at += 1
    return at


def _block(lines: list[Line], at: int, least: int) -> tuple[int, dict[str, str]] | None:
    """Read repeated headers, at least so many, one a line; a blank line may part two, the next line go on with one."""
    first = _label(lines, at)
    if first is None or (least > _RULED and first[0] not in {"sender", "sent"}):
        return None
    headers, last, end = {first[0]: first[1]}, first[0], at + 1
    while end < min(len(lines), at + _BLOCK_ROWS):
        label = _label(lines, end)
        if label is not None:
            if label[0] == "sender" and "sender" in headers:
                break
            headers.setdefault(*label)
            last, end = label[0], end + 1
            continue
        following = _after_blanks(lines, end + 1)
        if following > end + 2 or _label(lines, following) is None:
            break
        headers[last] = f"{headers[last]} {lines[end].text}"[:_VALUE].strip()
        end = following
    known = headers.keys() & {"sent", "subject"} or least == _TITLED
    # Two that a person copied say as much where an address is one of them: "De : Caf <caf@…>", "Objet : …".
    enough = len(headers) >= least or ("subject" in headers and _ADDRESS.search(headers.get("sender", "")))
    return (end, headers) if known and "sender" in headers and enough else None


def _label(lines: list[Line], at: int) -> tuple[str, str] | None:
    if at >= len(lines):
        return None
    text = lines[at].text[:_VALUE]
    found = _LABEL.match(text) if ":" in text[:40] or "：" in text[:40] else None
    if found is not None:
        return next(kind for kind in _KINDS if found[kind] is not None), found["value"].strip()
    orange = _ORANGE.match(text)
    return ("sent", orange["sent"]) if orange else None


_ROWS: Final = 8
_LONGEST_ATTRIBUTION: Final = 600

_VERB: Final = re.compile(rf"(?<!\w)(?:{words('verbs')})(?!\w)", re.IGNORECASE)
_VERB_PIECE: Final = re.compile(rf"(?:[ée]crit|{words('verbs')})", re.IGNORECASE)
_DIGIT_START: Final = re.compile(r"[\s*_-]*\d{1,4}[ ./年-]")
_WORD_START: Final = re.compile(rf"[\s*_-]*(?:{words('starts')})\s[^\d<@]{{0,24}}\d", re.IGNORECASE)
_STAMP: Final = re.compile(
    r"@|\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b\d{4}[-/]\d{1,2}[-/]\d{1,2}|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
)
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_BARE: Final = re.compile(
    r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}"
    r"(?: \d\d:\d\d GMT[+-]\d\d:\d\d [^\n<>]{1,80}(?:<[^<>]*>)?|[^\n<>]{1,80}<[^<>]*@[^<>]*>):?$"
)
_RUN_ON: Final = re.compile(
    rf"[\s*]{{0,8}}(?:{words('starts')})\s[^<>\n]{{4,200}}<[^<>\s]{{1,250}}@[^<>\s]{{1,250}}>\s?(?:{words('verbs')})\s?:\s{{2}}",
    re.IGNORECASE,
)
"""As Yahoo's programs write it, with the quoted text on the same line."""

_NAMED_SENDER: Final = re.compile(r"[^<>]{1,100}<[^<>\s]{1,250}@[^<>\s]{1,250}\s?>?")
_SENDER_LAST: Final = re.compile(r"<[^<>\s]{1,250}@[^<>\s]{1,250}\s?>?\s?[:：]$")
_TIME: Final = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}\b")
_TIME_THEN_NAME: Final = re.compile(
    r"\d{1,2}\s?[:.h]\s?\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?(?: (?:UTC|GMT)?[+-]?\d{0,4})?,? +"
    r"(?:[\"'<«“(]|[^\W\d_a-zà-ÿ])"
)
_PRONOUN: Final = re.compile(r"(?:\b(?:nous|vous|lui|leur|me|te|en)|\b[mtl][’'])\s*$", re.IGNORECASE)
_AFTER_VERB: Final = re.compile(r"[\s:>*_-]*$|.{0,200}:\s*$")


def attribution_end(lines: list[Line], at: int) -> int | None:
    """Return the line after the attribution that begins at line `at`; None where none begins there.

    It has a verb that ends it, and what a person's "Le 3 mars à 10h ma voisine m'a écrit :" has not: an address or a
    name right after the time; a date alone does where marked quotation follows.
    """
    text = lines[at].text
    if _RUN_ON.match(text):
        return at + 1
    dated = bool(_DIGIT_START.match(text) or _WORD_START.match(text))
    if len(text) <= _LONGEST_ATTRIBUTION and (dated or "@" in text or text.rstrip().endswith((":", "："))):
        return _wrapped_end(lines, at, dated=dated)
    return None


def _wrapped_end(lines: list[Line], at: int, *, dated: bool) -> int | None:
    joined = ""
    for row in range(at, min(len(lines), at + (_ROWS if dated else 2))):
        newest = lines[row].text.strip()
        joined = f"{joined} {newest}".lstrip()
        if row > at and (_begins_attribution(newest) or not (dated or "<" in lines[at].text)):
            return None
        if len(joined) > _LONGEST_ATTRIBUTION or not (newest or _goes_on(lines, row + 1)):
            return None
        if _BARE.match(joined) or _is_verbless(joined, lines, row + 1):
            return row + 1
        may_end = newest.endswith(":") or _VERB_PIECE.search(newest)
        if may_end and _is_attribution(joined, lines, row + 1, dated=dated):
            return row + 1
    return None


def _begins_attribution(text: str) -> bool:
    """Return whether a line begins an attribution of its own, with its day: what stands above is then the writer's."""
    start = _WORD_START.match(text)
    return start is not None and not _TIME.match(text, start.end() - 1)


def _is_verbless(joined: str, lines: list[Line], after: int) -> bool:
    """Recognise an attribution in any language: year and time, then an address or marked quotation after the colon."""
    if not joined.endswith((":", "：")) or not _YEAR.search(joined) or not _TIME.search(joined):
        return False
    return bool(_SENDER_LAST.search(joined)) or _is_marked(lines, after, within=4)


def _goes_on(lines: list[Line], at: int) -> bool:
    """Return whether an attribution goes on after a blank line: only where its address was put on lines of its own."""
    return at < len(lines) and lines[at].text.lstrip().startswith("<")


def _is_attribution(joined: str, lines: list[Line], after: int, *, dated: bool) -> bool:
    verb = _VERB.search(joined)
    if verb is None or not (dated or _NAMED_SENDER.match(joined)) or not _AFTER_VERB.match(joined, verb.end()):
        return False
    if _PRONOUN.search(joined[max(0, verb.start() - 10) : verb.start()]):
        return False
    if _is_marked(lines, after, within=4):
        return bool(_STAMP.search(joined) or _YEAR.search(joined))
    return "@" in joined or bool(_TIME_THEN_NAME.search(joined))
