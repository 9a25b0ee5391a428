"""Numbers in French words ("zéro six, soixante-dix-huit …"): how a transcribed voice message gives a phone."""

import re
from collections.abc import Iterator, Sequence

_SMALL = (
    *("zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {
    20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante", 70: "septante", 80: "huitante",
    90: "nonante",
}  # fmt: skip
_TWENTIES = {60: "soixante", 80: "quatre-vingt"}


def _phrases() -> dict[tuple[str, ...], str]:
    """Return every number below 100 as its words, with the figures that it puts into a phone number."""
    spoken = [(phrase, value) for value, phrase in enumerate(_SMALL)]
    spoken += [("quatre-vingts", 80), ("soixante-et-onze", 71), ("une", 1)]
    for steps, below in ((_TENS, 10), (_TWENTIES, 20)):
        for tens, word in steps.items():
            spoken += [(word, tens), (f"{word}-et-un", tens + 1)]
            spoken += [(f"{word}-{_SMALL[units]}", tens + units) for units in range(1, below)]
    return {tuple(phrase.split("-")): str(value) for phrase, value in spoken}


_PHRASES = _phrases()
_LONGEST = max(map(len, _PHRASES))
_FILLERS = frozenset({"et", "euh", "puis", "ensuite", "virgule"})
_WORD = re.compile(r"[a-z]+|[0-9]+")
_GAP = 6  # characters that may stand between two of the words
_PHONE_DIGITS = 10
_REACH = 240  # characters that ten digits take at most, told slowly


def number_in_words(words: Sequence[str]) -> tuple[int, int]:
    """Return the number below 100 that folded words begin with ("dix", "huit" → 18), and how many of them say it.

    The longest reading holds; where they begin with no number, 0 words are taken.
    """
    for length in range(min(_LONGEST, len(words)), 0, -1):
        value = _PHRASES.get(tuple(words[:length]))
        if value is not None:
            return int(value), length
    return 0, 0


def _digits(words: list[str]) -> tuple[str, int]:
    """Read words and figures, the longest reading first, to ten digits; return them and the words taken."""
    digits, taken = "", 0
    while taken < len(words) and len(digits) < _PHONE_DIGITS:
        longest = min(_LONGEST, len(words) - taken)
        length = next((n for n in range(longest, 0, -1) if tuple(words[taken : taken + n]) in _PHRASES), 0)
        if length:
            digits += _PHRASES[tuple(words[taken : taken + length])]
        elif words[taken].isdigit():
            digits += words[taken]
        elif words[taken] not in _FILLERS:
            break
        taken += length or 1
    return digits, taken


def _tokens(folded: str, start: int) -> list[tuple[str, int]]:
    """Return the words and figures from `start` on, each with its end, as long as they stand close together."""
    tokens: list[tuple[str, int]] = []
    end = start
    for match in _WORD.finditer(folded, start, start + _REACH):
        if match.start() - end > _GAP:
            break
        end = match.end()
        tokens.append((match.group(), end))
    return tokens


def spoken_numbers(folded: str, limit: int) -> Iterator[tuple[str, int, int]]:
    """Yield (ten digits, start, end) for each phone number told in words in a folded text, from `limit` zeros at most.

    Such a number begins with "zero" and a digit that is none; figures may stand among the words.
    """
    position = 0
    for _ in range(limit):
        start = folded.find("zero", position)
        if start < 0:
            return
        tokens = _tokens(folded, start)
        digits, taken = _digits([token for token, _end in tokens])
        position = start + len("zero")
        if len(digits) == _PHONE_DIGITS and digits[1] != "0":
            position = tokens[taken - 1][1]
            yield digits, start, position
