"""Calls and call-backs, told to agents in French."""

from collections.abc import Sequence

from dtm_contact.callbacks import OUTCOMES
from dtm_contact.model import Call, Outcome

WITHHELD = "numéro masqué"
UNVERIFIED = "appel, non vérifié"
"""What a caller's identity is worth: anybody can send any number."""
_PAIR = 2
_NATIONAL_DIGITS = 10


def call_back_subject(outcomes: Sequence[Outcome]) -> str:
    """Return the subject of a call-back: what became of its latest call, how often there was one, and any message.

    Args:
        outcomes: of its calls, the oldest first; one at least.
    """
    parts = [OUTCOMES[outcomes[-1]]]
    if len(outcomes) > 1:
        parts.append(f"{len(outcomes)} appels")
    if Outcome.VOICEMAIL in outcomes[:-1] and outcomes[-1] is not Outcome.VOICEMAIL:
        parts.append("message vocal laissé")
    return " ; ".join(parts)


def who_calls(call: Call) -> str:
    """Return a caller as the switchboard gives him: number and name; anybody can send any."""
    number = WITHHELD if call.number is None else spaced(call.number)
    return f"{number} ({call.name})" if call.name else number


def spaced(number: str) -> str:
    """Return a number as people read it: pairs of digits where it is a French one, else as it is."""
    if len(number) != _NATIONAL_DIGITS or not number.isdigit():
        return number
    return " ".join(number[at : at + _PAIR] for at in range(0, len(number), _PAIR))
