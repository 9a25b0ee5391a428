"""Finding what a text says of places: streets with numbers, residences, communes, buildings, floors, doors."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from dtm_contact.matching.cues import (
    BEFORE_A_HOUSE,
    BEFORE_A_PLACE,
    BEFORE_A_RESIDENCE,
    BUILDING_WORDS,
    COUNTED,
    DOOR_WORDS,
    DWELLS,
    FLOOR_WORDS,
    LOCATIVES,
    NOT_OF_FLOORS,
    NOT_THEIR_FLOORS,
    NUMBER_CUES,
    NUMBERED,
    NUMBERS,
    OFFICIAL_PLACES,
    ORDINAL_ENDINGS,
    ORDINALS,
    PARKING_WORDS,
    RESIDENCE_CUES,
    SIDES,
    STAIRCASE_WORDS,
    WHERE_OTHERS_LIVE,
)
from dtm_contact.matching.gazetteer import ONE_EDIT, Gazetteer, PlaceName
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.text import LITTLE_WORDS, STREET_TYPES, HouseNumber, parse_house_number, same_word, sound, written_out

_CLOSE = 3  # characters between two words of one address: a comma and spaces
_LONGEST_FLOOR = 2  # digits
_LONGEST_DOOR = 3
_GROUND = ["rez", "de"]
"""Before "chaussée" or "jardin", however spelt."""
_KIND_AFTER = {
    word: kind
    for kind, heads in (("door", DOOR_WORDS), ("staircase", STAIRCASE_WORDS), ("building", BUILDING_WORDS))
    for word in heads
}
_AT, _NOT_AT = ["au"], ["pas", "au"]
_THEIRS = DWELLS | {"moi", "suis"}
_CALLED_THEIRS = 3  # words
_LINES_BELOW = 3
_NAME_BEFORE = re.compile(r"[a-z][a-z'-]+(?: [a-z][a-z'.-]*){0,2}[ ,(]+(?:au |du )?")
_FLOORS_ALONE = FLOOR_WORDS - {"et"}
_BEGINS_A_FLOOR = {"rdc", _GROUND[0], *ORDINALS}


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing said of a place.

    Attributes:
        kind: `street`, `residence`, `commune`, `postcode`, `building`, `staircase`, `floor`, `door`.
        values: what it may mean (streets as words joined by spaces, residence ids, communes, a letter, a floor).
        quality: from 0 to 1, how surely the words mean that.
        house: the number before a street.
    """

    kind: str
    values: tuple[str, ...]
    start: int
    end: int
    quality: float
    house: HouseNumber | None = None


def detail(passage: Passage, position: int) -> tuple[Atom, int] | None:
    """Read a building, a staircase, a door or a floor."""
    words = passage.words
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else None
    near = following is not None and following.start - word.end <= _CLOSE
    if near and following is not None and (kind := _KIND_AFTER.get(word.text)) is not None:
        return _after_head(kind, passage, position)
    return _floor(words, position) if word.text in _BEGINS_A_FLOOR or word.text.isdigit() else None


def _after_head(kind: str, passage: Passage, position: int) -> tuple[Atom, int] | None:
    words = passage.words
    ahead = position + 1
    if words[ahead].text in {"n", "no", "numero"} and ahead + 1 < len(words):
        ahead += 1
    value = words[ahead].text
    last = ahead
    following = words[ahead + 1] if ahead + 1 < len(words) else None
    if (
        len(value) == 1
        and value.isalpha()
        and following
        and following.text.isdigit()
        and following.start == words[ahead].end
    ):
        value, last = value + following.text, ahead + 1
    short = len(value) <= _LONGEST_DOOR and (value.isdigit() or len(value) == 1 or value[1:].isdigit())
    if (not short and value not in SIDES) or passage.elided(ahead):  # "la porte d'entrée" is no door D
        return None
    return Atom(kind, (value,), words[position].start, words[last].end, 1.0), last


def _counts_others(words: tuple[Word, ...], position: int, following: Word | None) -> bool:
    """Return whether an ordinal counts something else than floors ("un 4e enfant")."""
    before = words[position - 1].text if position else ""
    return before in NOT_OF_FLOORS or (following is not None and following.text in COUNTED)


def _makes_ordinal(word: Word, following: Word) -> bool:
    """Return whether what follows a figure makes it an ordinal: "3e", "3 ème", and "3º", which stands right behind."""
    apart = following.start - word.end
    return apart <= 1 and (following.text in ORDINAL_ENDINGS or (not apart and following.text == "o"))


def _ends_with(words: tuple[Word, ...], last: int) -> bool:
    """Return whether a mark stands behind a word, or nothing more: "… au douzième, le gardien …"."""
    return last + 1 == len(words) or words[last + 1].start - words[last].end > 1


