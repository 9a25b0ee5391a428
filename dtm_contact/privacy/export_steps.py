"""What is to happen to a case by itself, in words for the person whose case it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from dtm_contact.rules.schedule import Action, Until

_WILL: Final = {
    Action.REMIND: "le service reçoit un rappel : votre demande attend toujours une réponse",
    Action.RAISE: "l’urgence de votre demande est relevée",
    Action.HAND_OVER: "votre demande est transmise au service « {queue} »",
    Action.CALL_NEXT: "la personne d’astreinte suivante est prévenue",
}
_UNLESS: Final = {
    Until.TAKEN: "sauf si un agent s’en est chargé avant",
    Until.ANSWERED: "sauf si quelqu’un vous a répondu avant",
    Until.CLOSED: "sauf si le dossier est clos avant",
}


def upcoming(
    case: Mapping[str, Any],
    timers: Iterable[Mapping[str, Any]],
    queue: Callable[[str], str],
    when: Callable[[datetime], str],
) -> Iterator[str]:
    """Yield what will happen to a case unless somebody sees to it before, the next first.

    Args:
        case: its row.
        timers: the rows of its steps.
        queue: what a queue is called.
        when: how a moment is told.
    """
    for step in sorted(timers, key=lambda row: row["at"]):
        data = step["data"]
        # Another urgency has steps of its own, and nothing is done to a closed case.
        stands = step["state"] == "waiting" and case["state"] == "open" and data["priority"] == case["priority"]
        if stands:
            will = _WILL[Action(data["does"])].format(queue=queue(data["to"]) if data.get("to") else "")
            yield f"le {when(step['at'])}, {will}, {_UNLESS[Until(data['until'])]}"
