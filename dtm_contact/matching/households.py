"""Reading a text once more for the people of a home that is known by its account or number: which of them writes.

Names that the first reading could not tell from words, misspelt or in small letters, are told here, for only a few can
be meant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rapidfuzz.distance import OSA

from dtm_contact.matching.clues import Clues, Identity
from dtm_contact.matching.cues import (
    CARETAKERS,
    CLOSINGS,
    KIN,
    LABELS,
    NEIGHBOURS,
    NOT_NAMES,
    PARTICLES,
    RELATIVES_WRITTEN_FOR,
    SELF_CUES,
    SELF_WORDS,
    STRANGERS,
    TITLES,
    WRITING,
)
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import Mention, NameRole, mention_of
from dtm_contact.matching.passages import Passage, Surroundings, Word
from dtm_contact.matching.people import Person
from dtm_contact.matching.places import Group
from dtm_contact.model import Part
from dtm_contact.text import STREET_TYPES, sound

_OTHERS = CARETAKERS | KIN | NEIGHBOURS | STRANGERS
_INITIALS = 2
_MOST_WORDS = 600
_MOST_AT_HOME = 6
_SHORTEST_WITH_A_SLIP = 4
_REACH = 3  # words of a surname beside a first name
_MOST_HOMES = 3
_MINE = (["mon"], ["ma"])
_TOO_SHORT = {0, 2}  # letters: one is an initial, three are a short form
_NOT_THE_WRITER = _OTHERS | STREET_TYPES.keys() | RELATIVES_WRITTEN_FOR | TITLES
_NOT_FIRST_NAMES = _OTHERS | NOT_NAMES | TITLES | CLOSINGS | LABELS | SELF_WORDS | RELATIVES_WRITTEN_FOR | PARTICLES


def at_home(clues: Clues, identity: Identity, index: MatchIndex) -> list[Mention]:
    """Return the mentions of people of the homes that something known points to, beyond those read already."""
    found: list[Mention] = []
    read = {
        word for mention in clues.mentions if mention.role in {NameRole.SELF, NameRole.SIGNED} for word in mention.words
    }
    for home in _homes(identity, index):
        for text in clues.passages:
            if text.part in {Part.NEW, Part.SIGNATURE, Part.FORWARDED}:
                told = _named(text, home, clues.groups)
                named = [each for each in told if not (read.issuperset(each.words))]
                found.extend(each for each in named if not clues.has_read(each))
                found.extend(_initialled(text, home))
    return found[:_MOST_AT_HOME]


def _initialled(text: Passage, home: Iterable[Person]) -> Iterator[Mention]:
    """Yield the one of a home whose initials are all that is signed: "C. M."."""
    last = text.words[-_INITIALS:]
    before = text.words[-_INITIALS - 1 : -_INITIALS]
    if len(before) < 1 or any(len(word.text) > 1 or not word.capital for word in last):
        return
    between = text.folded.text[before[0].end : last[0].start]
    said = tuple(word.text for word in last)
    meant = [each for each in home if _bears(each, said)]
    if len(meant) == 1 and ("\n" in between):
        signed = mention_of(text, last, NameRole.SIGNED)
        yield replace(signed, words=(meant[0].first,), units=(0,), initials=())


def _bears(person: Person, initials: Sequence[str]) -> bool:
    names = [(person.first[:1], surname[:1]) for surname in (person.surname, person.birth) if surname]
    return tuple(initials) in {*names, *(each[::-1] for each in names)}


def _homes(identity: Identity, index: MatchIndex) -> list[list[Person]]:
    """Return the homes of two or more whose account is known; those of one need no telling apart."""
    homes: dict[str, list[Person]] = {}
    for position in sorted(identity.by_person)[: _MOST_AT_HOME * _MOST_HOMES]:
        person = index.people.person(position)
        if "email" in identity.by_person[position] and person.homes and person.surname:
            homes.setdefault(person.homes[-1].dwelling_id, []).append(person)
    several = [home[:_MOST_AT_HOME] for home in homes.values() if len(home) > 1]
    return several[:_MOST_HOMES]


def _named(text: Passage, home: Sequence[Person], places: Sequence[Group]) -> Iterator[Mention]:
    around = Surroundings(text)
    for person in home:
        shared = {each.surname for each in home if each is not person}
        alone = (person.first,) if person.surname in shared else (person.first, person.surname)
        read = (_at(around, text, position, person, alone) for position in range(min(len(text.words), _MOST_WORDS)))
        if mention := next(filter(None, read), None) or _first_name_alone(around, text, person, places):
            yield mention


def _first_name_alone(around: Surroundings, text: Passage, person: Person, places: Sequence[Group]) -> Mention | None:
    """Return the mention of a first name by itself, anywhere but in an address, beside a name, or after "ma femme"."""
    taken = [(atom.start, atom.end) for group in places if group.passage is text for atom in group.atoms]
    for position, word in enumerate(text.words[:_MOST_WORDS]):
        if word.text != person.first or len(word.text) < _SHORTEST_WITH_A_SLIP:
            continue
        if not word.capital and not _set_apart(text, position):
            continue
        beside = text.words[max(0, position - 1) : position] + text.words[position + 1 : position + 2]
        in_place = any(start <= word.start < end for start, end in taken)
        named = any(each.capital and (each.start - word.end == 1) for each in beside)
        reach = 4 if word.capital else 1  # a comma stands before the others
        theirs = around.after(position + 1, 1) in _MINE and bool(
            (KIN | RELATIVES_WRITTEN_FOR) & set(around.after(position + 2, 1))
        )
        if not in_place and not named and not theirs and not _NOT_THE_WRITER & set(around.before(position, reach)):
            return mention_of(text, [word], NameRole.PAIR)
    return None


def _set_apart(text: Passage, position: int) -> bool:
    """Return whether a name in small letters stands between commas or ends a line: "cé la maman, assetou, du 4eme"."""
    word, around = text.words[position], text.folded.text
    before, after = around[: word.start].rstrip(" ")[-1:], around[word.end :].lstrip(" ")[:1]
    return position > 0 and before in {",", "\n"} and after in {",", "\n", "", "."}


def _at(around: Surroundings, text: Passage, position: int, person: Person, alone: Iterable[str]) -> Mention | None:
    """Return the mention of a person that begins at a word: first name beside surname, or a name by itself."""
    word = text.words[position]
    if word.text in TITLES:  # "famille" is near to Camille
        return None
    if _near(word.text, person.first) or (word.text not in _NOT_FIRST_NAMES and _shortened(word.text, person.first)):
        span = _with_surname(text, position, person)
        if span and not _OTHERS & set(around.before(span.start, 4)):
            return mention_of(text, text.words[span.start : span.stop], NameRole.PAIR)
    short = len(word.text) >= _SHORTEST_WITH_A_SLIP and _abbreviates(word.text, person.first)
    if len(word.text) > 1 and (short or any(_near(word.text, name) for name in alone)):
        signs = _stands_alone(text, position) or (
            _is_the_writers(around.before(position, 3)) and not _acts_otherwise(around.after(position + 1, 2))
        )
        return mention_of(text, [word], NameRole.SIGNED) if signs else None
    return None


def _shortened(said: str, first: str) -> bool:
    """Return whether letters are the initial of a first name, or a short form of three letters or more."""
    return len(said) not in _TOO_SHORT and first.startswith(said)


def _abbreviates(said: str, first: str) -> bool:
    """Return whether a word is the beginning or the end of a first name ("Laeti", "Nando")."""
    return said != first and (first.startswith(said) or first.endswith(said))


def _stands_alone(text: Passage, position: int) -> bool:
    """Return whether a word ends its line, and begins it or follows a mark, as a signature does."""
    before = text.folded.text[: text.words[position].start].rstrip(" ")[-1:]
    after = text.folded.text[text.words[position].end :].lstrip(" .,!")
    if position == 0:
        return False
    closed = text.words[position - 1].text in CLOSINGS
    return closed or (before in set("\n,.!?") and after[:1] in {"", "\n"})


def _acts_otherwise(after: list[str]) -> bool:
    """Return whether who is brought up does something else than write: "c'est Yves qui l'a posté"."""
    return after[:1] == ["qui"] and WRITING.isdisjoint(after[1:])


def _is_the_writers(before: list[str]) -> bool:
    """Return whether "je suis" or the like stands before a name; the nearest word comes first."""
    if before[:2] in (["nom", "son"], ["nom", "leur"]):
        return False  # "je porte son nom, Roy"
    said = f" {' '.join(reversed(before))}"
    return any(said.endswith(f" {cue}") for cue in (*SELF_CUES, "c est", "c", "cest"))


def _with_surname(text: Passage, position: int, person: Person) -> range | None:
    """Return the first name at a position with the person's surname right before or after it."""
    words = text.words
    for length in range(1, _REACH + 1):
        after, before = words[position + 1 : position + 1 + length], words[max(0, position - length) : position]
        after = after if after and _on_one_line(text, words[position], after[-1]) else ()
        before = before if before and _on_one_line(text, before[0], words[position]) else ()
        if _is_surname("".join(word.text for word in after), person):
            return range(position, position + 1 + length)
        if len(before) == length and _is_surname("".join(word.text for word in before), person):
            return range(position - length, position + 1)
    return None


def _on_one_line(text: Passage, first: Word, last: Word) -> bool:
    return "\n" not in text.folded.text[first.start : last.end]


def _is_surname(said: str, person: Person) -> bool:
    return _near(said, person.surname) or (bool(person.birth) and _near(said, person.birth))


def _near(said: str, name: str) -> bool:
    """Return whether a word is a name, or one slip from it, or sounds like it."""
    if said == name or (len(said) >= _SHORTEST_WITH_A_SLIP and sound(said) == sound(name)):
        return bool(said)
    close = len(name) >= _SHORTEST_WITH_A_SLIP and abs(len(said) - len(name)) <= 1
    return close and OSA.distance(said, name, score_cutoff=1) <= 1
