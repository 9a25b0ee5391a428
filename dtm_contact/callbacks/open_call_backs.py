"""The open call-backs of a log at rest, kept in memory."""

from dtm_contact.callbacks.standing import call_back_after
from dtm_contact.model import Call, CallBack, Standing


class OpenCallBacks:
    """Open call-backs by party; one a party. What is closed is forgotten, so is a withheld caller: nothing can join."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_party: dict[str, CallBack] = {}

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the open call-back of a party, or None."""
        return self._by_party.get(party)

    def record(self, call: Call, standing: Standing) -> None:
        """Take into account what a call opened, joined or closed."""
        if standing.party is None:
            return
        if standing.closes is not None:
            self._by_party.pop(standing.party, None)
            return
        after = call_back_after(call, standing)
        if after is not None and call.key is not None:
            self._by_party[standing.party] = after

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._by_party)
