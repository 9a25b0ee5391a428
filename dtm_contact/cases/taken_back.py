"""Which events still stand, and how what one of them did is taken back."""

from collections.abc import Iterable
from typing import Any

from dtm_contact.cases.refusals import ChangedMeanwhileError, WrongStateError
from dtm_contact.store import CaseTransaction, Event, LockedCase
from dtm_contact.store.case_transactions import as_json, from_json

UNDONE = "undone"
WITHDRAWN = "saisie annulée"
"""Why an entry of the register ended that was a slip of the hand."""


def standing(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the changes made by hand that nobody has taken back, oldest first."""
    events = tuple(events)
    undone = {event.data["undoes"] for event in events if event.what == UNDONE and "undoes" in event.data}
    return tuple(event for event in events if "changed" in event.data and event.id not in undone)


def handed_over(events: Iterable[Event], who: str) -> bool:
    """Return whether the last change that stands is that somebody handed the case over to another queue."""
    changes = standing(events)
    return bool(changes) and (changes[-1].what, changes[-1].who) == ("moved", who)


def take_back(work: CaseTransaction, held: LockedCase, event: Event) -> dict[str, list[Any]]:
    """Undo what an event of a case did, to other cases too; return what changed in the case.

    Raises:
        ChangedMeanwhileError: what it changed has been changed again since.
        WrongStateError: the case that it split off has been worked on.
    """
    data = event.data
    work.take_label_back(event)
    for kind, value, tenant_id in data.get("confirmed", ()):
        work.withdraw_confirmation(value, tenant_id)
        del kind
    for kind, value, tenant_id in data.get("withdrawn", ()):
        work.confirm(held, kind, value, tenant_id)
    for arrival_id, whom in data.get("concerned", ()):
        work.set_whom([arrival_id], tuple(whom))
    for entry_id in data.get("registered", ()):
        work.end_entry(entry_id, held.case.number, WITHDRAWN)
    for entry_id in data.get("ended", ()):
        work.restore_entry(entry_id)
    if "moved" in data:
        work.move_contacts(data["moved"], held)
    if "other" in data:
        _on_the_other(work, held, data)
    return _put_back(work, held, data["changed"])


def _put_back(work: CaseTransaction, held: LockedCase, changed: dict[str, list[Any]]) -> dict[str, list[Any]]:
    for name, (_before, after) in changed.items():
        if as_json(getattr(held.case, name)) != after:
            raise ChangedMeanwhileError(held.case.number)
    return work.change(held, **{name: from_json(name, before) for name, (before, _after) in changed.items()})


def _on_the_other(work: CaseTransaction, held: LockedCase, data: dict[str, Any]) -> None:
    told = data["other"]
    (other,) = work.lock(told["number"])
    if told["linked"]:
        work.unlink(held, other)
        work.unlink(other, held)
    changed: dict[str, Any] = {}
    if told.get("opened"):
        if other.case.version > 1:
            raise WrongStateError(f"le dossier {other.case.number} a été travaillé depuis")
        changed = work.change(
            other, state="closed", closed_at=work.now, done_reason=f"réuni à nouveau au {held.case.number}"
        )
    elif told["changed"]:
        changed = _put_back(work, other, told["changed"])
    work.add_event(other, UNDONE, {"with": held.case.number, "restored": changed})
