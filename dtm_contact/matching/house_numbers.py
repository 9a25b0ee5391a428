"""House numbers as people write them: before a street, in figures or words, and alone ("c'est Odette, du 72")."""

from collections.abc import Sequence

from dtm_contact.matching.inside_mentions import Atom
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.words import BEFORE_A_HOUSE, NUMBERED, NUMBERS, WHERE_OTHERS_LIVE
from dtm_contact.text import HouseNumber, parse_house_number

_CLOSE = 3  # characters between two words of one address: a comma and spaces
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
    for start in range(first, position):
        text = passage.folded.text[words[start].start : words[position - 1].end]
        house = parse_house_number(text) or _told_number([word.text for word in words[start:position]])
        if house is not None:
            return house, words[start].start
    return None, here.start


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


def _told_number(words: list[str]) -> HouseNumber | None:
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
    """Read a house number without a street where somebody may say that he lives there: "c'est Odette Roy, du 72"."""
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
    counted = NUMBERED & {each.text for each in words[last + 1 : last + 2]}
    house = parse_house_number(passage.folded.text[word.start : words[last].end])
    if house is None or counted or (after and after not in _AFTER_A_HOUSE):
        return None
    return Atom("number", (), word.start, words[last].end, 1.0, house), last
