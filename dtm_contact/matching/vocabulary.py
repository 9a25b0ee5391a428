"""The names that the directory knows, and how likely each is what somebody wrote (the noisy channel).

Weights follow Fellegi and Sunter (1969), with Winkler's frequencies: the likelihood ratio of a name `v` for a word `q`
is P(q|v) / P(q), where P(q) sums over all names near `q`, each by its own frequency. So a rare name weighs more than a
common one, a misspelling less than the right spelling, and a misspelling that is another name next to nothing.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache

from rapidfuzz.distance import OSA

from dtm_contact.directory.lookups import Keys
from dtm_contact.text import ARABIC_ARTICLE, consonants, sound, sound_once

# P(q|v) for one spelling `q` of each level: the share of people who write so, over the spellings that the level has.
EXACT = 0.8
SAME_SOUND = 0.02
ONE_EDIT = 0.003
TWO_EDITS = 0.00003
PART = 0.03
"""One word of a compound name ("Joseph" for Joseph-Auguste)."""

IN_ARABIC = 0.2
"""The consonants of a name, in Arabic letters: several spellings in Latin ones, and some other names, have them."""

SHORT_FORM = 0.01
"""The beginning of a first name ("Nath" for Nathalie)."""

OUTSIDE = 3e-6
"""P(q) of a word that no name of the directory explains: people whom the directory does not hold."""

_REMEMBERED = 16_384
_FEW_NAMES = 8_192
_SHORTEST_FUZZY = 4
_SHORTEST_FORM = 3
_SHORTEST_TWO_EDITS = 7
_MOST_EDITS = 2


def _deletions(word: str) -> list[str]:
    return [word, *[word[:position] + word[position + 1 :] for position in range(len(word))]]


class Vocabulary:
    """Distinct names with their frequencies; finds the near ones of a word by symmetric deletion and by sound.

    Attributes:
        names: each name once; its place is its number.
        number: the number of each name.
    """

    def __init__(
        self, counts: Mapping[str, int], parts: Mapping[str, Iterable[str]] | None = None, *, short_forms: bool = False
    ) -> None:
        """Index the names.

        Args:
            counts: how many people bear each name, folded and glued.
            parts: for one word of a compound name, the names that hold it.
            short_forms: whether the beginning of a name may stand for it ("Nath", "Kev").
        """
        total = sum(counts.values()) or 1
        self.names = tuple(counts)
        self.number = {name: number for number, name in enumerate(self.names)}
        self._frequency = array("d", (count / total for count in counts.values()))
        self._parts = {part: tuple(names) for part, names in (parts or {}).items()}
        self._near = Keys.of_each(_deletions(name) if len(name) >= _SHORTEST_FUZZY else () for name in self.names)
        # How few names sound is remembered for the contacts to come; tens of thousands would take 5 MB and push it out.
        heard = sound if len(self.names) <= _FEW_NAMES else sound_once
        self._sounds = Keys.of_one(map(heard, self.names))
        self._short = Keys.of_each(map(_beginnings, self.names if short_forms else ()))

        self.channel: Callable[[str], Mapping[str, float]] = lru_cache(maxsize=_REMEMBERED)(self._channel)
        """Return P(word | name) for each name that may be meant by the folded, glued word."""

    def __contains__(self, word: str) -> bool:
        """Tell whether the word is one of the names, or a word of a compound one."""
        return word in self.number or word in self._parts or bool(self._in_arabic(word))

    def _in_arabic(self, word: str) -> list[int]:
        """Return the names, by number, that a word in Arabic letters may be."""
        if word.isascii():
            return []
        # "الجبالي" is Jebali here and El Jebali there.
        spellings = {consonants(word), consonants(word.removeprefix(ARABIC_ARTICLE))}
        return sorted(self._consonants.of_any([told for told in spellings if len(told) > 1]))

    @cached_property
    def _consonants(self) -> Keys:
        return Keys.of_one(map(consonants, self.names))

    def _channel(self, word: str) -> Mapping[str, float]:
        if not word.isascii():
            return dict.fromkeys([self.names[number] for number in self._in_arabic(word)], IN_ARABIC)
        likely: dict[str, float] = {}
        if len(word) >= _SHORTEST_FUZZY:
            near = [self.names[number] for number in sorted(self._near.of_any(_deletions(word)))]
            likely = {name: chance for name in near if (chance := _by_distance(word, name))}
        for number in self._sounds.get(sound(word)) if len(word) > 1 else ():
            likely[self.names[number]] = max(likely.get(self.names[number], 0.0), SAME_SOUND)
        for number in self._short.get(word):
            likely[self.names[number]] = max(likely.get(self.names[number], 0.0), SHORT_FORM)
        for name in self._parts.get(word, ()):
            likely[name] = PART
        if word in self.number:
            likely[word] = EXACT
        return likely

    def ratios(self, word: str) -> dict[str, float]:
        """Return the likelihood ratio P(word | name) / P(word) of each name that may be meant."""
        likely = self.channel(word)
        anyone = OUTSIDE + sum(self._frequency[self.number[name]] * chance for name, chance in likely.items())
        return {name: chance / anyone for name, chance in likely.items()}


def _beginnings(name: str) -> Iterable[str]:
    return (name[:length] for length in range(_SHORTEST_FORM, len(name) - 1))


def _by_distance(word: str, name: str) -> float:
    distance = OSA.distance(word, name, score_cutoff=_MOST_EDITS)
    if distance <= 1:
        return ONE_EDIT
    return TWO_EDITS if distance <= _MOST_EDITS and len(name) >= _SHORTEST_TWO_EDITS else 0.0
