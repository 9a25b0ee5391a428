"""Finding names where a name can stand: a display name, a signature, after a title or "je m'appelle".

Six tenants in a hundred bear a frequent French word as their surname, so a known name in the middle of a sentence says
nothing. Each mention knows its role: who speaks of themselves, whom they write for, or who is merely spoken of.
"""

import re
from bisect import bisect_left
from functools import cached_property

from dtm_contact.matching.cues import (
    AMBIGUOUS_TITLES,
    BEFORE_IT_IS,
    CALLED,
    CARETAKERS,
    CLOSINGS,
    CUE_ENDS,
    FAMILIES,
    IT_IS,
    KIN,
    LABELS,
    LAWYERS,
    NEIGHBOURS,
    NOT_NAMES,
    OF,
    OTHER_SURNAME,
    PARTICLES,
    RELATIVES_WRITTEN_FOR,
    SELF_CUES,
    STRANGERS,
    TELLING,
    TITLES,
    TURKISH_GREETINGS,
    TURKISH_I,
)
from dtm_contact.matching.gazetteer import ONE_EDIT, Vocabulary
from dtm_contact.matching.mentions import MOST_MENTIONS, Mention, NameRole, mention_of
from dtm_contact.matching.passages import Passage, Surroundings, Word
from dtm_contact.matching.people import People
from dtm_contact.matching.roles import Roles
from dtm_contact.text import STREET_TYPES

_MOST_WORDS = 5
_WIDEST_GAP = 2
_DEVICE_LINE = re.compile(r"\n(?:envoye (?:de|depuis|a partir)|sent from|telecharge[rz]) [^\n]{0,80}")
_PARTS = frozenset("\n;:!?()،؛")
_FAMILY = "famille"
_LITTLE_WORDS = frozenset("aeoy")
_STAMMERED = 3
_ARTICLES = frozenset({"le", "la", "l"})
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
        """Return whether a word may belong to a name; after a cue, a misspelt name in small letters may."""
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
        """Return whether an elided letter is a name's ("N'Diaye", "d'Almeida") and no word's ("Mme Roy n'ose plus")."""
        word, following = self._words[position : position + 2]
        glued = word.text + following.text
        if self._has_capitals:
            return word.capital or following.capital or self._known(glued)
        return self._known(glued) or (following.text not in NOT_NAMES and self._near_known(glued))

    def _is_initial(self, word: Word) -> bool:
        """Return whether a word is a letter with its stop or hyphen ("J.-L. Garnier"), or stands before a surname."""
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
            end += 1
        while end > position and self._dangles(end - 1):
            end -= 1
        return position, end

    def _behind_stammer(self, position: int) -> int:
        """Return where a name begins whose first letters a voice message has twice: "madame lanfo lanfophise"."""
        word, following = [*self._words[position : position + 2], None, None][:2]
        if word is None or following is None or len(word.text) < _STAMMERED or self._known(word.text):
            return position
        again = following.text.startswith(word.text) and following.start - word.end == 1
        return position + again

    def _goes_on(self, position: int, begun: int | None = None) -> bool:
        """Return whether a word stands close enough to the one before it to belong to the name `begun` at a word."""
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
        """Return whether a word is a first name and no surname."""
        return word.text in self._people.firsts.number and word.text not in self._people.surnames

    def _dangles(self, position: int) -> bool:
        """Return whether a particle ends the name for want of what it belongs to; "Le" and "Da" are surnames, too."""
        word = self._words[position]
        particle = word.text in PARTICLES and len(word.text) > 1
        return self._text.elided(position) or (particle and not (word.capital and self._known(word.text)))

    def mention(self, role: NameRole, first: int, end: int, title: str = "") -> Mention | None:
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
        """Return whether "ne" is no "né"."""
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
        """Return whether a word is one slip away from a name, or sounds like one."""
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
        """Return whether most words are capitals throughout."""
        capital = [word for word in self._words if word.capital]
        if len(capital) <= len(self._words) / 2:
            return False
        long = [self._text.seen(word.start, word.end) for word in capital if len(word.text) > _WIDEST_GAP]
        return sum(map(str.isupper, long)) > len(long) / 2


_ANNOUNCING = TITLES | CUE_ENDS
_OF_WHOM = KIN | RELATIVES_WRITTEN_FOR | {"nom"}
_TWO = 2
_APART = frozenset(",)")


