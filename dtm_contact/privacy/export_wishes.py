"""What somebody wishes and what protects them, as a copy tells it: what agents entered, and what the program read."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from dtm_contact.calls.outcomes import national
from dtm_contact.labels.cases import ENTRY_KINDS, PROTECTIONS, entry_words
from dtm_contact.labels.judging import WISHES
from dtm_contact.model import EntryKind, Protection, Wish
from dtm_contact.privacy.export_html import table

Row = Mapping[str, Any]
_END: Final = re.compile(r"[.!?…;]+(?=\s|$)|\n")
"""Where a sentence ends."""
_READ: Final = "Souhait lu par le programme"
_READ_ALONE: Final = (
    "<p>Un souhait lu par le programme est montré aux agents avec le message où il l’a lu. Aucun agent ne l’a noté ici "
    "pour autant : pour qu’il vaille toujours, demandez à votre bureau de le noter.</p>"
)


def wishes(
    entries: Iterable[Row], read: Iterable[tuple[Row, str, datetime, str]], day: Callable[[Any], str]
) -> Iterator[str]:
    """Yield what is entered in the register, and what was read in messages.

    Args:
        entries: the rows of the register.
        read: each wish that the program read, the text of its message, when that came, and how its case is told, as
            HTML.
        day: how a day is told.
    """
    rows = [(_anchored(each), escape(entry_told(each, day))) for each in entries]
    found = [
        (
            _READ,
            escape(f"{WISHES[Wish(wish['wish'])]} : « {said_in(wish['evidence'], text)} », message du {day(at)}, ")
            + of_case,
        )
        for wish, text, at, of_case in read
        if wish.get("evidence")
    ]
    yield table(("Quoi", "Ce qui est noté"), [*rows, *found])
    if found:
        yield _READ_ALONE


def said_in(evidence: Row, text: str) -> str:
    """Return the sentence in which a wish was read; its words alone where they stand elsewhere than in the text."""
    seen: str = evidence["seen"]
    span = evidence.get("span") or {}
    if span.get("part") != "new_text" or text[span["start"] : span["end"]] != seen:
        return seen
    starts = [each.end() for each in _END.finditer(text, 0, span["start"])]
    after = _END.search(text, span["end"])
    return text[starts[-1] if starts else 0 : after.start() if after else len(text)].strip()


def _anchored(entry: Row) -> str:
    return f'<span id="souhait-{entry["id"]}">{ENTRY_KINDS[EntryKind(entry["kind"])]}</span>'


def entry_told(entry: Row, day: Callable[[Any], str]) -> str:
    """Return what an entry of the register says, since when, and who entered it when."""
    kind = EntryKind(entry["kind"])
    told = entry_words(kind, national(entry["value"]) if kind is EntryKind.NEVER else entry["value"])
    if kind is EntryKind.PROTECTION:
        told = PROTECTIONS[Protection(entry["value"])]
    words = entry["words"] or ""
    # What somebody wrote beside it may begin with what it is.
    told = "" if words.casefold().startswith(told.casefold()) else told
    number = f"n° {entry['reference']}" if entry["reference"] else ""
    parts = (told, words, number, "pour tout le foyer" if entry["household"] else "")
    ended = f", terminé le {day(entry['ended_at'])} {entry['ended_why'] or ''}" if entry["ended_at"] else ""
    until = f" jusqu’au {day(entry['until'])}" if entry["until"] else ""
    since = f"depuis le {day(entry['since'])}{until}{ended}"
    noted = f"noté le {day(entry['entered_at'])} par {entry['entered_by']}"
    return " ; ".join(filter(None, (*parts, since, noted)))
