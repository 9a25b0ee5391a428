"""The names that the directory knows, of people and of places, and how likely each is what somebody wrote.

Weights follow Fellegi and Sunter (1969), with Winkler's frequencies: the likelihood ratio of a name `v` for a word `q`
is P(q|v) / P(q), where P(q) sums over all names near `q`, each by its own frequency (the noisy channel). So a rare name
weighs more than a common one, a misspelling less than the right spelling, and one that is another name next to nothing.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from dtm_contact.directory import Address, Records
from dtm_contact.directory.lines import column, columns
from dtm_contact.directory.lookups import Keys, Numbers
from dtm_contact.text import (
    ARABIC_ARTICLE,
    STREET_TYPES,
    HouseNumber,
    consonants,
    fold,
    parse_house_number,
    place_words,
    sound,
    sound_once,
    street_words,
)

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
        """Return whether the word is one of the names, or a word of a compound one."""
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


Key = TypeVar("Key")
Levels = NDArray[np.int8]

_NUMBERS_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Entrance:
    """An entrance, its names ready for comparison; `share` is its part of all dwellings of the estate."""

    address_id: str
    residence_id: str
    house: HouseNumber | None
    street: tuple[str, ...]
    postcode: str
    commune: tuple[str, ...]
    building: str
    staircase: str
    share: float
    label: str


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A name that may stand in a text: `words` in order, and who bears it (residence ids, or the words of communes)."""

    kind: str
    words: tuple[str, ...]
    refers: tuple[str, ...]


THE_SAME_HOUSE = 4  # of the levels of `Compared.going_with`
_CITE, _RESIDENCE = "cite", "residence"
_OF_THE_PLACE = frozenset({"sur", "sous", "les", "lez", "des", "aux", "en", "la", "le"})


def commune_names(commune: str) -> list[tuple[str, ...]]:
    """Return the ways of naming a commune: in full, and cut before its particle ("Champigny-sur-Marne" → champigny)."""
    full = place_words(commune)
    raw = fold(commune).replace("'", " ").replace("-", " ").split()
    names = [full]
    for position, word in enumerate(raw):
        if position and word in _OF_THE_PLACE:
            names.append(place_words(" ".join(raw[:position])))
            break
    if len(full) > 1 and full[0] not in {"saint", "sainte"}:
        names.append(full[:1])
    # "Le Kremlin-Bicêtre" is Bicêtre to those who live there; half of a saint's name is another place.
    return [name for name in dict.fromkeys(names) if name and len(name[0]) > len("le")]


def numbered(values: Iterable[Key]) -> tuple[dict[Key, int], Numbers]:
    """Return the distinct values, each with a number, and the number of each of the values."""
    numbers: dict[Key, int] = {}
    found = [numbers.setdefault(value, len(numbers)) for value in values]
    return numbers, np.array(found, np.int32)


class Compared:
    """What is compared of an entrance, as numbers in arrays: `streets["rosa parks"]` is the street's number."""

    def __init__(self, entrances: list[Entrance]) -> None:
        """Number the streets, communes, postcodes and letters of all entrances."""
        self.streets, self.street = numbered(" ".join(each.street) for each in entrances)
        self.communes, self.commune = numbered(" ".join(each.commune) for each in entrances)
        self.postcodes, self.postcode = numbered(each.postcode for each in entrances)
        self.buildings, self.building = numbered(each.building for each in entrances)
        self.staircases, self.staircase = numbered(each.staircase for each in entrances)
        self.houses, self.house = numbered(each.house for each in entrances)
        self._suffixes, self._suffix = numbered(each.suffix if each else "" for each in self.houses)
        self._low = np.array([each.low if each else -1 for each in self.houses], np.int32)
        self._high = np.array([each.high if each else -1 for each in self.houses], np.int32)
        self.going_with: Callable[[HouseNumber], Levels] = lru_cache(maxsize=_NUMBERS_REMEMBERED)(self._going_with)
        """Return of each of the `houses` how far it goes with one that is said.

        0: it is none; 1: another; 2: of the suffix or the range alone is more or less said; 3: within the range said;
        4: the same.
        """

    def _going_with(self, said: HouseNumber) -> Levels:
        low, high = self._low, self._high
        near = (low <= said.low) & (said.high <= high)
        same = (low == said.low) & (high == said.high) & (self._suffix == self._suffixes.get(said.suffix, -1))
        within = same
        if said.low < said.high:
            inside = (said.low <= low) & (high <= said.high)
            near, within = near | inside, same | inside
        # Each of these holds where the next one does.
        levels: Levels = (low >= 0).astype(np.int8) + near + within + same
        return levels