def is_their_own(passage: Passage, floor: Atom) -> bool:
    """Return whether "chez moi" or the like stands right before a floor, or a name that signs: "chez moi au 8e"."""
    before = [word.text for word in passage.words if word.end <= floor.start][-_CALLED_THEIRS:]
    return bool(_THEIRS & set(before)) or _signs(passage, floor)


def _signs(passage: Passage, floor: Atom) -> bool:
    """Return whether a floor ends a line of the last ones that begins with a word or two: "Inès, 7e"."""
    text = passage.folded.text
    line = text[text.rfind("\n", 0, floor.start) + 1 : floor.start]
    behind = text[floor.end :]
    ends = not behind.partition("\n")[0].strip(" .)") and behind.count("\n") <= _LINES_BELOW
    return ends and _NAME_BEFORE.fullmatch(line) is not None


def mentioned_floors(text: Passage) -> Iterator[Atom]:
    """Yield every floor that a text tells, where others live and where a lift stands included."""
    position = 0
    while position < len(text.words):
        found = _floor(text.words, position, whosever=True)
        if found is not None:
            yield found[0]
        position = found[1] + 1 if found is not None else position + 1


def _floor(words: tuple[Word, ...], position: int, *, whosever: bool = False) -> tuple[Atom, int] | None:
    """Read a floor that begins at a word: the writer's, or `whosever` it is."""
    word = words[position]
    ground = position + 2 if [each.text for each in words[position : position + 2]] == _GROUND else position
    if word.text == "rdc" or position < ground < len(words):
        return Atom("floor", ("0",), word.start, words[ground].end, 1.0), ground
    floor = ORDINALS.get(word.text)
    told = floor is not None
    last = position
    if floor is None and word.text.isdigit() and len(word.text) <= _LONGEST_FLOOR:
        following = words[position + 1] if position + 1 < len(words) else None
        if following and _makes_ordinal(word, following):
            floor, last = str(int(word.text)), position + 1
        elif following and following.start - word.end < _CLOSE and following.text in _FLOORS_ALONE:
            floor = str(int(word.text))
    if floor is None:
        return None
    following = words[last + 1] if last + 1 < len(words) else None
    before = [each.text for each in words[max(0, position - 3) : position]]
    if before[-2:] == _NOT_AT or (not whosever and (WHERE_OTHERS_LIVE | NOT_THEIR_FLOORS).intersection(before)):
        return None
    said = following is not None and following.text in FLOOR_WORDS and following.start - words[last].end < _CLOSE
    alone = not told or (before[-1:] == _AT and _ends_with(words, last))
    if not said and (not alone or _counts_others(words, position, following)):
        return None
    last = last + 1 if said else last
    return Atom("floor", (floor,), word.start, words[last].end, 1.0 if said else 0.7), last


_MOST_WORDS = 4
_MOST_DIGITS = 3
_LOCATED = frozenset({"du", "au"})
_OF_THE = ["de", "la"]
_SUFFIXES = frozenset({"bis", "ter"})
_AFTER_A_HOUSE = frozenset(" ,.;:!?)\n")


def house_before(passage: Passage, position: int) -> tuple[HouseNumber | None, int]:
    """Return the house number that ends right before a word, and where it starts in the folded text."""
    words, here = passage.words, passage.words[position]
    if [word.text for word in words[max(0, position - 2) : position]] == _OF_THE and position > len(_OF_THE):
        position -= len(_OF_THE)  # "au 16 bis de la rue Hoche"
    first = position
    while first > 0 and position - first < _MOST_WORDS and _part_of_number(words[first - 1], words[first]):
        first -= 1
    first = _behind_a_floor(words, first, position)
    if _numbers_a_space(words, first):  # "box 19 de la rue Hoche", "garage n° 2, 42 rue Hoche"
        first = next((at + 1 for at in range(first, position) if words[at].text.isdigit()), first)
    for start in range(first, position):
        text = passage.folded.text[words[start].start : words[position - 1].end]
        house = parse_house_number(text) or _spelled_number([word.text for word in words[start:position]])
        if house is not None:
            return house, words[start].start
    return None, here.start


def _numbers_a_space(words: Sequence[Word], first: int) -> bool:
    """Return whether a number is that of a parking space: "box" or the like stands right before it."""
    before = [word.text for word in words[max(0, first - 2) : first]]
    named = before[:1] if before[-1:] and before[-1] in NUMBER_CUES else before[-1:]
    return not PARKING_WORDS.isdisjoint(named)


