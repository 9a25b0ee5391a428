"""Finding what a text says of places: streets with numbers, residences, communes, buildings, floors, doors."""

from collections.abc import Iterable
from dataclasses import replace

from rapidfuzz.distance import OSA

from dtm_contact.matching.gazetteer import Gazetteer
from dtm_contact.matching.house_numbers import house_alone, house_before
from dtm_contact.matching.inside_mentions import Atom, detail
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.place_names import place_name, significant
from dtm_contact.matching.vocabulary import ONE_EDIT
from dtm_contact.matching.words import (
    AT_WHOSE_HOME,
    COUNTED,
    LOCATIVES,
    NUMBER_CUES,
    NUMBERED,
)
from dtm_contact.text import (
    LITTLE_WORDS,
    STREET_TYPES,
    HouseNumber,
    parse_house_number,
    written_out,
)

_LONG = 5  # letters from which a word stays itself with a slip
_CLOSE = 3  # characters between two words of one address: a comma and spaces
_MOST_WORDS_OF_A_NAME = 4
_MOST_DIGITS_OF_A_HOUSE = 3
_DIGITS_OF_A_POSTCODE = 5
_DIGITS_OF_A_YEAR = 4
_CHEMIN = "che"
_EN_ROUTE = ("en", "route")
_ENDS = frozenset(".\n")
_SUFFIXES = frozenset({"bis", "ter"})
_SHORTEST_BEGINNING = 4
_SHORTEST_MISSPELT = 4  # letters of a kind of street
_KIND_LEFT_OUT, _KIND_AND_NUMBER_WRONG = 0.95, 0.8
"""How surely a street is meant whose kind is not said, with a number that it has, and with another."""
_ALL_OF_IT = 1.0
_BY_SURNAME = 0.9
_NEARLY_WHOLE = 0.8
"""How much of a street's name must follow a single letter for "rue"."""
MOST_ATOMS = 60
"""Places read in one passage; a text that names more is a list."""


def find_atoms(passage: Passage, gazetteer: Gazetteer) -> list[Atom]:
    """Return what a passage says of places, in order; of two readings of one stretch the street's holds."""
    atoms: list[Atom] = []
    taken = -1
    for position, word in enumerate(passage.words):
        if position <= taken:
            continue
        found, last = _at(passage, position, word, gazetteer)
        atoms.extend(found)
        taken = max(taken, last)
        if len(atoms) >= MOST_ATOMS:
            break
    return _number_elsewhere(passage, atoms, gazetteer)


def _number_elsewhere(passage: Passage, atoms: list[Atom], gazetteer: Gazetteer) -> list[Atom]:
    """Give the one street of a passage the number that stands elsewhere ("rue Hoche … tombé du 57"), if it has such."""
    streets = [atom for atom in atoms if atom.kind == "street"]
    if streets:
        atoms = [atom for atom in atoms if atom.kind != "number"]
    if len(streets) != 1 or streets[0].house is not None:
        return atoms
    known = {
        gazetteer.entrances[n].house
        for street in streets[0].values
        for n in gazetteer.by_street.get(tuple(street.split()), ())
    }
    for before, word, after in zip(passage.words, passage.words[1:], [*passage.words[2:], None], strict=False):
        house = parse_house_number(word.text) if before.text in NUMBER_CUES and word.text.isdigit() else None
        following = passage.folded.text[word.end : word.end + 1]
        counts = following.isalpha() or following == "/" or (after is not None and after.text in NUMBERED)
        if house in known and house is not None and not counts:
            return [replace(atom, house=house) if atom is streets[0] else atom for atom in atoms]
    return atoms


