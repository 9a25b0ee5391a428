"""Whether a text may tell of danger, at a glance: the phrases of the lexicon that make a message urgent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from dtm_contact.model import Priority
from dtm_contact.topics.hits import MATTERS
from dtm_contact.topics.lexicon import Entry, Frailty, Lexicon, Role
from dtm_contact.topics.passage import Passage, passage_of
from dtm_contact.topics.phrase import PhraseIndex
from dtm_contact.topics.understand import Words, words_in


class _Sign(Enum):
    """What a phrase tells: danger; an outage; somebody whom an outage puts in danger."""

    DANGER = auto()
    OUTAGE = auto()
    FRAIL = auto()


_TOGETHER = {_Sign.OUTAGE, _Sign.FRAIL}


@dataclass(frozen=True, slots=True)
class DangerGlance:
    """Looks for phrases of danger, without the learned model and without telling a message's parts apart.

    So it finds more than is danger (what is quoted, what the model would take back), and misses danger that is told
    without a phrase of the lexicon, which only the model hears.
    """

    lexicon: Lexicon
    _index: PhraseIndex[_Sign] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the index over the phrases of danger alone."""
        signs = ((phrase, _sign(entry, self.lexicon)) for phrase, entry in self.lexicon.entries)
        entries = [(phrase, sign) for phrase, sign in signs if sign is not None]
        object.__setattr__(self, "_index", PhraseIndex(entries, self.lexicon.small_words))

    def sees(self, texts: Iterable[str], day: date) -> bool:
        """Tell whether texts may tell of danger.

        First a phrase of danger is looked for, or an outage and somebody whom it puts in danger. Only where they are
        there it is weighed, as for a message that is judged, whether it is denied, over, or said of something else.

        Args:
            texts: what was written.
            day: today.
        """
        passage = passage_of(texts, self.lexicon.spelling.keys)
        return self._has_signs(passage) and self._is_urgent(words_in(passage, day, self.lexicon))

    def _has_signs(self, passage: Passage) -> bool:
        found = set()
        for sign, _ in self._index.find(passage):
            found.add(sign)
            if sign is _Sign.DANGER or found >= _TOGETHER:
                return True
        return False

    def _is_urgent(self, words: Words) -> bool:
        least = self.lexicon.limits.topic
        return any(item.priority is Priority.P1 and item.points >= least for item in words.found)


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
