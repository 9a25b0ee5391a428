"""The line above a quotation ("Le lun. 16 nov. 2026 à 10:12, X <…> a écrit :"), on one line or wrapped over several."""

import re
from typing import Final

from dtm_contact.reading.languages import words
from dtm_contact.reading.lines import Line

_ROWS: Final = 8
_LONGEST: Final = 600

_VERB: Final = re.compile(rf"(?<!\w)(?:{words('verbs')})(?!\w)", re.IGNORECASE)
_VERB_PIECE: Final = re.compile(rf"(?:[ée]crit|{words('verbs')})", re.IGNORECASE)
_START: Final = re.compile(rf"[\s*_-]*(?:(?:{words('starts')})\s|\d{{1,4}}[ ./年-])", re.IGNORECASE)
_STAMP: Final = re.compile(
    r"@|\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b\d{4}[-/]\d{1,2}[-/]\d{1,2}|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
)
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_BARE: Final = re.compile(
    r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?: \d\d:\d\d GMT[+-]\d\d:\d\d [^\n<>]{1,80}(?:<[^<>]*>)?|[^\n<>]{1,80}<[^<>]*>):?$"
)
_NAMED: Final = re.compile(r"[^<>]{1,100}<[^<>\s]{1,250}@[^<>\s]{1,250}>")
_AFTER_VERB: Final = re.compile(r"[\s:>*_-]*$|.{0,200}:\s*$")


def attribution_end(lines: list[Line], at: int) -> int | None:
    """Return the line after the attribution that begins at line `at`; None where none begins there.

    It has a verb that ends it, and what a person's "Le 3 mars ma voisine m'a écrit :" has not: an address or a time of
    day, or else a year and marked quotation below.
    """
    text = lines[at].text
    dated = bool(_START.match(text))
    if not dated and "@" not in text and not text.rstrip().endswith((":", "：")):
        return None
    joined = ""
    for row in range(at, min(len(lines), at + (_ROWS if dated else 2))):
        newest = lines[row].text.strip()
        if not newest and not _goes_on(lines, row + 1):
            return None
        joined = f"{joined} {newest}" if joined else newest
        if len(joined) > _LONGEST:
            return None
        if _BARE.match(joined):
            return row + 1
        if (newest.endswith(":") or _VERB_PIECE.search(newest)) and _is_attribution(
            joined, lines, row + 1, dated=dated
        ):
            return row + 1
    return None


def _goes_on(lines: list[Line], at: int) -> bool:
    """Tell whether an attribution goes on after a blank line: only where its address was put on lines of its own."""
    return at < len(lines) and lines[at].text.lstrip().startswith("<")


def _is_attribution(joined: str, lines: list[Line], after: int, *, dated: bool) -> bool:
    verb = _VERB.search(joined)
    if verb is None or not (dated or _NAMED.match(joined)) or not _AFTER_VERB.match(joined, verb.end()):
        return False
    if _STAMP.search(joined):
        return True
    following = next((line for line in lines[after : after + 4] if line.text.strip()), None)
    return bool(_YEAR.search(joined)) and following is not None and following.depth > 0
