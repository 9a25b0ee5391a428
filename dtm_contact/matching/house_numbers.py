"""House numbers as people write them before a street: figures, "bis", ranges, words ("trente-sept")."""

from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.words import NUMBERS
from dtm_contact.normalize import HouseNumber, parse_house_number

_CLOSE = 3  # characters between two words of one address: a comma and spaces
_MOST_WORDS = 4


def house_before(passage: Passage, position: int) -> tuple[HouseNumber | None, int]:
    """Return the house number that ends right before a word, and where it starts in the folded text."""
    words, here = passage.words, passage.words[position]
    first = position
    while first > 0 and position - first < _MOST_WORDS and _part_of_number(words[first - 1], words[first]):
        first -= 1
    for start in range(first, position):
        text = passage.folded.text[words[start].start : words[position - 1].end]
        house = parse_house_number(text) or _told_number([word.text for word in words[start:position]])
        if house is not None:
            return house, words[start].start
    return None, here.start


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