class AnnouncedNames(NameTaker):
    """Reads the names of one passage that a title or a cue announces."""

    def titled(self) -> list[Mention]:
        """Return the names that follow a title, or a cue such as "je m'appelle"."""
        found: list[Mention] = []
        end = 0
        for position, word in enumerate(self._words):
            if position < end or word.text not in _ANNOUNCING:
                continue
            mention, end = self._at(position)
            if mention is not None:
                found.append(mention)
                if len(found) >= MOST_MENTIONS:
                    break
        return found

    def _at(self, position: int) -> tuple[Mention | None, int]:
        title, first = self._title(position)
        cue = "" if title else self._cue(position)
        if not title and not cue:
            return None, position + 1
        if cue:
            ahead = self._after_cue(position)
            bracketed = cue != "self" and self._opens_bracket(position)
            if bracketed or (ahead > position + 1 and self._words[ahead - 1].text in OF):
                cue = "behalf"
            title, first = self._title(ahead)
            first = self._born_so(first) if cue == "self" else first
        first, end = self.take(first)
        article = end > first and not title and self._is_article(first)
        between = self._text.folded.text[self._words[first - 1].end : self._words[min(first, end - 1)].start]
        if title and not _APART.isdisjoint(between):
            return None, position + 1  # "un monsieur, mais", "Madame, Monsieur,"
        if end == first or title in LAWYERS or article or (cue and self._breaks_off(position, first)):
            return None, position + 1
        role = self._roles.of_titled(position, self._born(end).stop, cue)
        if role is None or (cue and not title and not self._may_be_called(position, first, end)):
            return None, position + 1
        return self.mention(role, first, end, title), self._born(end).stop

    def _born_so(self, position: int) -> int:
        """Return where a birth name begins by which the writer calls themselves: "moi c'est celle née Roy"."""
        following = [word.text for word in self._words[position : position + _TWO]]
        at = position + (following[:1] == ["celle"])
        return at + 1 if self._words[at : at + 1] and self._words[at].text in {"nee", "ne"} else position

    def _breaks_off(self, position: int, first: int) -> bool:
        """Return whether a sentence or a line ends between a cue and a name: "… à mon seul nom. M. Roy en témoigne"."""
        between = self._text.folded.text[self._words[position].end : self._words[first].start]
        return ":" not in between and ("\n" in between or between.startswith((". ", "! ", "? ")))

    def _after_cue(self, position: int) -> int:
        """Return where the name begins after a cue's last word: "soussigné(e) Roy", "le fils de M. Roy"."""
        word, following = self._words[position], self._words[position + 1 : position + 2]
        if following and following[0].text == "e" and following[0].start == word.end + 1:
            return position + 2
        return position + 2 if following and following[0].text in OF and word.text in _OF_WHOM else position + 1

    def _opens_bracket(self, position: int) -> bool:
        """Return whether a bracket opens right after a word: "ma sœur (Odette Roy, 12 rue Hoche) n'a pas internet"."""
        return self._text.folded.text[self._words[position].end :][:3].strip().startswith("(")

    def _is_article(self, position: int) -> bool:
        """Return whether a name would begin with an article: "c'est la faute de", all in small letters or capitals."""
        word = self._words[position]
        return word.text in {"la", "le", "les"} and not (word.capital and self._has_capitals)

    def _may_be_called(self, position: int, first: int, end: int) -> bool:
        """Return whether words after a cue may be a name."""
        cue = self._words[position].text
        if cue == "appelle" or self._looks_like_name(first, end):
            return True
        if not self._words[first].text.isascii():
            return not cue.isascii() and self._words[first].text in self._people.firsts
        # "c kouadio", "c JB diakité": by ear and without capitals, a first name alone is one.
        words = self._words[first:end]
        known = [word.text for word in words if self._known(word.text)]
        alone = not self._has_capitals and known[:1] and known[0] in self._people.firsts.number
        return cue in IT_IS and bool(known) and (bool(alone) or words[0].capital)

    def _looks_like_name(self, first: int, end: int) -> bool:
        words = self._words[first:end]
        known = [word for word in words if self._known(word.text) and (len(words) == 1 or word.text not in PARTICLES)]
        if known:
            return any(word.capital for word in known) or len(known) > 1
        # Names that the directory lacks: "je suis Gontran Malaparte".
        return self._has_capitals and len(words) > 1 and all(word.capital and len(word.text) > 1 for word in words)

    def _cue(self, position: int) -> str:
        """Return "self", "for" or "kin" where the words up to and with this one announce a name, else ""."""
        word = self._words[position].text
        if word not in CUE_ENDS:
            return ""
        before = self._around.before(position, 2)
        if word in CALLED or (word == "appelle" and before[:1] == ["s"]):
            return "for"
        if self._announces_the_writer(position, before):
            return "self"
        if word in RELATIVES_WRITTEN_FOR or (word == "pour" and not before):
            return "for"
        return "kin" if word in KIN else ""

    def _announces_the_writer(self, position: int, before: list[str]) -> bool:
        """Return whether the words up to and with this one say that the writer's own name follows."""
        word = self._words[position].text
        said = " ".join([*reversed(before), word])
        if word == "nom" and before[:1] in (["son"], ["leur"]):
            return False  # "je porte son nom, Roy"
        if (word == "est" and before[:1] == ["c"]) or any(f" {said}".endswith(f" {cue}") for cue in SELF_CUES):
            return True
        if word in IT_IS:
            return self._says_it_is(position)
        if word == TURKISH_I:
            return TURKISH_GREETINGS.issuperset(before) and self._text.in_turkish
        labelled = self._text.folded.text[self._words[position].end :][:2].strip() == ":"
        return before == ["jeune", "de"] or (word in LABELS and labelled)

    def _says_it_is(self, position: int) -> bool:
        """Return whether a word is "c'est" by ear: "cé monsieur Ba", and where a text or a line begins "c Awa Roy"."""
        word = self._words[position]
        begins = BEFORE_IT_IS.issuperset(self._around.before(position, 3))
        if word.text in {"ce", "se"}:
            by_ear = self._text.seen(word.start, word.end).lower() not in {"ce", "se"}
            return by_ear or (word.text == "se" and begins and self._text.in_creole)
        if len(word.text) > 1 and word.text != "ces":
            return True
        return begins and self._text.folded.text[word.end : word.end + 1] == " "


