"""Which words of the lexicon a misspelt word may be: one slip of the finger, or written as it is heard."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from dtm_contact.directory.lookups import Keys
from dtm_contact.topics.stems import sound, stem

_SHORTEST_SLIP = 6
_TWO_SLIPS_FROM = 9
_SHORTEST_SOUND = 5
_LONGEST_WORD = 30
_CACHED_WORDS = 20_000
_SURE = 3
"""First letters that stemming leaves as they are: a word that begins as none of the lexicon needs no stem."""

_GLUED = ("l", "d", "qu", "un", "la", "le", "les", "des")


def slips_allowed(length: int) -> int:
    """Return how many slips (a letter more, less, other, or two swapped) a word of this length may hold."""
    if length < _SHORTEST_SLIP:
        return 0
    return 2 if length >= _TWO_SLIPS_FROM else 1


def _deletions(word: str) -> list[str]:
    """Return a word, and what is left of it when one letter is taken out."""
    return [word, *(word[:place] + word[place + 1 :] for place in range(len(word)))]


@dataclass(frozen=True, slots=True)
class Spelling:
    """Looks up the words of a lexicon by what people write.

    Attributes:
        words: the folded words of the lexicon as it writes them.
        not_misspelt: ordinary words that are never taken for a misspelling of another.
        short_forms: spellings of messages and what they stand for ("tjs" → "toujours").
    """

    words: frozenset[str]
    not_misspelt: frozenset[str]
    short_forms: Mapping[str, str]
    _stems: frozenset[str] = field(init=False, repr=False)
    _beginnings: frozenset[str] = field(init=False, repr=False)
    _by_sound: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    _long: tuple[str, ...] = field(init=False, repr=False)
    _by_deletion: Keys = field(init=False, repr=False)
    _cache: dict[tuple[str, bool], tuple[str, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Build the look-ups: by stem, by sound, and by what is left when one letter is taken out."""
        long = tuple(word for word in self.words if len(word) >= _SHORTEST_SLIP - 1 and word.isalpha())
        object.__setattr__(self, "_stems", frozenset(map(stem, self.words)))
        object.__setattr__(self, "_beginnings", frozenset(word[:_SURE] for word in self.words))
        object.__setattr__(self, "_by_sound", _grouped((sound(word), word) for word in long))
        object.__setattr__(self, "_long", long)
        object.__setattr__(self, "_by_deletion", Keys.of_each(map(_deletions, long)))

    def keys(self, word: str, name: bool) -> tuple[str, ...]:  # noqa: FBT001 (called once a word, by position)
        """Return the keys that a folded word is looked up by: itself after `=`, its stem, stems that it may stand for.

        A word that looks like a person's name is never taken for a misspelling.
        """
        known = self._cache.get((word, name))
        if known is None:
            known = self._find(word, name=name)
            if len(self._cache) < _CACHED_WORDS:
                self._cache[word, name] = known
        return known

    def _find(self, word: str, *, name: bool) -> tuple[str, ...]:
        word = self.short_forms.get(word, word)
        root = stem(word) if word[:_SURE] in self._beginnings else word
        own = (f"={word}", root)
        if name or root in self._stems or not _SHORTEST_SLIP - 1 <= len(word) <= _LONGEST_WORD or not word.isalpha():
            return own
        if word in self.not_misspelt or root in self.not_misspelt:
            return own
        meant = self._meant(word)
        return (*own, *dict.fromkeys((*map(stem, meant), *(f"={other}" for other in meant))))

    def _meant(self, word: str) -> Collection[str]:
        """Return the words of the lexicon that a word outside it may be, by slip, by sound, or glued to its article."""
        return self._by_slip(word) or self._heard(word) or self._unglued(word)

    def _by_slip(self, word: str) -> list[str]:
        candidates = map(self._long.__getitem__, self._by_deletion.of_any(_deletions(word)))
        near = [(OSA.distance(word, other), other) for other in candidates]
        allowed = [pair for pair in near if pair[0] <= slips_allowed(max(len(word), len(pair[1])))]
        best = min((distance for distance, _ in allowed), default=0)
        return sorted(other for distance, other in allowed if distance == best)

    def _heard(self, word: str) -> tuple[str, ...]:
        heard = sound(word)
        return self._by_sound.get(heard, ()) if len(heard) >= _SHORTEST_SOUND - 1 else ()

    def _unglued(self, word: str) -> list[str]:
        rests = [word[len(article) :] for article in _GLUED if word.startswith(article)]
        long = [rest for rest in rests if len(rest) >= _SHORTEST_SOUND]
        whole = [rest for rest in long if stem(rest) in self._stems]
        return whole or [meant for rest in long if rest not in self.not_misspelt for meant in self._by_slip(rest)]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, word in pairs:
        groups[key].append(word)
    return {key: tuple(sorted(set(words))) for key, words in groups.items()}
