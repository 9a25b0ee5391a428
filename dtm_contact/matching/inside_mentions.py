"""Finding where in a building somebody lives: building, staircase, floor, door."""

import re
from dataclasses import dataclass

from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.words import (
    BUILDING_WORDS,
    COUNTED,
    DOOR_WORDS,
    DWELLS,
    FLOOR_WORDS,
    NOT_HIS_FLOORS,
    NOT_OF_FLOORS,
    ORDINAL_ENDINGS,
    ORDINALS,
    SIDES,
    STAIRCASE_WORDS,
    WHERE_OTHERS_LIVE,
)
from dtm_contact.text import HouseNumber

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
_AT, _NOT_AT, _AND_AT = ["au"], ["pas", "au"], ["et", "au"]
_TOLD_TOGETHER = 8  # words
_HIS = DWELLS | {"moi", "suis"}
_CALLED_HIS = 3  # words
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
    """Tell whether an ordinal counts something else than floors ("un 4e enfant")."""
    before = words[position - 1].text if position else ""
    return before in NOT_OF_FLOORS or (following is not None and following.text in COUNTED)


def _makes_ordinal(word: Word, following: Word) -> bool:
    """Tell whether what follows a figure makes it an ordinal: "3e", "3 ème", and "3º", which stands right behind."""
    apart = following.start - word.end
    return apart <= 1 and (following.text in ORDINAL_ENDINGS or (not apart and following.text == "o"))


def _ends_with(words: tuple[Word, ...], last: int) -> bool:
    """Tell whether a mark stands behind a word, or nothing more: "… au douzième, le gardien …"."""
    return last + 1 == len(words) or words[last + 1].start - words[last].end > 1


def is_his_own(passage: Passage, floor: Atom) -> bool:
    """Tell whether "chez moi" or the like stands right before a floor, or a name that signs: "chez moi au 8e"."""
    before = [word.text for word in passage.words if word.end <= floor.start][-_CALLED_HIS:]
    return bool(_HIS & set(before)) or _signs(passage, floor)


def _signs(passage: Passage, floor: Atom) -> bool:
    """Tell whether a floor ends a line of the last ones that begins with a word or two: "Inès, 7e"."""
    text = passage.folded.text
    line = text[text.rfind("\n", 0, floor.start) + 1 : floor.start]
    behind = text[floor.end :]
    ends = not behind.partition("\n")[0].strip(" .)") and behind.count("\n") <= _LINES_BELOW
    return ends and _NAME_BEFORE.fullmatch(line) is not None


def _floor(words: tuple[Word, ...], position: int) -> tuple[Atom, int] | None:
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
    if before[-2:] == _AND_AT:  # "pareil chez la dame d'en face et au 5e"
        before = [each.text for each in words[max(0, position - _TOLD_TOGETHER) : position]]
    if (WHERE_OTHERS_LIVE | NOT_HIS_FLOORS).intersection(before) or before[-2:] == _NOT_AT:
        return None
    said = following is not None and following.text in FLOOR_WORDS and following.start - words[last].end < _CLOSE
    alone = not told or (before[-1:] == _AT and _ends_with(words, last))
    if not said and (not alone or _counts_others(words, position, following)):
        return None
    last = last + 1 if said else last
    return Atom("floor", (floor,), word.start, words[last].end, 1.0 if said else 0.7), last