_NO_SIGNATURE = CLOSINGS | NOT_NAMES
_SHORT_LINE = 4
_GREETED = 3
_LONGEST_SURNAME = 3
_CLOSING_LINES = 5
_LINE_WORDS = 9


class SignedNames(NameTaker):
    """Reads the names of one passage that stand on lines of their own, or end it."""

    def signed(self, *, block: bool) -> list[Mention]:
        """Return the names on lines of their own: at the head of a letter, under it, or in a signature block."""
        lines = _lines(self._text)
        closing = lines if block else lines[-_CLOSING_LINES:]
        found: list[Mention] = []
        for number, line in enumerate(lines):
            if not line or (line not in closing and number > 1) or (number == 0 and self._salutes(line)):
                continue
            if not self._words[line.start].text.isascii():
                continue  # ordinary words in Arabic have the consonants of some name: `pairs` asks for two
            line = self._behind_closing(line) if number == len(lines) - 1 else line  # noqa: PLW2901
            mention = self._signature(line, last=number >= len(lines) - 2)
            if mention is not None:
                found.append(mention)
        tail = self._after_closing() or self._last_words()
        if tail and (mention := self._signature(tail, last=True)):
            found.append(mention)
        return found[:4]

    def _salutes(self, line: range) -> bool:
        """Return whether a letter begins with the name of whom it is written to: "Madame Roy,"."""
        titled = self._words[line.start].text in TITLES
        return titled and line.stop < len(self._words) and self._around.addressed(line.stop)

    def _behind_closing(self, line: range) -> range:
        """Return a last line without the leave-taking that opens it: "merci. wilner, eglantier, le 40"."""
        first = line.start
        while first + 1 < line.stop and self._words[first].text in CLOSINGS:
            first += 1
        stop = self._text.folded.text[self._words[first - 1].end :][:1] if first > line.start else ""
        return range(first, line.stop) if stop in {".", "!", ","} else line

    def _after_closing(self) -> range:
        """Return the last words, after "cordialement", where no line sets them apart."""
        count = len(self._words)
        closed = [n for n in range(max(0, count - _SHORT_LINE - 1), count - 1) if self._words[n].text in CLOSINGS]
        return range(closed[-1] + 1, count) if closed else range(0)

    def _last_words(self) -> range:
        """Return the two or three words with capitals that end a text, where no line and no stop sets them apart."""
        first = count = len(self._words)
        while first and count - first < _LONGEST_SURNAME and self._words[first - 1].capital:
            if first < count and not self._goes_on(first):
                break
            first -= 1
        if not first or count - first <= 1 or not self._has_capitals:
            return range(0)
        apart = not self._goes_on(first)
        # "… est parti chercher M. Roy." tells of M. Roy.
        told = self._words[first].text in TITLES
        street = bool(STREET_TYPES.keys() & {word.text for word in self._words[max(0, first - _TWO) : first]})
        return range(0) if apart or told or street else range(first, count)

    def _without_remark(self, line: range) -> range:
        """Return a line without what stands in brackets at its end: "Mme Roy (c'est son petit-fils qui écrit)"."""
        text = self._text.folded.text
        ends = text[self._words[line.stop - 1].end :].partition("\n")[0].strip(" .!") == ")"
        opened = (at for at in line[1:] if "(" in text[self._words[at - 1].end : self._words[at].start])
        stop = next(opened, line.stop) if ends else line.stop
        return range(line.start, stop) if stop - line.start <= _SHORT_LINE else line

    def _signature(self, line: range, *, last: bool) -> Mention | None:
        line = self._without_remark(line)
        if last and self._are_initials(line):
            return mention_of(self._text, self._words[line.start : line.stop], NameRole.SIGNED)
        begins = [word.text for word in self._words[line.start : line.start + 2]]
        unnamed = begins[:1] in (["dr"], ["pr"]) or begins == ["la", "famille"]
        title, first = self._title(line.start + unnamed)
        short = last and len(line) <= _SHORT_LINE
        begin, end = self.take(first, cued=bool(title) or short)
        end = min(end, line.stop)
        if end <= begin:
            return None
        whole = self._born(end).stop >= line.stop
        if self._presents_the_writer(begin, end):
            return self.mention(NameRole.SIGNED, begin, end, title)
        signs = not self._is_street(line) and self._signs(self._words[begin:end])
        signs = signs or (short and whole and self._may_sign(begin, end))
        is_spoken_of = [word.text for word in self._words[end : line.stop]][:1] == ["qui"]
        if not signs or is_spoken_of or len(line) > (_LINE_WORDS if whole else 2 * _LINE_WORDS):
            return None
        tells = TELLING & {word.text for word in self._words[end : line.stop]}
        goes_on = not whole and (tells or not ((last) and self._around.signs_on(end, line.stop)))
        if goes_on:
            return None
        return self.mention(NameRole.SIGNED, begin, end, title)

    def _is_street(self, line: range) -> bool:
        """Return whether a line begins with a kind of street and no name: "BD PIERRE SEMARD 96"."""
        word = self._words[line.start].text
        return word in STREET_TYPES and len(word) > 1 and not self._known(word)

    def _presents_the_writer(self, begin: int, end: int) -> bool:
        """Return whether a letter opens with a first name, or more, and a place: "Salut, maxime du 8e, place Hoche"."""
        names = all(self._known(word.text) and word.text not in PARTICLES for word in self._words[begin:end])
        return names and begin <= _GREETED and self._around.presents_the_writer(begin, end)

    def _are_initials(self, line: range) -> bool:
        """Return whether a line is two capitals and nothing more: "K. D."."""
        words = self._words[line.start : line.stop]
        return len(words) == _TWO and all(word.capital and len(word.text) == 1 for word in words)

    def _signs(self, words: tuple[Word, ...]) -> bool:
        """Return whether words may be a signature: a known name, with capitals if the writer uses them at all."""
        named = all(word.capital for word in words)  # then "Le" and "Van" are names, too
        known = [word for word in words if self._known(word.text) and (named or word.text not in PARTICLES)]
        if self._has_capitals or len(known) < len(words):
            return any(word.capital for word in known)
        return bool(known)

    def _may_sign(self, begin: int, end: int) -> bool:
        """Return whether the last line is a name, in small letters or misspelt: each word is near one, or initial."""
        words = self._words[begin:end]
        if not _NO_SIGNATURE.isdisjoint([word.text for word in words if len(word.text) > 1]):
            return False
        names = [word for word in words if len(word.text) > 1 and word.text not in PARTICLES]
        near = [word for word in names if self._resembles(word.text)]
        return bool(near) and len(near) == len(names) and (len(words) > 1)


def _lines(text: Passage) -> list[range]:
    """Return the lines that hold words, as ranges of word positions."""
    lines: list[range] = []
    first, words = 0, text.words
    for position in range(1, len(words) + 1):
        ends = position == len(words) or "\n" in text.folded.text[words[position - 1].end : words[position].start]
        if ends:
            lines.append(range(first, position))
            first = position
    return lines


_OTHERS = CARETAKERS | NEIGHBOURS | STRANGERS | KIN
_SHORT_WORD = 4
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
            if small and not self._around.presents_the_writer(position, last):
                continue
            end = max(last, self.take(position, cued=False)[1])
            if mention := self.mention(self._roles.of_pair(position, self._born(end).stop), position, end):
                found.append(mention)
        return found

    def _begins_a_pair(self, position: int) -> bool:
        """Return whether a word may be the first of a first name with a surname, in either order, or near to one."""
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
        """Return whether two words with capitals are a surname and what is near a first name ("Hocihe Bouchareb")."""
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
    """Return whether words written together are a surname; a single word may be a part of one."""
    return glued in surnames if words == 1 else glued in surnames.number