class Gazetteer:
    """Entrances and every name by which a text may mean them."""

    def __init__(self, records: Records) -> None:
        """Index the names of the estate's places."""
        dwellings = _dwellings_at(records)
        total = sum(dwellings.values()) or 1
        self.entrances = [_entrance(each, dwellings.get(each.address_id, 0) / total) for each in records.addresses]
        self.entrance_by_id = {each.address_id: position for position, each in enumerate(self.entrances)}
        self.by_street = _positions((each.street, n) for n, each in enumerate(self.entrances))
        self.by_residence = _positions((each.residence_id, n) for n, each in enumerate(self.entrances))
        self.by_commune = _positions((each.commune, n) for n, each in enumerate(self.entrances))
        self.street_by_word = _by_word(self.by_street)
        self.street_kinds = _street_kinds(records)
        self.street_vocabulary = Vocabulary(dict.fromkeys((w for w in self.street_by_word if not w.isdigit()), 1))
        self.glued_streets = _glued_streets(records)
        self.streets_in_one = Vocabulary(dict.fromkeys(self.glued_streets, 1))
        self.names = _names_by_first_word([*_residence_names(records), *_commune_names(records)])
        self.name_vocabulary = Vocabulary(dict.fromkeys((w for w in self.names if not w.isdigit()), 1))
        self.residence_ids, self.residence = numbered(each.residence_id for each in self.entrances)
        self.share = np.array([each.share for each in self.entrances], np.float64)
        self.compared = Compared(self.entrances)
        self.postcodes = frozenset(each.postcode for each in self.entrances if each.postcode)

    def numbered(self, house: HouseNumber) -> set[int]:
        """Return the entrances that bear a number."""
        same = self.compared.going_with(house) >= THE_SAME_HOUSE
        return set(np.flatnonzero(same.take(self.compared.house)).tolist())


def _dwellings_at(records: Records) -> Counter[str]:
    return Counter(at for at, kind in columns(records.dwellings, "address_id", "kind") if kind == "dwelling")


def _entrance(address: Address, share: float) -> Entrance:
    return Entrance(
        address.address_id,
        address.residence_id,
        parse_house_number(address.house_number),
        street_words(address.street),
        address.postcode,
        place_words(address.commune),
        fold(address.building).strip(),
        fold(address.staircase).strip(),
        share,
        " ".join(filter(None, (address.house_number, address.street, address.commune, address.building))),
    )


def _positions(pairs: Iterable[tuple[Key, int]]) -> dict[Key, list[int]]:
    table: dict[Key, list[int]] = {}
    for key, position in pairs:
        table.setdefault(key, []).append(position)
    return table


def _street_kinds(records: Records) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Return each kind of street ("rue") with the words that tell the street apart."""
    written = {each.street for each in records.addresses}
    return frozenset(
        (STREET_TYPES.get(place_words(each)[:1][0], ""), street_words(each)) for each in written if place_words(each)
    )


def _glued_streets(records: Records) -> dict[str, list[str]]:
    """Return the streets of several words by their whole name without its kind, written as one word ("valdosne")."""
    table: dict[str, list[str]] = {}
    for street in dict.fromkeys(each.street for each in records.addresses):
        words, written = street_words(street), re.findall("[a-z]+", fold(street))
        if len(words) > 1 and words[0] in written:
            table.setdefault("".join(written[written.index(words[0]) :]), []).append(" ".join(words))
    return table


def _by_word(streets: Iterable[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    table: dict[str, list[tuple[str, ...]]] = {}
    for street in streets:
        for word in dict.fromkeys(street):
            table.setdefault(word, []).append(street)
    return table


def _residence_names(records: Records) -> Iterable[PlaceName]:
    bearers: dict[tuple[str, ...], list[str]] = {}
    plain: dict[tuple[str, ...], list[str]] = {}
    firsts = {fold(name) for name in column(records.leases, "first_name")}
    for residence in records.residences:
        for name in dict.fromkeys(map(place_words, (residence.name, *residence.aliases))):
            words = name[1:] if len(name) > 1 and name[0] in {_CITE, _RESIDENCE} else name
            for form in dict.fromkeys((name, words, *_surnames(words, firsts))):
                if form:
                    bearers.setdefault(form, []).append(residence.residence_id)
            if name == words:
                plain.setdefault(words, []).append(residence.residence_id)
    for form in bearers:
        # "La résidence Hoche" may be one that is called Hoche, but not the "cité Hoche".
        if form[0] == _RESIDENCE and len(form) > 1:
            bearers[form] += plain.get(form[1:], ())
    return [PlaceName("residence", words, tuple(ids)) for words, ids in bearers.items()]


def _surnames(words: tuple[str, ...], firsts: Container[str]) -> Iterator[tuple[str, ...]]:
    """Yield what is left of somebody's name without the first name: "Eugène-Varlin" is Varlin to its tenants."""
    if len(words) > 1 and words[0] in firsts and len(words[-1]) > len("le"):
        yield words[1:]


def _commune_names(records: Records) -> Iterable[PlaceName]:
    bearers: dict[tuple[str, ...], list[str]] = {}
    for commune in sorted({each.commune for each in records.addresses} | {each.commune for each in records.residences}):
        for name in commune_names(commune):
            bearers.setdefault(name, []).append(" ".join(place_words(commune)))
    return [PlaceName("commune", words, tuple(communes)) for words, communes in bearers.items()]


def _names_by_first_word(names: Iterable[PlaceName]) -> dict[str, list[PlaceName]]:
    table: dict[str, list[PlaceName]] = {}
    for name in names:
        table.setdefault(name.words[0], []).append(name)
    for same in table.values():
        same.sort(key=lambda name: -len(name.words))
    return table
