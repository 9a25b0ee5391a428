"""The line above a quotation ("Le lun. 16 nov. 2026 à 10:12, X <…> a écrit :"), on one line or wrapped over several."""

import re
from typing import Final

from dtm_contact.reading.languages import words
from dtm_contact.reading.lines import Line

_ROWS: Final = 8
_LONGEST: Final = 600

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

_NAMED: Final = re.compile(r"[^<>]{1,100}<[^<>\s]{1,250}@[^<>\s]{1,250}\s?>?")
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
    if len(text) <= _LONGEST and (dated or "@" in text or text.rstrip().endswith((":", "："))):
        return _wrapped_end(lines, at, dated=dated)
    return None


def _wrapped_end(lines: list[Line], at: int, *, dated: bool) -> int | None:
    joined = ""
    for row in range(at, min(len(lines), at + (_ROWS if dated else 2))):
        newest = lines[row].text.strip()
        joined = f"{joined} {newest}".lstrip()
        if row > at and (_begins_anew(newest) or not (dated or "<" in lines[at].text)):
            return None
        if len(joined) > _LONGEST or not (newest or _goes_on(lines, row + 1)):
            return None
        if _BARE.match(joined) or _is_verbless(joined, lines, row + 1):
            return row + 1
        may_end = newest.endswith(":") or _VERB_PIECE.search(newest)
        if may_end and _is_attribution(joined, lines, row + 1, dated=dated):
            return row + 1
    return None


def _begins_anew(text: str) -> bool:
    """Return whether a line begins an attribution of its own, with its day: what stands above is then the writer's."""
    start = _WORD_START.match(text)
    return start is not None and not _TIME.match(text, start.end() - 1)


def _is_verbless(joined: str, lines: list[Line], after: int) -> bool:
    """Recognise an attribution in any language: year and time, then an address or marked quotation after the colon."""
    if not joined.endswith((":", "：")) or not _YEAR.search(joined) or not _TIME.search(joined):
        return False
    return bool(_SENDER_LAST.search(joined)) or _is_marked(lines, after)


def _is_marked(lines: list[Line], at: int) -> bool:
    following = next((line for line in lines[at : at + 4] if line.text.strip()), None)
    return following is not None and following.depth > 0


def _goes_on(lines: list[Line], at: int) -> bool:
    """Return whether an attribution goes on after a blank line: only where its address was put on lines of its own."""
    return at < len(lines) and lines[at].text.lstrip().startswith("<")


def _is_attribution(joined: str, lines: list[Line], after: int, *, dated: bool) -> bool:
    verb = _VERB.search(joined)
    if verb is None or not (dated or _NAMED.match(joined)) or not _AFTER_VERB.match(joined, verb.end()):
        return False
    if _PRONOUN.search(joined[max(0, verb.start() - 10) : verb.start()]):
        return False
    if _is_marked(lines, after):
        return bool(_STAMP.search(joined) or _YEAR.search(joined))
    return "@" in joined or bool(_TIME_THEN_NAME.search(joined))
