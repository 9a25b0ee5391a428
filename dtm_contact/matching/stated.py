"""An agent's own word on whom a contact is about goes before all that was weighed."""

from dataclasses import replace
from datetime import date

from dtm_contact.directory import Directory, on_duty, on_duty_in_residence
from dtm_contact.model import Candidate, Evidence, Likely, Match, OnDuty, Stated

_BITS = 20.0


def as_stated(weighed: Match, stated: Stated, directory: Directory, on: date) -> Match:
    """Return the match with what the agent said put in; what he said nothing of, or nothing known, stays.

    Args:
        weighed: what the words of the contact say.
        stated: what the agent said.
        directory: the estate.
        on: the day, for who is on duty.
    """
    dwelling_id = _dwelling(stated, directory, on)
    residence_id = _residence(stated, dwelling_id, directory)
    named = stated.tenant_id if stated.tenant_id and directory.leases_of(stated.tenant_id) else None
    if named is None and dwelling_id is None and residence_id is None:
        return weighed
    residence = directory.residences.get(residence_id or "")
    return replace(
        weighed,
        candidates=_candidates(weighed, named, dwelling_id, residence_id, stated.by),
        tenant=Likely(named, 1.0) if named else _still(weighed, dwelling_id),
        dwelling=Likely(dwelling_id, 1.0) if dwelling_id else None,
        residence=Likely(residence_id, 1.0) if residence_id else None,
        home=None,
        office_id=residence.office_id if residence else weighed.office_id,
        caretakers=_caretakers(dwelling_id, residence_id, directory, on),
    )


def _dwelling(stated: Stated, directory: Directory, on: date) -> str | None:
    if stated.dwelling_id is not None:
        return stated.dwelling_id if stated.dwelling_id in directory.dwellings else None
    home = directory.home(stated.tenant_id, on) if stated.tenant_id else None
    return home.dwelling_id if home else None


def _residence(stated: Stated, dwelling_id: str | None, directory: Directory) -> str | None:
    if dwelling_id is not None:
        residence = directory.residence_of(dwelling_id)
        return residence.residence_id if residence else None
    return stated.residence_id if stated.residence_id in directory.residences else None


def _still(weighed: Match, dwelling_id: str | None) -> Likely | None:
    """Return the tenant whom the words name, where he lives where the agent says."""
    if weighed.tenant is None or weighed.dwelling is None or weighed.dwelling.id != dwelling_id:
        return None
    return weighed.tenant


def _candidates(
    weighed: Match, named: str | None, dwelling_id: str | None, residence_id: str | None, by: str
) -> tuple[Candidate, ...]:
    if named is None:
        return weighed.candidates
    said = Evidence("agent.said", _BITS, named, None, by)
    first = Candidate(named, dwelling_id, residence_id, 1.0, _BITS, (said,))
    others = (replace(each, probability=0.0) for each in weighed.candidates if each.tenant_id != named)
    return (first, *others)


def _caretakers(
    dwelling_id: str | None, residence_id: str | None, directory: Directory, on: date
) -> tuple[OnDuty, ...]:
    if dwelling_id is not None:
        return on_duty(directory, directory.dwellings[dwelling_id].address_id, on)
    return on_duty_in_residence(directory, residence_id, on) if residence_id else ()
