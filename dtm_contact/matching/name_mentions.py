"""Finding names where a name can stand: a display name, a signature, after a title or "je m'appelle".

Six tenants in a hundred bear a frequent French word as their surname, so a known name in the middle of a sentence says
nothing. Each mention knows its role: who speaks of himself, whom he writes for, or who is merely spoken of.
"""

from dtm_contact.matching.announced_names import AnnouncedNames
from dtm_contact.matching.mentions import MOST_MENTIONS, Mention
from dtm_contact.matching.passages import Word
from dtm_contact.matching.signed_names import SignedNames
from dtm_contact.matching.vocabulary import ONE_EDIT, Vocabulary
from dtm_contact.matching.words import CARETAKERS, KIN, NEIGHBOURS, NOT_NAMES, PARTICLES, STRANGERS, TITLES

_OTHERS = CARETAKERS | NEIGHBOURS | STRANGERS | KIN
_SHORT_WORD = 4
_LONGEST_SURNAME = 3
_WHOSE = frozenset({"mon", "ma", "mes", "son", "sa", "ses", "notre", "votre", "leur"})


class NameReader(AnnouncedNames, SignedNames):
    """Reads the names of one passage, where a name can stand; knows which words are names of the directory."""

    def pairs(self) -> list[Mention]:
        """Return known first names beside known surnames, wherever they stand."""
        found: list[Mention] = []
        for position in filter(self._begins_a_pair, range(len(self._words) - 1)):
            last = self._pair_end(position)
            if last <= position or len(found) >= MOST_MENTIONS:
                continue
            before = self._around.before(position, 4)
            of_another = not _OTHERS.isdisjoint(before)
            if (of_another and not self._roles.written_for_neighbour(position)) or (before and before[0] in TITLES):
                continue
            in_arabic = not self._words[position].text.isascii()
            if in_arabic and not self._roles.presents_in_arabic(position, last):
                continue
            small = (
                not in_arabic and self._has_capitals and not any(word.capital for word in self._words[position:last])
            )
            if small and not self._around.presents_himself(position, last):
                continue
            end = max(last, self.take(position, cued=False)[1])
            if mention := self.mention(self._roles.of_pair(position, self._born(end).stop), position, end):
                found.append(mention)
        return found

    def _begins_a_pair(self, position: int) -> bool:
        """Tell whether a word may be the first of a first name with a surname, in either order, or near to one."""
        word, following = self._words[position : position + 2]
        text = word.text
        if text in TITLES and not text.isascii():
            return False
        if text in KIN and position > 0 and self._words[position - 1].text in _WHOSE:
            return False  # "mon frère Minh", where somebody is called Frère
        if following.start - word.end > 1 or text in NOT_NAMES or following.text in NOT_NAMES:
            return False
        return (word.capital and len(text) > _SHORT_WORD) or text in PARTICLES or self._known(text)

    def _pair_end(self, position: int) -> int:
        """Return where a first name with a surname of one to three words ends, in either order; 0 where none begins."""
        surnames, firsts = self._people.surnames, self._people.firsts
        one = self._words[position].text
        texts = [one]
        for length in range(1, min(_LONGEST_SURNAME, len(self._words) - position - 1) + 1):
            before, after = self._words[position + length - 1], self._words[position + length]
            if after.start - before.end > 1 or after.text in NOT_NAMES:
                return 0
            texts.append(after.text)
            if length == 1:
                if not PARTICLES.isdisjoint(texts):
                    continue
                if self._misspelt_pair(self._words[position], after):
                    return position + 2
            swapped = after.text in firsts and _surname("".join(texts[:-1]), length, surnames)
            if swapped or (one in firsts and _surname("".join(texts[1:]), length, surnames)):
                return position + length + 1
        return 0

    def _misspelt_pair(self, one: Word, other: Word) -> bool:
        """Tell whether two words with capitals are a surname and what is near to a first name ("Hocihe Bouchareb")."""
        surnames, firsts = self._people.surnames, self._people.firsts
        if not (self._has_capitals and one.capital and other.capital):
            return False
        return any(
            surname in surnames.number
            and first not in firsts
            and max(firsts.channel(first).values(), default=0.0) >= ONE_EDIT
            for first, surname in ((one.text, other.text), (other.text, one.text))
        )


def _surname(glued: str, words: int, surnames: Vocabulary) -> bool:
    """Tell whether words written together are a surname; a single word may be a part of one."""
    return glued in surnames if words == 1 else glued in surnames.number
