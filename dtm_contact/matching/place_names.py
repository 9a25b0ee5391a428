"""Finding the names of residences and communes, and the words that tell a place apart."""

from collections.abc import Container, Iterable

from dtm_contact.matching.gazetteer import Gazetteer, PlaceName
from dtm_contact.matching.inside_mentions import Atom
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.vocabulary import ONE_EDIT
from dtm_contact.matching.words import (
    BEFORE_A_PLACE,
    BEFORE_A_RESIDENCE,
    LOCATIVES,
    OFFICIAL_PLACES,
    RESIDENCE_CUES,
)
from dtm_contact.text import LITTLE_WORDS, same_word, sound, written_out

_LONG = 5  # letters from which a word stays itself with a slip
_CLOSE = 3  # characters between two words of one address: a comma and spaces
_SUFFIXES = frozenset({"bis", "ter"})
_SHORTEST_BEGINNING = 4


def significant(words: tuple[Word, ...], position: int, most: int, known: Container[str] = ()) -> list[tuple[int, str]]:
    """Return the next words that tell a place apart, with their positions; they stop where the text makes a break.

    A little word is joined to the next where that makes a `known` word ("rue la place" is rue Laplace).
    """
    found: list[tuple[int, str]] = []
    before = ""
    for ahead in range(position, min(position + 2 * most, len(words))):
        word = words[ahead]
        if ahead > position and word.start - words[ahead - 1].end > _CLOSE:
            break
        if word.text not in LITTLE_WORDS:
            glued = before + word.text
            found.append((ahead, glued if before and glued in known else written_out(word.text)))
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
    """Tell whether a word's capital may be that of a sentence."""
    before = passage.folded.text[: passage.words[position].start].rstrip()
    return not before or before[-1] in ".!?"
