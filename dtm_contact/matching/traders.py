"""Trade names: shops, surgeries and associations sign with them, and their neighbours name them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

from dtm_contact.directory import Records
from dtm_contact.directory.lines import columns
from dtm_contact.matching import weights
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.people import People
from dtm_contact.matching.surroundings import Surroundings
from dtm_contact.matching.words import CLOSINGS, RUNNING_A_SHOP
from dtm_contact.model import Part
from dtm_contact.text import LITTLE_WORDS, place_words, same_word, written_out

_MOST_FOUND = 20
_CLOSING_WORDS = 12
_LAST_WORDS = 40


@dataclass(frozen=True, slots=True)
class TradeMention:
    """A trade name in a text: who bears it, where it stands, and what it weighs for each bearer, in bits.

    `signed` tells whether the shop itself writes; those who live beside it name it, too.
    """

    people: tuple[int, ...]
    start: int
    end: int
    bits: float
    signed: bool


class Traders:
    """The trade names of the directory, by their first word."""

    def __init__(self, records: Records, people: People) -> None:
        """Index the names of all commercial tenants."""
        bearers: dict[tuple[str, ...], dict[int, None]] = {}
        for row, (role, name) in enumerate(columns(records.leases, "role", "last_name")):
            words = place_words(name) if role == "commercial" else ()
            if words:
                bearers.setdefault(words, {})[people.holder(row)] = None
        self._by_first_word: dict[str, list[tuple[tuple[str, ...], tuple[int, ...]]]] = {}
        for words, theirs in bearers.items():
            self._by_first_word.setdefault(words[0], []).append((words, tuple(theirs)))
        self._people = len(people) or 1

    def find(self, text: Passage) -> Iterator[TradeMention]:
        """Yield the trade names that stand in a passage."""
        found = 0
        for position, word in enumerate(text.words):
            for words, people in self._by_first_word.get(word.text, ()):
                last = _matched(text, position, words)
                if last < 0:
                    continue
                found += 1
                trust = weights.TRADE_CITED if _goes_on(text, last) else _trust(text, position, last)
                ratio = (
                    weights.TRADE_NAME
                    * self._people
                    / len(people)
                    / (1.0 if trust < weights.TRADE_SIGNED else weights.TRADE_OUTSIDE)
                )
                bits = log2(trust * ratio + 1.0 - trust)
                signed = trust >= weights.TRADE_SIGNED
                yield TradeMention(people, word.start, text.words[last].end, bits, signed)
            if found >= _MOST_FOUND:
                return


def _matched(text: Passage, position: int, words: tuple[str, ...]) -> int:
    """Return the position of the last word of a name that begins at `position`, -1 where it does not."""
    at = position
    for known in words:
        while at < len(text.words) and at > position and text.words[at].text in LITTLE_WORDS:
            at += 1
        if at >= len(text.words) or not same_word(written_out(text.words[at].text), known):
            return -1
        at += 1
    return at - 1


def _trust(text: Passage, position: int, last: int) -> float:
    """Return how surely the writer is the shop: it signs, or he says that he runs it."""
    if text.part in {Part.SENDER_NAME, Part.SIGNATURE}:
        return weights.TRADE_SIGNED
    before = {word.text for word in text.words[max(0, position - 5) : position]}
    closing = len(text.words) - position <= _CLOSING_WORDS and _signs(text, position)
    signs = before & RUNNING_A_SHOP or closing or _heads_its_address(text, position, last)
    return weights.TRADE_SIGNED if signs else weights.TRADE_CITED


def _heads_its_address(text: Passage, position: int, last: int) -> bool:
    """Tell whether a name begins one of the last lines, and its address follows: "Optique du Centre, 82 rue Hoche"."""
    before = text.folded.text[: text.words[position].start].rstrip(" ")
    ends = len(text.words) - position <= _LAST_WORDS and before.endswith("\n")
    return ends and Surroundings(text).gives_address(last + 1)


def _goes_on(text: Passage, last: int) -> bool:
    """Tell whether another word with a capital belongs to the name: "Crèche des Familles Chauffage" is another firm."""
    following = text.words[last + 1 : last + 2]
    between = text.folded.text[text.words[last].end : following[0].start] if following else ""
    return between == " " and following[0].capital and text.words[last].capital


def _signs(text: Passage, position: int) -> bool:
    """Tell whether a name begins its line or its sentence, or follows "cordialement"."""
    before = text.folded.text[: text.words[position].start].rstrip(" ")
    return before[-1:] in {"", "\n", ".", "!", "?", ",", ":"} or text.words[position - 1].text in CLOSINGS
