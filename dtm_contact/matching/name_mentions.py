"""Finding names where a name can stand: a display name, a signature, after a title or "je m'appelle".

Six tenants in a hundred bear a frequent French word as their surname, so a known name in the middle of a sentence says
nothing. Each mention knows its role: who speaks of himself, whom he writes for, or who is merely spoken of.
"""

from functools import cached_property

from dtm_contact.matching.mentions import MOST_MENTIONS, Mention, Role, mention_of
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.people import People
from dtm_contact.matching.words import (
    AFTER_A_SIGNATURE,
    AT_HIS_HOME,
    CARETAKERS,
    CUE_ENDS,
    GREETINGS,
    HIMSELF,
    KIN,
    LIVING,
    NEIGHBOURS,
    NOT_NAMES,
    ON_BEHALF,
    OPENING,
    OTHER_SURNAME,
    PARTICLES,
    RELATIVES_WRITTEN_FOR,
    SAME_PLACE,
    SELF_CUES,
    SELF_WORDS,
    SPEAKING,
    STRANGERS,
    TELLING,
    TENANCY,
    TITLES,
    WRITTEN_FOR,
)
from dtm_contact.normalize import STREET_TYPES

_MOST_WORDS = 5
_WIDEST_GAP = 2
_CUE_AND_NAME = 2  # words: "ma mère Odette"
_FAMILY = "famille"
_TITLE_WORDS = 3  # "M. et Mme"
_ADDRESS_WORDS = 5  # "12 bis av. du", "rue des 4 Ruelles"
_CLOSING_LINES = 5
_CLOSING_WORDS = 12
_LINE_WORDS = 9


