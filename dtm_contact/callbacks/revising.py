"""A call that is told anew, since something came late: where it stands is judged by what was open when it ended."""

from dtm_contact.model import Call, CallBack, Outcome, Standing


class AsBefore:
    """Answers what was answered when the call was judged first: what happened since does not move it."""

    def __init__(self, standing: Standing) -> None:
        """Take where the call stood."""
        self._standing = standing

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the call-back that the call had joined or closed, as it was before that; None for any other party."""
        before = self._standing
        if party != before.party or before.count is None:
            return None
        if before.closes is not None:
            return CallBack(before.closes, party, before.count, before.recent)
        if before.joins is not None:
            return CallBack(before.joins, party, before.count - 1, before.recent[:-1])
        return None


def same_consequence(call: Call, before: Outcome) -> bool:
    """Return whether a call asks for the same as by its outcome before: a call-back, none, or the end of one."""
    return (call.outcome.needs_call_back, call.outcome.spoke) == (before.needs_call_back, before.spoke)
