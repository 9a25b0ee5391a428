"""What stands before and after a name in a text: its sentence, its line, an address, a signature."""

from bisect import bisect_left
from itertools import pairwise

from dtm_contact.matching.passages import Passage
from dtm_contact.matching.words import (
    BEFORE_IT_IS,
    BUILDING_WORDS,
    DOOR_WORDS,
    DWELLS,
    GREETINGS,
    KIN,
    ORDINALS,
    RELATIVES_WRITTEN_FOR,
    RESIDENCE_CUES,
    SAME_PLACE,
    STAIRCASE_WORDS,
    TELLING,
    TENANCY,
    UNDER_GUARD,
)
from dtm_contact.text import STREET_TYPES

_ENDS = frozenset("!?;\n")
_GREETED, _LAST_WORDS = 3, 10
_CLAUSE, _GUARDED = 14, 7  # words
_BRACKETS = 100  # characters
_WE, _ARE = frozenset({"on", "nous", "je"}), frozenset({"est", "sommes", "suis"})
_HIS_OWN = frozenset({"moi", "mien", "mienne"})
_AT = frozenset({"du", "au"})
_ARTICLES = frozenset({"la", "le", "les"})
_HELLO = GREETINGS | BEFORE_IT_IS | {"et", "a", "tous"}
_OF_AN_ADDRESS = (
    RESIDENCE_CUES | BUILDING_WORDS | STAIRCASE_WORDS | DOOR_WORDS | ORDINALS.keys() | TENANCY | {"ex", "rdc", "appart"}
)
_LEVELS = ORDINALS.keys() | {"rez", "rdc"}
_ADDRESS_WORDS = 5  # "12 bis av. du", "rue des 4 Ruelles"
_STREET_NAMES = frozenset(STREET_TYPES.values())
_FAMILY_WORDS = KIN | RELATIVES_WRITTEN_FOR | {"et", "sa", "son", "ses", "la", "leur", "leurs", "famille"}


