"""Where a name begins and ends in a text: its titles, initials, particles, hyphens, and the birth name that follows."""

import re
from bisect import bisect_left
from functools import cached_property

from dtm_contact.matching.mentions import Mention, Role, mention_of
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.people import People
from dtm_contact.matching.roles import Roles
from dtm_contact.matching.surroundings import Surroundings
from dtm_contact.matching.vocabulary import ONE_EDIT
from dtm_contact.matching.words import (
    AMBIGUOUS_TITLES,
    CLOSINGS,
    FAMILIES,
    KIN,
    NOT_NAMES,
    OTHER_SURNAME,
    PARTICLES,
    TITLES,
)

_MOST_WORDS = 5
_WIDEST_GAP = 2
_DEVICE_LINE = re.compile(r"\n(?:envoye (?:de|depuis|a partir)|sent from|telecharge[rz]) [^\n]{0,80}")
_PARTS = frozenset("\n;:!?()،؛")
_FAMILY = "famille"
_LITTLE_WORDS = frozenset("aeoy")
_STAMMERED = 3
_ARTICLES = frozenset({"le", "la", "l"})
_GRAND = frozenset({"petit", "petite", "grand", "grande", "beau", "belle"})
_TITLE_WORDS = 3  # "M. et Mme", "famille de M."


