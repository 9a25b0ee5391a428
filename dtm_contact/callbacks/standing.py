"""The life of a call-back, as a function of a call and of what is open: opened, joined, closed."""

from collections.abc import Sequence

from dtm_contact.model import RECENT_KEPT, Call, CallBack, CallBacks, Outcome, Standing

_WITHOUT_CALL_BACK = frozenset({Outcome.INTERNAL, Outcome.OTHER_DID})


def party_of(call: Call, household: str | None) -> str:
    """Return whose call-back it is.

    Args:
        call: the call.
        household: the one dwelling that its number tells, or None.

    Returns:
        The household; else the number; a withheld caller is a party of their own each time.
    """
    if household is not None:
        return household_party(household)
    return f"number:{call.key}" if call.key is not None else f"call:{call.id}"


def household_party(dwelling_id: str) -> str:
    """Return the party that the people of a dwelling are."""
    return f"household:{dwelling_id}"


def standing_of(
    call: Call, household: str | None, homes: Sequence[str], call_backs: CallBacks, *, automated: bool = False
) -> Standing:
    """Return which call-back a call opens, joins or closes.

    Args:
        call: the call.
        household: the one dwelling that its number tells, or None.
        homes: all dwellings of the people who have the number: an answered call closes what one of them waits for.
        call_backs: what is open.
        automated: the caller is a machine that nobody has to call.
    """
    if call.outcome in _WITHOUT_CALL_BACK:
        return Standing()
    party = party_of(call, household)
    if automated:
        return Standing(party=party, automated=True)
    if call.outcome.spoke:
        return _closing(party, homes, call_backs)
    if not call.outcome.needs_call_back:
        return Standing(party=party)
    joined = call_backs.open_call_back(party)
    if joined is None:
        return Standing(party=party, count=1, recent=(call.started_at,))
    recent = (*joined.recent, call.started_at)[-RECENT_KEPT:]
    return Standing(party=party, joins=joined.opened_by, count=joined.count + 1, recent=recent)


def call_back_after(call: Call, standing: Standing) -> CallBack | None:
    """Return the call-back as it is open after a call that opened or joined it; None where the call did neither."""
    if standing.automated or standing.party is None or standing.count is None or standing.closes is not None:
        return None
    return CallBack(standing.joins or call.id, standing.party, standing.count, standing.recent)


def _closing(party: str, homes: Sequence[str], call_backs: CallBacks) -> Standing:
    for waiting in dict.fromkeys((party, *map(household_party, homes))):
        found = call_backs.open_call_back(waiting)
        if found is not None:
            return Standing(party=waiting, closes=found.opened_by, count=found.count, recent=found.recent)
    return Standing(party=party)
