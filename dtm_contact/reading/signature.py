"""What stands under a message: the signature, the mobile's line, the legal notice."""

import re
from dataclasses import dataclass
from typing import Final

from dtm_contact.reading.disclaimer import take_disclaimer
from dtm_contact.reading.mobile import is_mobile_line
from dtm_contact.reading.patterns import any_of

_DELIMITER: Final = re.compile(r"\s*(?:--|—|–|__)\s*$")
_RULE: Final = re.compile(r"\s*[-_=*—–]{3,}\s*$")
_LONGEST: Final = 15
_MOBILE_ROWS: Final = 60
_WIDEST: Final = 90
_WORDS_BESIDE: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_CLOSING: Final = re.compile(
    r"\s*(?:merci(?: d'avance)?,? (?:et )?)?"
    + any_of(
        r"(?:bien |tr[èe]s )?cordialement",
        r"(?:bien )?cdlt",
        r"cdt",
        r"bien [àa] (?:vous|toi)",
        r"(?:bien )?sinc[èe]rement",
        r"salutations",
        r"(?:sinc[èe]res|meilleures|respectueuses) salutations",
        r"mes salutations",
        r"respectueusement",
        r"(?:bonne|belle) (?:journ[ée]e|soir[ée]e|fin de journ[ée]e)",
        r"(?:best |kind |warm )?regards",
        r"sincerely",
    )
    + r"\b.{0,40}$",
    re.IGNORECASE,
)
_DETAIL: Final = re.compile(
    r"\b(?:\+33|0033|0)\s?[1-9](?:[\s.\-/]?\d{2}){4}\b|[\w.+-]{1,64}@[\w.-]{1,255}|\bwww\.|https?://|\b\d{5}\s+[A-ZÀ-Ý]"
    r"|^\s*(?:t[ée]l|mob|fax|port|phone)[ée.:\s]",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?-?s\.?|n\.?b\.?|post-?scriptum)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[?!]\s*$|\w{2,}[.]\s*$|(?:\S+\s+){9,}\S+")
_WORDLESS: Final = re.compile(r"[\W_\u1427]*$")


@dataclass(frozen=True, slots=True)
class Foot:
    """A stretch of the writer's own lines with what stands under it taken off."""

    body: tuple[str, ...]
    signature: tuple[str, ...]
    disclaimer: tuple[str, ...]


def foot_of(rows: list[str]) -> Foot:
    """Tell the writer's text from their signature and from the legal notice.

    The signature is what follows a `-- ` line, the mobile's lines, and a block of contact details under a closing
    formula. A closing formula and the names under it stay in the text where no such details follow.
    """
    rows, disclaimer = take_disclaimer(rows)
    rows, ornament = _take_wordless_end(rows)
    rows, signature = _take_delimited(rows)
    rows, mobile = _take_mobile(rows)
    if not signature:
        rows, signature = _take_details(rows)
    return Foot(tuple(rows), (*signature, *mobile, *ornament), tuple(disclaimer))


def _take_wordless_end(rows: list[str]) -> tuple[list[str], list[str]]:
    end = len(rows)
    while end and _WORDLESS.match(rows[end - 1]) and len(rows[end - 1]) < 200:  # noqa: PLR2004
        end -= 1
    return rows[:end], [row for row in rows[end:] if row.strip()]


def _take_delimited(rows: list[str]) -> tuple[list[str], list[str]]:
    """Cut at a line of two dashes, unless what follows speaks as a text does; at a longer rule, above details only."""
    for at in range(max(0, len(rows) - _LONGEST - 5), len(rows)):
        below = rows[at + 1 :]
        if (_DELIMITER.match(rows[at]) and not _speaks(below)) or (_RULE.match(rows[at]) and _are_details(below)):
            return rows[:at], below
    return rows, []


def _speaks(rows: list[str]) -> bool:
    shown = [row for row in rows if row.strip() and not is_mobile_line(row)]
    if len(shown) > _LONGEST:
        return True
    return any(_SENTENCE.search(row) for row in shown) and not any(map(_has_detail, shown))


def _take_mobile(rows: list[str]) -> tuple[list[str], list[str]]:
    start = max(0, len(rows) - _MOBILE_ROWS)
    mobile = [row for row in rows[start:] if is_mobile_line(row)]
    return (rows[:start] + [row for row in rows[start:] if row not in mobile], mobile) if mobile else (rows, [])


def _take_details(rows: list[str]) -> tuple[list[str], list[str]]:
    """Cut out the contact details under a closing formula; a postscript under them stays in the text."""
    for at in range(len(rows) - 2, max(-1, len(rows) - _LONGEST - 5), -1):
        if _CLOSING.match(rows[at]):
            end = next((row for row in range(at + 1, len(rows)) if _POSTSCRIPT.match(rows[row])), len(rows))
            block = rows[at + 1 : end]
            return ([*rows[: at + 1], "", *rows[end:]], block) if _are_details(block) else (rows, [])
    return rows, []


def _are_details(rows: list[str]) -> bool:
    shown = [row for row in rows if row.strip()]
    if len(shown) > _LONGEST or any(len(row) > _WIDEST for row in shown):
        return False
    detailed = [row for row in shown if _has_detail(row)]
    speaks = any(_SENTENCE.search(row) for row in shown if row not in detailed)
    return bool(detailed) and not speaks and not any(_says_more(row) for row in detailed)


def _says_more(row: str) -> bool:
    """Return whether a line holds more words than an address or a number has beside it."""
    return len(_WORD.findall(_DETAIL.sub("", row))) > _WORDS_BESIDE


def _has_detail(row: str) -> bool:
    return bool(_DETAIL.search(row[:_WIDEST]))
