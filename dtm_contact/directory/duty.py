"""Which caretakers are on duty: who is assigned, who of them is away, and who stands in."""

from collections.abc import Iterable
from datetime import date

from dtm_contact.directory.index import Directory
from dtm_contact.directory.records import Absence, Assignment
from dtm_contact.model import OnDuty


def on_duty(directory: Directory, address_id: str, on: date) -> tuple[OnDuty, ...]:
    """Return who is on duty for an entrance on a day, in the order of the assignments.

    Assignments and absences hold on their first and on their last day. A replacement who is away too is replaced
    in turn. An assigned caretaker for whom nobody stands in counts (`id` None) only where no one else is there.
    """
    found: dict[str, OnDuty] = {}
    vacant: dict[str, OnDuty] = {}
    for assigned in _assigned(directory.assignments_at(address_id), on):
        duty = _who_is_there(directory, assigned, on)
        if duty.id is None:
            vacant[assigned] = duty
        elif duty.replaces is None:
            # Whoever is there in their own right and stands in for a colleague too is there once, in their own right.
            found[duty.id] = duty
        else:
            found.setdefault(duty.id, duty)
    return tuple((found or vacant).values())


def on_duty_in_residence(directory: Directory, residence_id: str, on: date) -> tuple[OnDuty, ...]:
    """Return who is on duty in a residence on a day, where the entrance is not known.

    Returns:
        Those on duty where all entrances have the same; else all who are on duty at any of them, which are several.
        Nobody where one caretaker is alone at some entrances and none is known at the others: that they are the one
        cannot be said.
    """
    by_entrance = [on_duty(directory, entrance.address_id, on) for entrance in directory.entrances(residence_id)]
    everyone = _together(by_entrance)
    if all({_name(duty) for duty in there} == everyone.keys() for there in by_entrance):
        return tuple(everyone.values())
    several = tuple(duty for duty in everyone.values() if duty.id is not None)
    return several if len(several) > 1 else ()


def _name(duty: OnDuty) -> tuple[str | None, str | None]:
    return (duty.id, None) if duty.id is not None else (None, duty.replaces)


def _together(entrances: Iterable[tuple[OnDuty, ...]]) -> dict[tuple[str | None, str | None], OnDuty]:
    """Return everyone once; whom they replace only where that is the same at all entrances where they are."""
    everyone: dict[tuple[str | None, str | None], OnDuty] = {}
    for there in entrances:
        for duty in there:
            if everyone.setdefault(_name(duty), duty) != duty:
                everyone[_name(duty)] = OnDuty(duty.id)
    return everyone


def _assigned(assignments: Iterable[Assignment], on: date) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(line.caretaker_id for line in assignments if _covers(line.start_date, line.end_date, on))
    )


def _covers(start: date | None, end: date | None, on: date) -> bool:
    return (start is None or start <= on) and (end is None or on <= end)


def _absence(directory: Directory, caretaker_id: str, on: date) -> Absence | None:
    """Return the absence of a caretaker on a day; of several the one that began last, then one with a replacement."""
    current = [line for line in directory.absences_of(caretaker_id) if _covers(line.start_date, line.end_date, on)]
    return max(current, key=lambda line: (line.start_date, bool(line.replacement_id)), default=None)


def _who_is_there(directory: Directory, assigned: str, on: date) -> OnDuty:
    passed = {assigned}
    caretaker = assigned
    while (absence := _absence(directory, caretaker, on)) is not None:
        caretaker = absence.replacement_id
        if not caretaker or caretaker in passed:
            return OnDuty(None, replaces=assigned)
        passed.add(caretaker)
    return OnDuty(caretaker, replaces=None if caretaker == assigned else assigned)
