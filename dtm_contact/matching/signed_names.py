"""Finding names that stand by themselves: at the head of a letter, under it, or in a block of signature."""

from dtm_contact.matching.mentions import Mention, Role, mention_of
from dtm_contact.matching.name_extent import NameTaker
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.words import CLOSINGS, NOT_NAMES, PARTICLES, TELLING, TITLES
from dtm_contact.text import STREET_TYPES

_NO_SIGNATURE = CLOSINGS | NOT_NAMES
_TWO = 2
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
            mention = self._signature(line, last=number >= len(lines) - 2, block=block)
            if mention is not None:
                found.append(mention)
        tail = self._after_closing() or self._last_words()
        if tail and (mention := self._signature(tail, last=True, block=block)):
            found.append(mention)
        return found[:4]

    def _salutes(self, line: range) -> bool:
        """Tell whether a letter begins with the name of whom it is written to: "Madame Roy,"."""
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
        apart = self._words[first - 1].text in TITLES or not self._goes_on(first)
        # "… est parti chercher M. Roy." tells of him.
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

    def _signature(self, line: range, *, last: bool, block: bool) -> Mention | None:
        line = self._without_remark(line)
        if last and self._are_initials(line):
            return mention_of(self._text, self._words[line.start : line.stop], Role.SIGNED)
        begins = [word.text for word in self._words[line.start : line.start + 2]]
        unnamed = begins[:1] in (["dr"], ["pr"]) or begins == ["la", "famille"]
        title, first = self._title(line.start + unnamed)
        short = last and len(line) <= _SHORT_LINE
        begin, end = self.take(first, cued=bool(title) or short)
        end = min(end, line.stop)
        if end <= begin:
            return None
        whole = self._born(end).stop >= line.stop
        if self._presents_himself(begin, end):
            return self.mention(Role.SIGNED, begin, end, title)
        signs = not self._is_street(line) and self._signs(self._words[begin:end])
        signs = signs or (short and whole and self._may_sign(begin, end, title))
        told_of = [word.text for word in self._words[end : line.stop]][:1] == ["qui"]
        if not signs or told_of or len(line) > (_LINE_WORDS if whole else 2 * _LINE_WORDS):
            return None
        tells = TELLING & {word.text for word in self._words[end : line.stop]}
        goes_on = not whole and (tells or not ((last or block) and self._around.signs_on(end, line.stop)))
        article = end - begin == 1 and not whole and self._words[begin].text in PARTICLES
        if goes_on or article:
            return None
        return self.mention(Role.SIGNED, begin, end, title)

    def _is_street(self, line: range) -> bool:
        """Tell whether a line begins with a kind of street and no name: "BD PIERRE SEMARD 96"."""
        word = self._words[line.start].text
        return word in STREET_TYPES and len(word) > 1 and not self._known(word)

    def _presents_himself(self, begin: int, end: int) -> bool:
        """Tell whether a letter opens with a first name, or more, and a place: "Salut, maxime du 8e, place Hoche"."""
        names = all(self._known(word.text) and word.text not in PARTICLES for word in self._words[begin:end])
        return names and begin <= _GREETED and self._around.presents_himself(begin, end)

    def _are_initials(self, line: range) -> bool:
        """Tell whether a line is two capitals and nothing more: "K. D."."""
        words = self._words[line.start : line.stop]
        return len(words) == _TWO and all(word.capital and len(word.text) == 1 for word in words)

    def _signs(self, words: tuple[Word, ...]) -> bool:
        """Tell whether words may be a signature: a known name, with capitals if the writer uses them at all."""
        named = all(word.capital for word in words)  # then "Le" and "Van" are names, too
        known = [word for word in words if self._known(word.text) and (named or word.text not in PARTICLES)]
        if self._has_capitals or len(known) < len(words):
            return any(word.capital for word in known)
        return bool(known)

    def _may_sign(self, begin: int, end: int, title: str) -> bool:
        """Tell whether the last line is a name, in small letters or misspelt: each word is near one, or an initial."""
        words = self._words[begin:end]
        if not _NO_SIGNATURE.isdisjoint([word.text for word in words if len(word.text) > 1]):
            return False
        names = [word for word in words if len(word.text) > 1 and word.text not in PARTICLES]
        near = [word for word in names if self._known(word.text) or self._resembles(word.text)]
        return bool(near) and len(near) == len(names) and (len(words) > 1 or bool(title))


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
