"""A call-back in the words that agents read: what came of it, and when the case comes again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dtm_contact.labels.formats import lasting, when_said

CALL_BACK_OUTCOMES: Final[Mapping[str, str]] = {
    "settled": "Joint et réglé : clore",
    "unsettled": "Joint, mais pas réglé",
    "no_answer": "Pas de réponse",
}
"""What is said of a call-back by one click, by the values of the verb's `CallBackOutcome`."""
P1_STAYS: Final = "L’urgence reste en tête, quoi que vous notiez ici. Danger écarté : Clore."
LAST_ATTEMPT: Final = "C’est le {tries}e essai, le dernier : « Pas de réponse » clôt le dossier."
DANGER_STAYS: Final = "Un danger possible ne se clôt pas ainsi : Clore, en disant pourquoi il est écarté."


def comes_back(until: datetime, now: datetime, opens: datetime | None) -> str:
    """Return when a case comes again by itself where nobody chose a day.

    Args:
        until: when that is.
        now: the time.
        opens: when its office opens next, where it is closed by then; None where it is open.
    """
    said = f"Sans réponse ni jour choisi, le dossier revient dans {lasting(until - now)}, {when_said(until, now)}"
    return f"{said}." if opens is None else f"{said}, bureau fermé ; il rouvre {when_said(opens, now)}."


def attempt_left(tries: int, most: int, until: datetime, now: datetime, opens: datetime | None) -> str:
    """Return what "no answer" does without a day: the attempt, counted from 1, of so many; the rest as `comes_back`."""
    return LAST_ATTEMPT.format(tries=tries) if tries >= most else comes_back(until, now, opens)