def _at(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    """Return the atoms that begin at a word, and the position of the last word that they took."""
    for read in _READERS_OF_FIGURES if word.text.isdigit() else _READERS_OF_LETTERS:
        atoms, last = read(passage, position, word, gazetteer)
        if atoms:
            return atoms, last
    inside = detail(passage, position) or (house_alone(passage, position) if word.text.isdigit() else None)
    return ([inside[0]], inside[1]) if inside else ([], -1)


def _coverage(said: list[tuple[int, str]], street: tuple[str, ...], gazetteer: Gazetteer) -> tuple[float, int]:
    """Return which part of a street's name the next words say (by letters), and the position of the last of them."""
    covered, last, ahead = 0, -1, 0
    for position, word in said:
        match = next((n for n in range(ahead, len(street)) if _says(word, street[n], gazetteer)), None)
        if match is None:
            if len(word) > 1 or last >= 0:  # an initial may stand for a title that the name lacks
                break
            continue
        covered, last, ahead = covered + len(street[match]), position, match + 1
    told = [word for word in street if not _is_year(word)]
    return min(1.0, covered / sum(map(len, told or street))), last


def _is_year(word: str) -> bool:
    """Tell whether a word is the year that a street's name ends with, and people leave out: "11-Novembre-1918"."""
    return word.isdigit() and len(word) == _DIGITS_OF_A_YEAR


def _says(word: str, known: str, gazetteer: Gazetteer) -> bool:
    """Tell whether a word says a word of a street's name: as it is, misspelt, by its sound, or by its initial."""
    if word == known or (len(word) == 1 and word.isalpha() and known.startswith(word)):
        return True
    if len(word) >= _SHORTEST_BEGINNING and known.startswith(word):  # "danielle casa"
        return True
    return word.isalpha() and len(word) > 1 and known in gazetteer.street_vocabulary.channel(word)


def _streets(said: list[tuple[int, str]], gazetteer: Gazetteer, least: float) -> tuple[list[str], float, int]:
    """Return the streets that the next words name best, how well, and the position of the last word taken."""
    candidates: dict[tuple[str, ...], None] = {}
    for _position, word in said[:3]:
        near = gazetteer.street_vocabulary.channel(word) if word.isalpha() and len(word) > 1 else {}
        for known in (word, *near):
            candidates.update(dict.fromkeys(gazetteer.street_by_word.get(known, ())))
    scored = [(*_coverage(said, street, gazetteer), street) for street in candidates]
    best = max((score for score, last, _street in scored if last >= 0), default=0.0)
    if best < least:
        return [], 0.0, -1
    chosen = [(last, street) for score, last, street in scored if score >= best - 0.05]
    return [" ".join(street) for _last, street in chosen], best, max(last for last, _street in chosen)


def _run_together(words: tuple[Word, ...], position: int, gazetteer: Gazetteer) -> tuple[list[str], float, int]:
    """Return the streets whose name of several words is written as one, as it is heard ("du valdone")."""
    at = _after_little_words(words, min(position, len(words) - 1))
    word = words[at].text
    near = gazetteer.streets_in_one.channel(word) if len(word) > _LONG and word.isalpha() else {}
    streets = [
        street for glued, chance in near.items() if chance >= ONE_EDIT for street in gazetteer.glued_streets[glued]
    ]
    return streets, _ALL_OF_IT if streets else 0.0, at


def _street(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    """Read a kind of street with its name and the number before it."""
    kind = _kind_of_street(passage, position)
    if not kind:
        return [], -1
    house, start = house_before(passage, position)
    if passage.folded.text[word.end : word.end + 1] == "," and house is None:
        return [], -1  # "au ras du passage, sans barrière"
    if house is None:
        # "cité Danielle-Casanova" is the residence, though another town has a street of that name.
        first = _after_little_words(passage.words, position + 1) if word.text == "cite" else position
        named, taken = place_name(passage, first, passage.words[first], gazetteer)
        if named:
            return named, taken
    lone = len(word.text) == 1 and house is None
    least = _NEARLY_WHOLE if lone else 0.45
    streets, quality, last = _streets(significant(passage.words, position + 1, 5), gazetteer, least)
    if not streets and house is not None:
        streets, quality, last = _run_together(passage.words, position + 1, gazetteer)
    if not streets:
        joined = significant(passage.words, position + 1, 5, gazetteer.street_by_word)
        streets, quality, last = _streets(joined, gazetteer, least)
    if streets and (house is None or _may_stand(house, kind, streets, gazetteer)):
        behind = _number_behind(passage, last, streets, gazetteer) if house is None else None
        last += behind is not None
        end = passage.words[last].end
        return [Atom("street", tuple(streets), start, end, min(1.0, 0.5 + quality / 2), house or behind)], last
    if house is None or position + 1 >= len(passage.words) or len(word.text) == 1:
        return [], -1
    last = _name_of_unknown(passage.words, position)
    return [Atom("unknown_street", (), start, passage.words[last].end, 1.0, house)], last


def _after_little_words(words: tuple[Word, ...], position: int) -> int:
    """Return the first position from one on whose word tells a place apart, or that of the last word."""
    known = (at for at in range(position, len(words)) if words[at].text not in LITTLE_WORDS)
    return next(known, len(words) - 1)


def _kind_of_street(passage: Passage, position: int) -> str:
    """Return the kind of street that a word is, misspelt where a number stands before it ("12 plae Hoche"), or ""."""
    word = passage.words[position].text
    before = passage.words[position - 1].text if position else ""
    if (word == _CHEMIN and _says_chez(passage, position)) or (before, word) == _EN_ROUTE:
        return ""
    if word in STREET_TYPES or len(word) < _SHORTEST_MISSPELT or not position:
        return STREET_TYPES.get(word, "")
    if not (before.isdigit() and len(before) <= _MOST_DIGITS_OF_A_HOUSE) and before not in _SUFFIXES:
        return ""
    if word in COUNTED:
        return ""
    kinds = (kind for form, kind in STREET_TYPES.items() if form == kind and len(kind) > _SHORTEST_MISSPELT)
    return next((kind for kind in kinds if OSA.distance(word, kind, score_cutoff=1) <= 1), "")


def _says_chez(passage: Passage, position: int) -> bool:
    """Tell whether what may stand for "chemin" is "chez" by ear: "ché nou", "che ma mère"."""
    word, following = passage.words[position], passage.words[position + 1 : position + 2]
    accented = passage.seen(word.start, word.end).lower() != _CHEMIN
    return accented or (bool(following) and following[0].text in AT_WHOSE_HOME)


def _may_stand(house: HouseNumber, kind: str, streets: list[str], gazetteer: Gazetteer) -> bool:
    """Tell whether a number may be in a street of ours: not where both are wrong, the number and the kind of street."""
    for street in (tuple(each.split()) for each in streets):
        known = (gazetteer.entrances[n].house for n in gazetteer.by_street[street])
        if (kind, street) in gazetteer.street_kinds or any(each and each.low == house.low for each in known):
            return True
    return False


def _name_of_unknown(words: tuple[Word, ...], position: int) -> int:
    """Return the last word of the name of a street that is none of ours: it names no residence either."""
    last = position
    while last + 1 < len(words) and last - position < _MOST_WORDS_OF_A_NAME:
        following = words[last + 1]
        if following.start - words[last].end > 1 or following.text in LOCATIVES or following.text.isdigit():
            break
        last += 1
    return last


def _numbered_street(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    """Read a number right before a street's name whose kind is left out ("48 gambetta")."""
    if len(word.text) > _MOST_DIGITS_OF_A_HOUSE:
        return [], -1
    ahead = position + 1
    if ahead < len(passage.words) and passage.words[ahead].text in {"bis", "ter", "b", "t", "q"}:
        ahead += 1
    said = significant(passage.words, ahead, 4)
    if not said or said[0][1] not in gazetteer.street_by_word or passage.words[said[0][0]].text.isdigit():
        return [], -1
    if not _ENDS.isdisjoint(passage.folded.text[passage.words[ahead - 1].end : passage.words[said[0][0]].start]):
        return [], -1  # "tout va bien au 72 ter." and the signature below it
    house = parse_house_number(" ".join(each.text for each in passage.words[position:ahead]))
    streets, quality, last = _streets(said, gazetteer, 0.99)
    if not streets and passage.words[said[0][0]].capital:
        streets, quality, last = _by_surname(said[0], house, gazetteer)
    if not streets:
        return [], -1
    quality *= _KIND_LEFT_OUT if house in _houses(streets, gazetteer) else _KIND_AND_NUMBER_WRONG
    return [Atom("street", tuple(streets), word.start, passage.words[last].end, quality, house)], last


def _by_surname(said: tuple[int, str], house: HouseNumber | None, gazetteer: Gazetteer) -> tuple[list[str], float, int]:
    """Return the streets that a surname alone means, with a number that they have ("78 ter Barbusse")."""
    last, word = said
    named = [street for street in gazetteer.street_by_word[word] if street[-1] == word and len(word) >= _LONG]
    streets = [" ".join(street) for street in named if house and house in _houses([" ".join(street)], gazetteer)]
    return streets, _BY_SURNAME if streets else 0.0, last


def _street_then_number(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    """Read a street's whole name of several words, its kind left out, with the number behind ("Val d'Osne 77")."""
    words = passage.words
    if written_out(word.text) not in gazetteer.street_by_word:
        return [], -1
    streets, quality, last = _streets(significant(words, position, 4), gazetteer, 0.99)
    house = _number_behind(passage, last, streets, gazetteer) if last > position else None
    if house is None:
        return [], -1
    quality *= _KIND_LEFT_OUT
    return [Atom("street", tuple(streets), word.start, words[last + 1].end, quality, house)], last + 1


def _number_behind(passage: Passage, last: int, streets: list[str], gazetteer: Gazetteer) -> HouseNumber | None:
    """Return the number right behind a street's name ("calle Hoche 12"), if the street has it."""
    words = passage.words
    if (
        last + 1 >= len(words)
        or not words[last + 1].text.isdigit()
        or words[last + 1].start - words[last].end >= _CLOSE
    ):
        return None
    suffixed = [each.text in _SUFFIXES for each in words[last + 2 : last + 3]] == [True]
    written = passage.folded.text[words[last + 1].start : words[last + 1 + suffixed].end]
    house, following = parse_house_number(written), passage.folded.text[words[last + 1].end :][:1]
    return (
        house
        if house in _houses(streets, gazetteer) and not (following.isalpha() or following in {"%", "€", "/"})
        else None
    )


def _houses(streets: Iterable[str], gazetteer: Gazetteer) -> set[HouseNumber | None]:
    """Return the numbers of ours in some streets."""
    return {gazetteer.entrances[n].house for street in streets for n in gazetteer.by_street[tuple(street.split())]}


def _postcode(passage: Passage, _position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    if len(word.text) != _DIGITS_OF_A_POSTCODE:
        return [], -1
    quality = 1.0 if word.text in gazetteer.postcodes else 0.0
    del passage
    return [Atom("postcode", (word.text,), word.start, word.end, quality)], _position


_READERS_OF_FIGURES = (_street, _numbered_street, place_name, _postcode)
_READERS_OF_LETTERS = (_street, _street_then_number, place_name)