class Surroundings:
    """One passage, asked what stands before and after a name in it."""

    def __init__(self, text: Passage) -> None:
        """Take a passage's words and its folded text."""
        self.words = text.words
        self.folded = text.folded.text

    def up_to(self, position: int) -> str:
        """Return the text before a word, folded, without the spaces at its end."""
        return self.folded[: self.words[position].start].rstrip(" ")

    def behind(self, end: int) -> str:
        """Return the text behind a name that ends at `end`, folded."""
        return self.folded[self.words[end - 1].end :]

    def before(self, position: int, count: int) -> list[str]:
        """Return the words before a position, the nearest first, back to the beginning of its sentence."""
        found: list[str] = []
        for back in range(position - 1, max(-1, position - 1 - count), -1):
            between = self.folded[self.words[back].end : self.words[back + 1].start]
            stop = ". " in between and ".." not in between  # dots lead to what a form is filled with
            if not _ENDS.isdisjoint(between) or (stop and len(self.words[back].text) > len("mme")):
                break
            found.append(self.words[back].text)
        return found

    def after(self, end: int, count: int) -> list[str]:
        """Return the words after a name that ends at `end`."""
        return [word.text for word in self.words[end : end + count]]

    def is_apposed(self, position: int) -> bool:
        """Tell whether a comma and a space stand before a word: "l'assistante sociale, Mme Roy"."""
        return self.folded[: self.words[position].start].endswith(", ")

    def gives_address(self, end: int) -> bool:
        """Tell whether an address follows a name ("Roy Claude - 12 rue Hoche"), and no tale of who bears the name."""
        return self.address_follows(end) and not self.told_of(end)

    def address_follows(self, end: int) -> bool:
        """Tell whether an address follows a name on its line, whatever the sentence says of him."""
        after = self.behind(end)[:4]
        mark = after.strip(" .")[:1]
        street = {*self.after(end, 1)} & _STREET_NAMES
        joined = after[:1] == "-" and after[1:2].isalpha()  # "disse-me"
        if "\n" in after or joined or not (street or (mark and mark in ",-(/:0123456789")):
            return False
        ahead = self._on_this_line(end, _ADDRESS_WORDS)
        told = set(ahead) & _STREET_NAMES or (set(ahead) & STREET_TYPES.keys() and any(map(str.isdigit, ahead)))
        numbered = bool(told) and ahead[0] not in {"du", "au", "de"}
        return numbered or bool(ahead and ahead[0] in SAME_PLACE)

    def _on_this_line(self, end: int, count: int) -> list[str]:
        """Return the words after a name, to the end of its line or sentence."""
        found: list[str] = []
        for word, before in zip(self.words[end : end + count], self.words[end - 1 :], strict=False):
            between = self.folded[before.end : word.start]
            if found and (
                "\n" in between or (between.startswith((". ", "! ", "? ")) and len(before.text) > len("bis"))
            ):
                break
            found.append(word.text)
        return found

    def told_of(self, end: int) -> bool:
        """Tell whether the sentence goes on about whoever bears the name that ends there."""
        for word, following in zip(self.words[end:], [*self.words[end + 1 :], None], strict=False):
            after = self.folded[word.end : following.start if following else None]
            if word.text in TELLING and not after.startswith(("°", "'")):
                return True
            if "\n" in after or after.startswith((". ", "!", "?")):
                return False
        return False

    def is_located(self, end: int) -> bool:
        """Tell whether a place follows a name at once: "du 12", "3e", ", place Hoche", "ex locataire"."""
        following = self.after(end, 2)
        if not following:
            return False
        first, second = following[0], following[1:]
        if first in _AT:
            return bool(second) and (second[0].isdigit() or second[0] in _LEVELS or self.words[end + 1].capital)
        if first in _ARTICLES and self.behind(end).startswith(","):
            return bool(second) and self.words[end + 1].capital  # "Odette Roy, la Redoute à Champigny"
        return first.isdigit() or first in _OF_AN_ADDRESS or first in STREET_TYPES

    def places_itself(self, end: int) -> bool:
        """Tell whether an address or a phone follows a name: a comma, a figure, or the word for one."""
        after = self.behind(end)[:3].lstrip(" .")[:1]
        following = self.after(end, 1)
        return after in set(",-(/0123456789\n") or bool(SAME_PLACE & set(following))

    def addressed(self, end: int) -> bool:
        """Tell whether a comma ends the line of a name, and no address follows: a letter begins so ("Madame Roy,")."""
        after = self.behind(end).lstrip(" ")
        following = {*self.after(end, 1)}
        return after.startswith(",") and not (following & STREET_TYPES.keys() or any(map(str.isdigit, following)))

    def signs_on(self, end: int, stop: int) -> bool:
        """Tell whether what follows a name on its line belongs to a signature: an address, a phone, "et sa fille"."""
        rest = [word.text for word in self.words[end:stop]]
        with_family = rest[:1] == ["et"] and bool(rest[1:]) and _FAMILY_WORDS.issuperset(rest[1:])
        return with_family or self.places_itself(end) or self.is_located(end)

    def presents_himself(self, position: int, end: int) -> bool:
        """Tell whether a letter opens or ends with a name and a place: "Bonsoir, Odette Roy du 12 rue Hoche."."""
        opens = position <= _GREETED and _HELLO.issuperset(word.text for word in self.words[:position])
        rest = self.behind(end).strip()
        begins = self.up_to(position)[-1:] in {"", "\n", ".", "!", "?"}
        closes = begins and "\n" not in rest and len(self.words) - end <= _LAST_WORDS
        return (opens or closes) and self.is_located(end) and not self.told_of(end)

    def signs_together(self, position: int, end: int) -> bool:
        """Tell whether a line holds nothing but names, joined by "et": "Odette Roy et Jean Petit"."""
        text = self.folded
        start = text.rfind("\n", 0, self.words[position].start) + 1
        ends = text.find("\n", self.words[end - 1].end)
        stop = len(text) if ends < 0 else ends
        if " et " not in text[start:stop]:
            return False
        first, last = (bisect_left(self.words, at, key=lambda word: word.start) for at in (start, stop))
        line = self.words[first:last]
        return len(line) <= _LAST_WORDS and all(word.capital or word.text == "et" for word in line)

    def ends_where_they_are(self, position: int, end: int) -> bool:
        """Tell whether a name ends the sentence that says where the writers are: "on est au 12 rue Hoche, M. Roy."."""
        clause = set(self.before(position, _CLAUSE))
        ends = self.is_apposed(position) and self.behind(end)[:2] in {"", ".", ". ", ".\n"}
        return ends and bool(_WE & clause) and bool((DWELLS | _ARE) & clause)

    def bracketed_with_address(self, position: int, end: int) -> bool:
        """Tell whether a name ends brackets that hold an address: "mon oncle (il est au 10 rue Hoche, M. Roy)"."""
        opened = self.up_to(position)[-_BRACKETS:].rpartition("(")[2]
        within = opened.split() if ")" not in opened else []
        return self.behind(end)[:1] == ")" and bool(STREET_TYPES.keys() & set(within))

    def under_guard(self, end: int) -> bool:
        """Tell whether a guardian is appointed for whoever bears a name: "M. Roy Yves, né en 1951, sous curatelle"."""
        return any(one == "sous" and other in UNDER_GUARD for one, other in pairwise(self.after(end, _GUARDED)))

    def and_his_own(self, end: int) -> bool:
        """Tell whether the writer names himself behind somebody: "au nom de ma mère Jeanne et au mien"."""
        following = self.after(end, 3)
        return following[:1] == ["et"] and bool(_HIS_OWN & set(following[1:]))
