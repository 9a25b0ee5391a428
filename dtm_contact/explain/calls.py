"""Calls and call-backs, told to agents in French."""

from collections.abc import Sequence

from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import NUMBER_WITHHELD, OUTCOMES
from dtm_contact.model import Call, Outcome


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
    number = NUMBER_WITHHELD if call.number is None else spaced(call.number)
    return f"{number} ({call.name})" if call.name else number