def _behind_a_floor(words: Sequence[Word], first: int, position: int) -> int:
    """Return where a number may begin behind an ordinal, which is a floor: "au 8e, boulevard Hoche"."""
    ordinal = [word.text for word in words[first + 1 : first + 2]] == ["e"] and words[first + 1].start == words[
        first
    ].end
    return first + 2 if ordinal and first + 2 <= position else first


def _part_of_number(word: Word, following: Word) -> bool:
    close = following.start - word.end <= _CLOSE
    known = word.text.isdigit() or word.text in NUMBERS or word.text in {"bis", "ter", "quater", "et", "a"}
    return close and (known or len(word.text) == 1)


def _spelled_number(words: list[str]) -> HouseNumber | None:
    """Return a number told in words ("trente-sept", "soixante-douze", "quatre-vingt-six bis")."""
    suffix = words[-1] if words and words[-1] in {"bis", "ter"} else ""
    total = 0
    for word in words[: -1 if suffix else None]:
        if word not in NUMBERS:
            return None
        value = NUMBERS[word]
        total = total * value if (total, value) == (4, 20) else total + value
    return HouseNumber(total, total, suffix) if total else None


def house_alone(passage: Passage, position: int) -> tuple[Atom, int] | None:
    """Read a house number without a street where somebody may say that they live there: "c'est Odette Roy, du 72"."""
    words, word = passage.words, passage.words[position]
    before = words[max(0, position - 4) : position]
    if len(word.text) > _MOST_DIGITS or not before or before[-1].text not in _LOCATED:
        return None
    said = {each.text for each in before}
    named = len(before) > 1 and before[-2].capital and before[-2].start > 0
    if WHERE_OTHERS_LIVE & said or not (named or BEFORE_A_HOUSE & said):
        return None
    suffixed = [each.text in _SUFFIXES for each in words[position + 1 : position + 2]] == [True]
    last = position + suffixed
    after = passage.folded.text[words[last].end : words[last].end + 1]
    house = parse_house_number(passage.folded.text[word.start : words[last].end])
    if house is None or (after and after not in _AFTER_A_HOUSE):
        return None
    return Atom("number", (), word.start, words[last].end, 1.0, house), last


_LONG = 5  # letters from which a word stays itself with a slip
_SHORTEST_BEGINNING = 4


def significant(
    words: tuple[Word, ...], position: int, most: int, vocabulary: Container[str] = ()
) -> list[tuple[int, str]]:
    """Return the next words that tell a place apart, with their positions; they stop where the text makes a break.

    A little word is joined to the next where that makes a `vocabulary` word ("rue la place" is rue Laplace).
    """
    found: list[tuple[int, str]] = []
    before = ""
    for ahead in range(position, min(position + 2 * most, len(words))):
        word = words[ahead]
        if ahead > position and word.start - words[ahead - 1].end > _CLOSE:
            break
        if word.text not in LITTLE_WORDS:
            glued = before + word.text
            found.append((ahead, glued if before and glued in vocabulary else written_out(word.text)))
        before = word.text if word.text in LITTLE_WORDS else ""
        if len(found) == most:
            break
    return found


