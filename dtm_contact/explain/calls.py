"""Calls and call-backs, told to agents in French."""

from collections.abc import Sequence

from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import NUMBER_WITHHELD, OUTCOMES, SPOKE
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


def outcome_text(outcome: Outcome, before: Outcome | None = None) -> str:
    """Return what became of a call and, where its records said otherwise before, what they said."""
    return OUTCOMES[outcome] if before is None else f"{OUTCOMES[outcome]}, et non « {OUTCOMES[before]} »"


def spoke_although_taken(owner: str) -> str:
    """Return why a call-back is closed whose party was spoken to though an agent had taken it."""
    return f"{SPOKE}, alors que {owner} l'avait pris"


def who_calls(call: Call) -> str:
    """Return a caller as the switchboard gives them: number and name; anybody can send any."""
    number = NUMBER_WITHHELD if call.number is None else spaced(call.number)
    return f"{number} ({call.name})" if call.name else number
