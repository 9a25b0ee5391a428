"""What mail programs put above a message that is answered or passed on without marks: a rule, a title, its headers."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dtm_contact.reading.attributions import attribution_end
from dtm_contact.reading.languages import words
from dtm_contact.reading.lines import Line

_LONGEST: Final = 1_000
_BLOCK_ROWS: Final = 40
_ADDRESS: Final = re.compile(r"<[^<>\s@]{1,64}@[^<>\s]{1,255}>")
_VALUE: Final = 4_000
_TITLED, _RULED, _ALONE = 1, 2, 3


class HeadKind(StrEnum):
    """What a head is: the line of an answer, the title of a message passed on or answered, or its headers alone."""

    ATTRIBUTION = "attribution"
    PASSED_ON = "passed_on"
    ORIGINAL = "original"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Head:
    """A head found: lines `start` to before `end`.

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
    if len(text) > _LONGEST:
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
