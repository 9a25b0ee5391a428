"""Finding names that a title or a cue announces: "Mme Roy", "je m'appelle Awa Roy", "pour ma mère Odette Roy"."""

from dtm_contact.matching.mentions import MOST_MENTIONS, Mention
from dtm_contact.matching.name_extent import NameTaker
from dtm_contact.matching.words import (
    BEFORE_IT_IS,
    CALLED,
    CUE_ENDS,
    IT_IS,
    KIN,
    LABELS,
    LAWYERS,
    OF,
    PARTICLES,
    RELATIVES_WRITTEN_FOR,
    SELF_CUES,
    TITLES,
    TURKISH_GREETINGS,
    TURKISH_I,
)

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
        """Return where a birth name begins by which the writer calls himself: "moi c'est celle née Roy"."""
        following = [word.text for word in self._words[position : position + _TWO]]
        at = position + (following[:1] == ["celle"])
        return at + 1 if self._words[at : at + 1] and self._words[at].text in {"nee", "ne"} else position

    def _breaks_off(self, position: int, first: int) -> bool:
        """Tell whether a sentence or a line ends between a cue and a name: "… à mon seul nom. M. Roy en témoigne"."""
        between = self._text.folded.text[self._words[position].end : self._words[first].start]
        return ":" not in between and ("\n" in between or between.startswith((". ", "! ", "? ")))

    def _after_cue(self, position: int) -> int:
        """Return where the name begins after a cue's last word: "soussigné(e) Roy", "le fils de M. Roy"."""
        word, following = self._words[position], self._words[position + 1 : position + 2]
        if following and following[0].text == "e" and following[0].start == word.end + 1:
            return position + 2
        return position + 2 if following and following[0].text in OF and word.text in _OF_WHOM else position + 1

    def _opens_bracket(self, position: int) -> bool:
        """Tell whether a bracket opens right after a word: "ma sœur (Odette Roy, 12 rue Hoche) n'a pas internet"."""
        return self._text.folded.text[self._words[position].end :][:3].strip().startswith("(")

    def _is_article(self, position: int) -> bool:
        """Tell whether a name would begin with an article: "c'est la faute de", all in small letters or capitals."""
        word = self._words[position]
        return word.text in {"la", "le", "les"} and not (word.capital and self._has_capitals)

    def _may_be_called(self, position: int, first: int, end: int) -> bool:
        """Tell whether words after a cue may be a name."""
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
            return any(word.capital for word in known) or len(known) > 1 or any(map(self._is_initial, words))
        written = "".join(word.text for word in words if len(word.text) > 1)
        if len(words) > 1 and self._is_initial(words[0]) and self._resembles(written):
            return True
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
        if self._announces_himself(position, before):
            return "self"
        if word in RELATIVES_WRITTEN_FOR or (word == "pour" and not before):
            return "for"
        return "kin" if word in KIN else ""

    def _announces_himself(self, position: int, before: list[str]) -> bool:
        """Tell whether the words up to and with this one say that the writer's own name follows."""
        word = self._words[position].text
        said = " ".join([*reversed(before), word])
        following = self._words[position + 1 : position + 2]
        if word == "nom" and before[:1] == ["au"] and following and following[0].text not in OF:
            return False  # "la quittance au nom Roy"
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
        """Tell whether a word is "c'est" by ear: "cé monsieur Ba", and where a text or a line begins "c Awa Roy"."""
        word = self._words[position]
        begins = BEFORE_IT_IS.issuperset(self._around.before(position, 3))
        if word.text in {"ce", "se"}:
            by_ear = self._text.seen(word.start, word.end).lower() not in {"ce", "se"}
            return by_ear or (word.text == "se" and begins and self._text.in_creole)
        if len(word.text) > 1 and word.text != "ces":
            return True
        return begins and self._text.folded.text[word.end : word.end + 1] == " "