class NameReader:
    """Reads the names of one passage; knows which words are names of the directory."""

    def __init__(self, text: Passage, people: People) -> None:
        self._text = text
        self._words = text.words
        self._people = people

    def _known(self, word: str) -> bool:
        return word in self._people.surnames or word in self._people.firsts

    def _near_known(self, word: str) -> bool:
        return bool(self._people.surnames.channel(word) or self._people.firsts.channel(word))

    def _takes(self, position: int, *, cued: bool) -> bool:
        """Tell whether a word may belong to a name; after a cue, a misspelt name in small letters may."""
        word = self._words[position]
        if self._is_initial(word):
            return True
        if word.text.isdigit() or word.text in NOT_NAMES:
            return False
        if word.capital or word.text in PARTICLES or len(word.text) == 1:
            return True
        return self._known(word.text) or (cued and len(word.text) > len("il") and self._near_known(word.text))

    def _is_initial(self, word: Word) -> bool:
        """Tell whether a word is a capital with its stop or hyphen ("J.-L. Garnier")."""
        return word.capital and len(word.text) == 1 and self._text.folded.text[word.end : word.end + 1] in {".", "-"}

    def take(self, position: int, *, cued: bool = True) -> tuple[int, int]:
        """Return the first word of a name and the one after its last, from `position` on; equal where there is none."""
        end, most = position, min(position + _MOST_WORDS, len(self._words))
        while end < most and (end == position or self._goes_on(end)) and self._takes(end, cued=cued):
            end += 1
        while end > position and self._dangles(end - 1):
            end -= 1
        return position, end

    def _goes_on(self, position: int) -> bool:
        """Tell whether a word stands close enough to the one before it to belong to the same name."""
        before, word = self._words[position - 1], self._words[position]
        between = self._text.folded.text[before.end : word.start]
        if len(between) > _WIDEST_GAP or any(mark in between for mark in "\n;:!?()"):
            return False
        if "." in between and len(before.text) > _WIDEST_GAP:  # a sentence ends; "J.-R." and "Mme." do not end one
            return False
        return "," not in between or len(word.text) > 1

    def _dangles(self, position: int) -> bool:
        """Tell whether a particle ends the name for want of what it belongs to; "Le" and "Da" are surnames, too."""
        word = self._words[position]
        whole = word.capital and self._known(word.text)
        return word.text in PARTICLES and len(word.text) > 1 and not whole

    def mention(self, role: Role, first: int, end: int, title: str = "") -> Mention | None:
        """Build the mention of the words from `first` to `end`, or None where none of them is a full word."""
        born = [self._words[position].text for position in self._born(end)]
        mention = mention_of(self._text, self._words[first:end], role, title, born)
        return mention if mention.words else None

    def _born(self, end: int) -> range:
        """Return the words of another surname that follows ("née Lacroix", "ép. Roy"); empty where none does."""
        if end < len(self._words) and self._words[end].text in OTHER_SURNAME:
            first, last = self.take(end + 1)
            return range(first, min(last, first + 2))
        return range(end, end)

    def _before(self, position: int, count: int) -> list[str]:
        """Return the words before a position, back to the beginning of its sentence."""
        found: list[str] = []
        for back in range(position - 1, max(-1, position - 1 - count), -1):
            between = self._text.folded.text[self._words[back].end : self._words[back + 1].start]
            if any(mark in between for mark in "!?;\n") or (
                ". " in between and len(self._words[back].text) > len("mme")
            ):
                break
            found.append(self._words[back].text)
        return found

    def titled(self) -> list[Mention]:
        """Return the names that follow a title, or a cue such as "je m'appelle"."""
        found: list[Mention] = []
        position = 0
        while position < len(self._words) and len(found) < MOST_MENTIONS:
            mention, position = self._at(position)
            if mention is not None:
                found.append(mention)
        return found

    def _at(self, position: int) -> tuple[Mention | None, int]:
        title, first = self._title(position)
        cue = "" if title else self._cue(position)
        if not title and not cue:
            return None, position + 1
        if cue:
            title, first = self._title(position + 1)
        first, end = self.take(first)
        if end == first:
            return None, position + 1
        role = self._role(position, end, cue)
        calls_himself = self._words[position].text == "appelle"
        if role is None or (cue and not title and not calls_himself and not self._looks_like_name(first, end)):
            return None, position + 1
        return self.mention(role, first, end, title), end

    def _title(self, position: int) -> tuple[str, int]:
        """Return the title that stands at a position, and the position after it; a couple's is its family's."""
        title, first = "", position
        for ahead, word in enumerate(self._words[position : position + _TITLE_WORDS], position + 1):
            if word.text in TITLES and (len(word.text) > len("me") or word.capital):
                title = word.text if not title or title == word.text else _FAMILY
                first = ahead
            elif not title or word.text not in {"et", "ou"}:
                break
        return title, first

    def _looks_like_name(self, first: int, end: int) -> bool:
        words = self._words[first:end]
        known = [word for word in words if self._known(word.text)]
        if known:
            return any(word.capital for word in known) or len(known) > 1
        # Names that the directory lacks: "je suis Gontran Malaparte".
        return self._has_capitals and len(words) > 1 and all(word.capital and len(word.text) > 1 for word in words)

    def _cue(self, position: int) -> str:
        """Return "self", "for" or "kin" where the words up to and with this one announce a name, else ""."""
        word = self._words[position].text
        if word not in CUE_ENDS:
            return ""
        before = self._before(position, 2)
        if word == "appelle" and before[:1] == ["s"]:
            return "for"
        said = " ".join([*reversed(before), word])
        if (word == "est" and before[:1] == ["c"]) or any(f" {said}".endswith(f" {cue}") for cue in SELF_CUES):
            return "self"
        if before == ["jeune", "de"]:
            return "self"
        if word in RELATIVES_WRITTEN_FOR:
            return "for"
        return "kin" if word in KIN else ""

    def _role(self, position: int, end: int, cue: str) -> Role | None:  # noqa: PLR0911 (one line a role)
        before = self._before(position, 6)
        near = {*before[:4], *(word.text for word in self._words[end : end + 2])}
        if CARETAKERS & near:
            return Role.CARETAKER
        if STRANGERS & set(before[:2]):
            return None
        if NEIGHBOURS & set(before[:3]):
            return Role.FOR if ON_BEHALF & set(before[:6]) else None
        if cue == "self":
            return Role.SELF
        if cue == "for" and end - position <= _CUE_AND_NAME and not ON_BEHALF & set(before[:4]):
            return Role.KIN
        if HIMSELF & {word.text for word in self._words[end : end + 1]}:
            return Role.SELF
        if self._written_for(before, end, cue):
            return Role.FOR
        if cue == "kin" or KIN & set(before[:3]):
            return Role.KIN
        if SELF_WORDS & set(before[:3]) or before[:2] == ["est", "c"]:
            return Role.SELF
        return self._after_greeting(before, end)

    def _written_for(self, before: list[str], end: int, cue: str) -> bool:
        """Tell whether a name is that of somebody whom the matter is about, though another writes."""
        if cue == "for" or WRITTEN_FOR & set(before[:4]) or self._domiciled(end):
            return True
        if cue == "kin" and ON_BEHALF & set(before[:3]):
            return True
        return before[:1] == [AT_HIS_HOME] and not LIVING & set(before)

    def _domiciled(self, end: int) -> bool:
        following = {word.text for word in self._words[end : end + 5]}
        return bool(following & TENANCY)

    def _after_greeting(self, before: list[str], end: int) -> Role | None:
        """Tell the one addressed ("Bonjour Madame Roy,") from one who names himself ("bonjour madame roy j'habite")."""
        tail = self._text.folded.text[self._words[end - 1].end :][:2].strip(" ")[:1]
        following = [word.text for word in self._words[end : end + 3]]
        speaks = bool(SPEAKING & set(following[:2])) or "appareil" in following
        speaks = speaks and tail not in {"\n", ","}
        if not before and not speaks:
            return self._at_head_of_line(tail, end)
        if GREETINGS & set(before[:2]) or not before:
            return Role.SELF if speaks else None
        return Role.SELF if speaks and OPENING & set(before[:4]) else Role.NAMED

    def _at_head_of_line(self, tail: str, end: int) -> Role | None:
        """Tell a signature from somebody addressed, and from somebody told of."""
        if self._gives_address(end):
            return Role.SIGNED
        if tail in {"", "\n"}:
            return Role.SIGNED if len(self._words) - end <= _CLOSING_WORDS else None
        return None if tail == "," else Role.NAMED

    def signed(self, *, block: bool) -> list[Mention]:
        """Return the names on lines of their own: at the head of a letter, under it, or in a signature block."""
        lines = _lines(self._text)
        closing = lines if block else lines[-_CLOSING_LINES:]
        found: list[Mention] = []
        for number, line in enumerate(lines):
            if not line or (line not in closing and number > 1):
                continue
            mention = self._signature(line, last=number >= len(lines) - 2, block=block)
            if mention is not None:
                found.append(mention)
        return found[:4]

    def _signature(self, line: range, *, last: bool, block: bool) -> Mention | None:
        doctor = self._words[line.start].text in {"dr", "pr"}
        title, first = self._title(line.start + doctor)
        begin, end = self.take(first, cued=bool(title))
        end = min(end, line.stop)
        if end <= begin:
            return None
        whole = self._born(end).stop >= line.stop
        if not self._signs(self._words[begin:end]) or len(line) > (_LINE_WORDS if whole else 2 * _LINE_WORDS):
            return None
        tells = TELLING & {word.text for word in self._words[end : line.stop]}
        if not whole and (tells or not ((last or block) and self._places_itself(end))):
            return None
        return self.mention(Role.SIGNED, begin, end, title)

    def _signs(self, words: tuple[Word, ...]) -> bool:
        """Tell whether words may be a signature: a known name, with capitals if the writer uses them at all."""
        named = all(word.capital for word in words)  # then "Le" and "Van" are names, too
        known = [word for word in words if self._known(word.text) and (named or word.text not in PARTICLES)]
        if self._has_capitals or len(known) < len(words):
            return any(word.capital for word in known)
        return bool(known)

    def pairs(self) -> list[Mention]:
        """Return known first names beside known surnames, wherever they stand."""
        found: list[Mention] = []
        surnames, firsts = self._people.surnames, self._people.firsts
        for position in range(len(self._words) - 1):
            one, other = self._words[position], self._words[position + 1]
            if other.start - one.end > 1 or not (one.text in firsts or one.text in surnames):
                continue
            fits = (one.text in firsts and other.text in surnames) or (one.text in surnames and other.text in firsts)
            if not fits or {one.text, other.text} & (NOT_NAMES | PARTICLES):
                continue
            before = set(self._before(position, 4))
            if before & (CARETAKERS | NEIGHBOURS | STRANGERS | KIN):
                continue
            if not (one.capital or other.capital) and self._has_capitals:
                continue
            end = max(position + 2, self.take(position, cued=False)[1])
            if mention := self.mention(self._role_of_pair(position, end), position, end):
                found.append(mention)
            if len(found) >= MOST_MENTIONS:
                break
        return found

    @cached_property
    def _has_capitals(self) -> bool:
        """Whether the writer uses capitals as one should: then a name in small letters is a word."""
        return any(
            word.capital and len(word.text) > 1 and self._text.seen(word.start + 1, word.start + 2).islower()
            for word in self._words
        )

    def _role_of_pair(self, position: int, end: int) -> Role:
        """Tell a name that begins its line or ends the text, as a signature does, from one within a sentence."""
        before = self._text.folded.text[: self._words[position].start].rstrip(" ")
        if HIMSELF & {word.text for word in self._words[end : end + 1]}:
            return Role.SELF
        if end >= len(self._words) or (before.endswith("\n") and self._places_itself(end)):
            return Role.SIGNED
        begins = not before or before[-1] in "\n.!?"
        return Role.SIGNED if begins and self._gives_address(end) else Role.PAIR

    def _gives_address(self, end: int) -> bool:
        """Tell whether an address follows a name ("Roy Claude - 12 rue Hoche"), and no tale of who bears the name."""
        end = self._born(end).stop
        after = self._text.folded.text[self._words[end - 1].end :][:4]
        mark = after.strip(" .")[:1]
        if not mark or mark not in ",-(/:0123456789" or "\n" in after:
            return False
        ahead = self._words[end : end + _ADDRESS_WORDS]
        numbered = any(word.text in STREET_TYPES for word in ahead) and ahead[0].text not in {"du", "au", "de"}
        return (numbered or (bool(ahead) and ahead[0].text in SAME_PLACE)) and not self._told_of(end)

    def _told_of(self, end: int) -> bool:
        """Tell whether the sentence goes on about whoever bears the name that ends there."""
        for word, following in zip(self._words[end:], [*self._words[end + 1 :], None], strict=False):
            after = self._text.folded.text[word.end : following.start if following else None]
            if word.text in TELLING and not after.startswith(("°", "'")):
                return True
            if "\n" in after or after.startswith((". ", "!", "?")):
                return False
        return False

    def _places_itself(self, end: int) -> bool:
        """Tell whether an address or a phone follows a name: a comma, a figure, or the word for one."""
        after = self._text.folded.text[self._words[end - 1].end :][:3].lstrip(" .")[:1]
        following = self._words[end].text if end < len(self._words) else ""
        return after in set(",-(/0123456789\n") or following in AFTER_A_SIGNATURE


def _lines(text: Passage) -> list[range]:
    """Return the lines that hold words, as ranges of word positions."""
    lines: list[range] = []
    first = 0
    words = text.words
    for position in range(1, len(words) + 1):
        ends = position == len(words) or "\n" in text.folded.text[words[position - 1].end : words[position].start]
        if ends:
            lines.append(range(first, position))
            first = position
    return lines
