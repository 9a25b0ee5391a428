"""Whether a text may tell of danger, at a glance: the phrases of the lexicon that make a message urgent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from dtm_contact.model import Priority
from dtm_contact.topics.hits import MATTERS
from dtm_contact.topics.lexicon import Entry, Frailty, Lexicon, Role
from dtm_contact.topics.passage import passage_of
from dtm_contact.topics.phrase import PhraseIndex


class _Sign(Enum):
    """What a phrase tells: danger; an outage; somebody whom an outage puts in danger."""

    DANGER = auto()
    OUTAGE = auto()
    FRAIL = auto()


_TOGETHER = {_Sign.OUTAGE, _Sign.FRAIL}


@dataclass(frozen=True, slots=True)
class DangerGlance:
    """Looks for phrases of danger, whatever is said of them.

    It finds more than is danger (what is denied, quoted, over), and misses danger that is told without a phrase of the
    lexicon, which only the learned model hears.
    """

    lexicon: Lexicon
    _index: PhraseIndex[_Sign] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the index over the phrases of danger alone."""
        signs = ((phrase, _sign(entry, self.lexicon)) for phrase, entry in self.lexicon.entries)
        entries = [(phrase, sign) for phrase, sign in signs if sign is not None]
        object.__setattr__(self, "_index", PhraseIndex(entries, self.lexicon.small_words))

    def sees(self, texts: Iterable[str]) -> bool:
        """Tell whether a phrase of danger stands in the texts, or an outage and somebody whom it puts in danger."""
        passage = passage_of(texts, self.lexicon.spelling.keys)
        found = set()
        for sign, _ in self._index.find(passage):
            found.add(sign)
            if sign is _Sign.DANGER or len(found & _TOGETHER) == len(_TOGETHER):
                return True
        return False


def _sign(entry: Entry, lexicon: Lexicon) -> _Sign | None:
    topic = lexicon.topics.get(entry.topic)
    if entry.role is Role.GRAVE:
        return _Sign.FRAIL
    if entry.role is Role.SEVERE:
        return _Sign.DANGER if entry.value == Priority.P1 else None
    if topic is None or entry.role not in MATTERS:
        return None
    points = entry.alone if entry.group else entry.points
    if topic.priority is Priority.P1:
        return _Sign.DANGER if points >= lexicon.limits.topic else None
    return _Sign.OUTAGE if topic.frailty is Frailty.OUTAGE else None
