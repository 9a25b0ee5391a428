"""The steps that are planned for a case, told to the person whose case it is: to come, done, or what became of them.

A step is told by what the store shows: one whose hour is over is said to have happened where the store says so, and
nowhere else.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from dtm_contact.privacy.ages import months_after
from dtm_contact.rules.schedule import Action, Until
from dtm_contact.store.events import ANSWERS

Row = Mapping[str, Any]
When = Callable[[datetime], str]
_WILL: Final = {
    Action.REMIND: "le service reçoit un rappel : votre demande attend toujours une réponse",
    Action.RAISE: "l’urgence de votre demande est relevée",
    Action.HAND_OVER: "votre demande est transmise au service « {queue} »",
    Action.CALL_NEXT: "la personne d’astreinte suivante est prévenue",
}
_STEP: Final = {
    Action.REMIND: "rappel au service",
    Action.RAISE: "urgence relevée",
    Action.HAND_OVER: "demande transmise au service « {queue} »",
    Action.CALL_NEXT: "personne d’astreinte suivante prévenue",
}
"""What a step is called that is not to come any more."""
_DONE: Final = "done"
_WAITING: Final = "waiting"
_CLOSED: Final = "le dossier est clos"
_OTHER_URGENCY: Final = "l’urgence a changé depuis"
_PLANNED_ANEW: Final = "prévu de nouveau avec l’urgence d’aujourd’hui"
_TO_BE_PLANNED: Final = "sera prévu de nouveau avec l’urgence d’aujourd’hui"
ANSWERED: Final = "a_recu_une_reponse"
"""Under what the row of a case says whether one of us has answered since it was opened."""
_UNLESS: Final = {
    Until.TAKEN: "sauf si un agent s’en est chargé avant",
    Until.ANSWERED: "sauf si quelqu’un vous a répondu avant",
    Until.CLOSED: "sauf si le dossier est clos avant",
}


def due_told(case: Row, when: When, now: datetime) -> str:
    """Return until when an answer was to come, and that none did where that is over.

    Args:
        case: the row of the case, with `ANSWERED`.
        when: how a moment is told.
        now: when the copy is made.
    """
    told = f"avant le {when(case['due'])}"
    if case["state"] != "open" or case["due"] > now or case.get(ANSWERED):
        return told
    return f"{told} ; ce délai est dépassé, et rien n’indique qu’une personne vous ait encore répondu"


def erased_when(case: Row, holds: Collection[Row], months: int, day: Callable[[datetime], str]) -> str:
    """Return when a case will be erased by its age.

    Args:
        case: its row.
        holds: the rows that say that it is held.
        months: how long a closed case is kept.
        day: how a day is told.
    """
    if case["state"] != "open" and case["closed_at"]:
        told = f"à partir du {day(months_after(case['closed_at'], months))}, {months} mois après sa clôture"
        told += ", s’il n’est pas rouvert" if not holds else ""
    else:
        told = f"{months} mois après sa clôture"
    return f"{told}, et pas avant la fin du gel" if holds else told


class CaseSteps:
    """The steps of a case at the time of the copy."""

    def __init__(
        self,
        case: Row,
        steps: Iterable[Row],
        happened: Iterable[Row],
        queue: Callable[[str], str],
        when: When,
        now: datetime,
    ) -> None:
        """Take the steps.

        Args:
            case: the row of the case.
            steps: the rows of its steps.
            happened: the rows of its events.
            queue: what a queue is called.
            when: how a moment is told.
            now: when the copy is made.
        """
        self._case = case
        self._steps = sorted(steps, key=lambda row: row["at"])
        self._queue = queue
        self._when = when
        self._now = now
        self._urgency_left: dict[str, datetime] = {}
        happened = sorted(happened, key=lambda row: row["at"])
        self._taken_at = max((row["at"] for row in happened if row["what"] == "taken"), default=None)
        self._answered_at = min((row["at"] for row in happened if row["what"] in ANSWERS), default=None)
        for event in happened:
            before, _after = (event["data"].get("changed") or {}).get("priority") or (None, None)
            if before is not None:
                self._urgency_left[before] = event["at"]

    def upcoming(self) -> Iterator[str]:
        """Yield what will happen to the case unless somebody sees to it before, the next first."""
        for step in self._steps:
            if not self._why_not_to_come(step):
                told = self._of_queue(step, _WILL)
                yield f"le {self._when(step['at'])}, {told}, {_UNLESS[Until(step['data']['until'])]}"

    def over(self) -> Iterator[str]:
        """Yield the steps that are not to come any more, each with what became of it, the earliest first."""
        for step in self._steps:
            if why := self._why_not_to_come(step):
                yield f"{self._of_queue(step, _STEP)}, prévu le {self._when(step['at'])} : {why}"

    def _of_queue(self, step: Row, words: Mapping[Action, str]) -> str:
        data = step["data"]
        return words[Action(data["does"])].format(queue=self._queue(data["to"]) if data.get("to") else "")

    def _why_not_to_come(self, step: Row) -> str:
        """Return what became of a step that is not to come; "" of one that is."""
        if step["state"] == _DONE:
            return "fait"
        ended = self._ended(step)
        if step["state"] != _WAITING:
            # It was looked at when it was due, and found to be needless.
            before = ended if ended and ended[0] <= (step["settled_at"] or step["at"]) else None
            return f"pas fait, {before[1]}" if before else "pas fait, quelqu’un s’était occupé du dossier avant"
        if step["at"] <= (self._now if ended is None else min(ended[0], self._now)):
            return "rien n’indique que cela a été fait"
        if ended is None:
            return ""
        if ended[1] == _PLANNED_ANEW:
            return _PLANNED_ANEW if self._has_one_for_all else _TO_BE_PLANNED
        return f"{'n’a pas eu lieu' if step['at'] <= self._now else 'n’aura pas lieu'}, {ended[1]}"

    def _seen_to(self, until: Until) -> tuple[datetime, str] | None:
        """Return since when what a step waits for has been done, and what that is; None where it has not."""
        if until is Until.TAKEN and self._case.get("owner") and self._taken_at is not None:
            return self._taken_at, "un agent s’en occupe"
        if until is Until.ANSWERED and self._case.get(ANSWERED) and self._answered_at is not None:
            return self._answered_at, "quelqu’un vous a répondu"
        return None

    @property
    def _has_one_for_all(self) -> bool:
        """Whether a step that is for all urgencies is planned with the one of today."""
        urgency = self._case["priority"]
        return any(each["data"].get("of_any") and each["data"]["priority"] == urgency for each in self._steps)

    def _ended(self, step: Row) -> tuple[datetime, str] | None:
        """Return since when a step has nothing to happen to any more, and why; None where it has."""
        planned_for = step["data"]["priority"]
        if self._case["state"] != "open":
            return self._case["closed_at"] or self._now, _CLOSED
        if planned_for == self._case["priority"]:
            return self._seen_to(Until(step["data"]["until"]))
        why = _PLANNED_ANEW if step["data"].get("of_any") else _OTHER_URGENCY
        return self._urgency_left.get(planned_for, self._now), why
