"""What it says of a place that a caretaker is named, or that somebody signs as one."""

from collections.abc import Iterable

import numpy as np

from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import Mention, Role
from dtm_contact.matching.places import Floats
from dtm_contact.model import Evidence

_NAMES_HIMSELF = frozenset({Role.SELF, Role.SIGNED})


class CaretakersNamed:
    """The caretaker whom a contact names, held against the entrances that those of his name look after."""

    def __init__(self, mentions: Iterable[Mention], index: MatchIndex) -> None:
        """Look the names up; of several caretakers the first counts."""
        mentions = tuple(mentions)
        self._index = index
        self._found = _found(mentions, index)
        self.may_sign_at = _looked_after(mentions, index)

    def __bool__(self) -> bool:
        """Tell whether a caretaker of the directory is named."""
        return bool(self._found)

    def bits(self, entrances: Numbers) -> Floats:
        """Return what it says for each of some entrances."""
        bits = np.zeros(len(entrances))
        for _mention, theirs in self._found:
            inside = np.isin(entrances, list(theirs))
            some = next(iter(theirs))
            here, elsewhere = self._index.caretaker_bits(some, theirs), self._index.caretaker_bits(-1, theirs)
            bits += np.where(inside, here, elsewhere)
        return bits

    def evidence(self, entrance: int) -> Iterable[Evidence]:
        """Yield what it says for one entrance."""
        for mention, entrances in self._found:
            bits = self._index.caretaker_bits(entrance, entrances)
            yield Evidence("place.caretaker", round(bits, 2), mention.seen, mention.span, mention.seen)


def _found(mentions: Iterable[Mention], index: MatchIndex) -> list[tuple[Mention, frozenset[int]]]:
    """Return the first caretaker named, with the entrances that those of that name look after."""
    found = []
    for mention in mentions:
        if mention.role is Role.CARETAKER:
            names = dict.fromkeys((*mention.words, "".join(mention.words)))
            entrances = frozenset().union(*(index.caretakers.get(name, frozenset()) for name in names))
            if entrances:
                found.append((mention, entrances))
    return found[:1]


def _looked_after(mentions: Iterable[Mention], index: MatchIndex) -> frozenset[int]:
    """Return the entrances of a caretaker whose surname is signed with an initial: "S. Benali" may be either."""
    signed = [each for each in mentions if each.role in _NAMES_HIMSELF and each.initials and len(each.words) == 1]
    return frozenset().union(*(index.caretakers.get(each.words[0], frozenset()) for each in signed))