def place_name(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> tuple[list[Atom], int]:
    """Read the name of a residence or a commune; one spelling may be both."""
    atoms: list[Atom] = []
    end_position = -1
    for name in _names_at(passage, position, word, gazetteer):
        last = _matched(passage.words, position, name)
        if last < 0 or (end_position >= 0 and last < end_position):
            continue
        atom = _named(passage, position, last, name)
        if atom is not None:
            atoms.append(atom)
            end_position = max(end_position, last)
    return atoms, end_position


def _names_at(passage: Passage, position: int, word: Word, gazetteer: Gazetteer) -> Iterable[PlaceName]:
    """Return the names that may begin with a word; a misspelt one where a place may stand."""
    exact = gazetteer.names.get(written_out(word.text))
    before = passage.words[position - 1].text if position else ""
    if exact or len(word.text) <= _LONG or before not in BEFORE_A_PLACE:
        return exact or ()
    near = gazetteer.name_vocabulary.channel(word.text)
    close = [known for known, chance in near.items() if chance >= ONE_EDIT and abs(len(known) - len(word.text)) <= 1]
    return [name for known in close for name in gazetteer.names[known]]


def _matched(words: tuple[Word, ...], position: int, name: PlaceName) -> int:
    said = significant(words, position, len(name.words))
    if len(said) < len(name.words) or said[0][0] != position:
        return -1
    pairs = [(word, known) for (_position, word), known in zip(said, name.words, strict=True)]
    first = 1 if len(pairs[0][0]) > _LONG else 0  # the first word was found, misspelt or not
    if all(same_word(word, known) or _sounds_like(word, known) for word, known in pairs[first:]):
        return said[-1][0]
    return -1


def _sounds_like(word: str, known: str) -> bool:
    return min(len(word), len(known)) >= _SHORTEST_BEGINNING and sound(word) == sound(known)


def _named(passage: Passage, position: int, last: int, name: PlaceName) -> Atom | None:
    words = passage.words
    before = [word.text for word in words[max(0, position - 3) : position]]
    start, end = words[position].start, words[last].end
    if name.kind == "commune":
        if OFFICIAL_PLACES.intersection(before):
            return None
        return Atom("commune", name.refers, start, end, 1.0)
    cued = bool(RESIDENCE_CUES.intersection(before))
    if not cued and len(name.words) == 1 and before and (before[-1].isdigit() or before[-1] in _SUFFIXES):
        return None  # "35 bis Gorki" is a street
    capital = any(words[n].capital for n in range(position, last + 1)) and not _starts_sentence(passage, position)
    if cued or len(name.words) > 1:
        quality = 0.95
    elif capital:
        quality = 0.85
    else:
        quality = (
            0.6 if LOCATIVES.intersection(before) else 0.3 if BEFORE_A_RESIDENCE.intersection(before[-1:]) else 0.0
        )
    return Atom("residence", name.refers, start, end, quality) if quality else None


def _starts_sentence(passage: Passage, position: int) -> bool:
    """Return whether a word's capital may be that of a sentence."""
    before = passage.folded.text[: passage.words[position].start].rstrip()
    return not before or before[-1] in ".!?"


_MOST_WORDS_OF_A_NAME = 4
_LONGEST = 10**9
_MOST_DIGITS_OF_A_HOUSE = 3
_DIGITS_OF_A_POSTCODE = 5
_DIGITS_OF_A_YEAR = 4
_CHEMIN = "che"
_ENDS = frozenset(".\n")
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
    return _numbers_elsewhere(passage, atoms, gazetteer)


def _numbers_elsewhere(passage: Passage, atoms: list[Atom], gazetteer: Gazetteer) -> list[Atom]:
    """Give a street the number that stands apart from it, if it has such ("rue Hoche à Pantin, au 8").

    That of the only street of a passage may stand anywhere in it; of several each has what follows it.
    """
    streets = [atom for atom in atoms if atom.kind == "street"]
    if not streets:
        return atoms
    given = []
    for atom in atoms:
        if atom.kind == "number":
            continue
        if atom.kind != "street" or atom.house is not None:
            given.append(atom)
            continue
        following = (each.start for each in atoms if each.kind in {"street", "residence"} and each.start > atom.end)
        start, end = (0, len(passage.folded.text)) if len(streets) == 1 else (atom.end, next(following, _LONGEST))
        towns = {each.end for each in atoms if each.kind in {"commune", "postcode"}}
        known = _houses(atom.values, gazetteer)
        found = (house for house in _numbers(passage, start, end, towns) if house in known)
        given.append(replace(atom, house=next(found, None)))
    return given


def _numbers(passage: Passage, start: int, end: int, towns: Container[int]) -> Iterable[HouseNumber]:
    """Yield what may be numbers of houses in a stretch: behind a word for it, or behind a comma and a town."""
    for before, word, after in zip(passage.words, passage.words[1:], [*passage.words[2:], None], strict=False):
        if not (start <= word.start < end and word.text.isdigit() and len(word.text) <= _MOST_DIGITS_OF_A_HOUSE):
            continue
        following = passage.folded.text[word.end : word.end + 1]
        goes_on = after is not None and after.start - word.end <= 1
        counts = following.isalpha() or following == "/" or (goes_on and after is not None and after.text in NUMBERED)
        behind_a_town = before.end in towns and passage.folded.text[before.end : word.start] == ", "
        house = parse_house_number(word.text) if not counts and (behind_a_town or before.text in NUMBER_CUES) else None
        if house is not None:
            yield house


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
    """Return whether a word is the year that a street's name ends with, and people leave out: "11-Novembre-1918"."""
    return word.isdigit() and len(word) == _DIGITS_OF_A_YEAR


def _says(word: str, known: str, gazetteer: Gazetteer) -> bool:
    """Return whether a word says a word of a street's name: as it is, misspelt, by its sound, or by its initial."""
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
    if word == _CHEMIN and _says_chez(passage, position):
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
    """Return whether what may stand for "chemin" is "chez" by ear: "ché nou", "che ma mère"."""
    word = passage.words[position]
    return passage.seen(word.start, word.end).lower() != _CHEMIN


def _may_stand(house: HouseNumber, kind: str, streets: list[str], gazetteer: Gazetteer) -> bool:
    """Return whether a number may be in a street of ours: not where number and kind of street are wrong."""
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