class NameTaker:
    """Tells which words of a passage belong to one name; knows which are names of the directory."""

    def __init__(self, text: Passage, people: People) -> None:
        self._text = text
        self._words = text.words
        self._people = people
        self._around = Surroundings(text)
        self._roles = Roles(self._around)

    def _known(self, word: str) -> bool:
        return word in self._people.surnames or word in self._people.firsts

    def _near_known(self, word: str) -> bool:
        return bool(self._people.surnames.channel(word) or self._people.firsts.channel(word))

    def _takes(self, position: int, *, cued: bool) -> bool:
        """Tell whether a word may belong to a name; after a cue, a misspelt name in small letters may."""
        word = self._words[position]
        if self._text.elided(position):
            return self._begins_a_name(position)
        if self._is_initial(word):
            return True
        if word.text.isdigit() or word.text in NOT_NAMES:
            return False
        if word.capital or word.text in PARTICLES or (len(word.text) == 1 and word.text not in _LITTLE_WORDS):
            return True
        before = self._words[position - 1] if position else None
        if before is not None and before.text in PARTICLES and self._near_known(before.text + word.text):
            return cued or self._text.folded.text[before.end : word.start] == "'"
        return self._known(word.text) or (cued and len(word.text) > len("il") and self._near_known(word.text))

    def _begins_a_name(self, position: int) -> bool:
        """Tell whether an elided letter is a name's ("N'Diaye", "d'Almeida") and no word's ("Mme Roy n'ose plus")."""
        word, following = self._words[position : position + 2]
        glued = word.text + following.text
        if self._has_capitals:
            return word.capital or following.capital or self._known(glued)
        return self._known(glued) or (following.text not in NOT_NAMES and self._near_known(glued))

    def _is_initial(self, word: Word) -> bool:
        """Tell whether a word is a letter with its stop or hyphen ("J.-L. Garnier"), or stands before a surname."""
        if len(word.text) > 1 or word.text.isdigit():
            return False
        mark = self._text.folded.text[word.end : word.end + 1]
        if mark in {".", "-"}:
            return word.capital or mark == "." or word.text not in PARTICLES
        if not word.capital and word.text in _LITTLE_WORDS:
            return False  # "à petit feu"
        at = bisect_left(self._words, word.end, key=lambda each: each.start)
        following = self._words[at].text if mark == " " and at < len(self._words) else ""
        return len(following) > len("le") and following in self._people.surnames and following not in NOT_NAMES

    def take(self, position: int, *, cued: bool = True) -> tuple[int, int]:
        """Return the first word of a name and the one after its last, from `position` on; equal where there is none."""
        position = self._behind_stammer(position)
        end, most = position, min(position + _MOST_WORDS, len(self._words))
        while end < most and (end == position or self._goes_on(end, position)) and self._takes(end, cued=cued):
            if end > position and self._tells_whose(end):
                break
            end += 1
        while end > position and self._dangles(end - 1):
            end -= 1
        return position, end

    def _tells_whose(self, position: int) -> bool:
        """Tell whether a relative's word stands after an article: "André le fils de Thomas" bears one name of these."""
        article, *following = [word.text for word in self._words[position : position + 3]]
        if following and following[0] in _GRAND:
            following = following[1:]
        return article in _ARTICLES and bool(KIN & set(following[:1]))

    def _behind_stammer(self, position: int) -> int:
        """Return where a name begins whose first letters a voice message has twice: "madame lanfo lanfophise"."""
        word, following = [*self._words[position : position + 2], None, None][:2]
        if word is None or following is None or len(word.text) < _STAMMERED or self._known(word.text):
            return position
        again = following.text.startswith(word.text) and following.start - word.end == 1
        return position + again

    def _goes_on(self, position: int, begun: int | None = None) -> bool:
        """Tell whether a word stands close enough to the one before it to belong to the name `begun` at a word."""
        before, word = self._words[position - 1], self._words[position]
        between = self._text.folded.text[before.end : word.start]
        if len(between) > _WIDEST_GAP or not _PARTS.isdisjoint(between):
            return False
        if "." in between and len(before.text) > _WIDEST_GAP:  # a sentence ends; "J.-R." and "Mme." do not end one
            return False
        if "," not in between:
            return True
        # "Roy, Odette", but neither "Georges, Odette travaille" nor "Georges Roy, Odette" nor "Elif Koç, Gentilly".
        said = self._words[position - 1 if begun is None else begun : position]
        return self._known(word.text) and not (self._is_first(word) and any(map(self._is_first, said)))

    def _is_first(self, word: Word) -> bool:
        """Tell whether a word is a first name and no surname."""
        return word.text in self._people.firsts.number and word.text not in self._people.surnames

    def _dangles(self, position: int) -> bool:
        """Tell whether a particle ends the name for want of what it belongs to; "Le" and "Da" are surnames, too."""
        word = self._words[position]
        particle = word.text in PARTICLES and len(word.text) > 1
        return self._text.elided(position) or (particle and not (word.capital and self._known(word.text)))

    def mention(self, role: Role, first: int, end: int, title: str = "") -> Mention | None:
        """Build the mention of the words from `first` to `end`, or None where none of them is a full word."""
        born = [self._words[position].text for position in self._born(end)]
        mention = mention_of(self._text, self._words[first:end], role, title, born)
        return mention if mention.words and not CLOSINGS.issuperset(mention.words) else None

    def _born(self, end: int) -> range:
        """Return the words of another surname that follows ("née Lacroix", "ép. Roy"); empty where none does."""
        if end < len(self._words) and self._words[end].text in OTHER_SURNAME and not self._denies(end):
            first, last = self.take(end + 1)
            return range(first, min(last, first + 2))
        return self._in_brackets(end)

    def _in_brackets(self, end: int) -> range:
        """Return a surname that stands alone in brackets after a name: "Mme Ziani (Saïdi)"."""
        if not 0 < end < len(self._words):
            return range(end, end)
        word, text = self._words[end], self._text.folded.text
        opened = text[self._words[end - 1].end : word.start].strip() == "("
        surname = word.text in self._people.surnames.number and word.text not in self._people.firsts
        return range(end, end + (opened and surname and text[word.end : word.end + 1] == ")"))

    def _denies(self, position: int) -> bool:
        """Tell whether "ne" is no "né"."""
        word = self._words[position]
        return self._text.seen(word.start, word.end).lower() == "ne"

    def _title(self, position: int) -> tuple[str, int]:
        """Return the title that stands at a position, and the position after it; a couple's is its family's."""
        title, first = "", position
        if position >= len(self._words) or self._words[position].text not in TITLES:
            return title, first
        for ahead, word in enumerate(self._words[position : position + _TITLE_WORDS], position + 1):
            stop = self._text.folded.text[word.end : word.end + 1] == "."
            if word.text in TITLES and (word.text not in AMBIGUOUS_TITLES or word.capital or stop):
                title = word.text if not title or title == word.text else _FAMILY
                first = ahead
            elif not title or word.text not in ({"de"} if title in FAMILIES else {"et", "ou"}):
                break
        return title, first

    def _resembles(self, word: str) -> bool:
        """Tell whether a word is one slip away from a name, or sounds like one."""
        vocabularies = (self._people.surnames, self._people.firsts)
        return any(chance >= ONE_EDIT for names in vocabularies for chance in names.channel(word).values())

    @cached_property
    def _has_capitals(self) -> bool:
        """Whether the writer uses capitals as one should: then a name in small letters is a word."""
        if self._is_in_capitals():
            return False
        device = _DEVICE_LINE.search(self._text.folded.text)  # it has capitals of its own
        return any(
            word.capital and len(word.text) > 1 and self._text.seen(word.start + 1, word.start + 2).islower()
            for word in self._words
            if device is None or not device.start() < word.start < device.end()
        )

    def _is_in_capitals(self) -> bool:
        """Tell whether most words are capitals throughout."""
        capital = [word for word in self._words if word.capital]
        if len(capital) <= len(self._words) / 2:
            return False
        long = [self._text.seen(word.start, word.end) for word in capital if len(word.text) > _WIDEST_GAP]
        return sum(map(str.isupper, long)) > len(long) / 2
