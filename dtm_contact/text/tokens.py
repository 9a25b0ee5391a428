"""The tokeniser: the words of a message in order, each with its span, its sentence, how it is written, and its stem."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from Stemmer import Stemmer

from dtm_contact.model import Part, Span
from dtm_contact.text.folding import fold_keeping_offsets

CHARACTERS_READ: Final = 15_000
"""Characters of a part that are read: six printed pages."""

WORDS_READ: Final = 2_000
"""Words of a message that are read."""

MASKED: Final = "@"
"""The form of a word that names a person or a street, or is part of an address: it says nothing of the matter."""

IDEOGRAPH: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Characters that are a word each, since nothing parts the words of Chinese and Japanese; for a pattern's brackets."""


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text, parted by blanks, as a set: a long list stays readable so."""
    return frozenset(words.split())


NEGATIONS: Final = word_set(
    # French, then English, Spanish, Portuguese, Italian, German, Polish, Romanian, Russian, Arabic, Chinese
    "pas plus aucun aucune sans ni jamais nul nulle rien non "
    "not no never without nor none dont doesnt isnt cannot "
    "sin nunca ningun ninguna nada sem nao nenhum nenhuma senza mai kein keine nicht ohne nie bez fara nu "
    "не нет без ни لا ليس لم ما بدون مافي 没 不 无"
)
"""Words that deny what follows them."""


_WORD = re.compile(rf"[{IDEOGRAPH}]|[^\W_{IDEOGRAPH}]+")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|(?<=://)\S{1,2000}|(?<=www\.)\S{1,2000}")
_DIGIT = re.compile(r"\d")
_LISTED = re.compile(r"\n[ \t]*(?:[-*•>]|\d{1,2}[.)/])")
_SENTENCE_ENDS = frozenset(".!?;…。！？؟")
_QUESTIONS = frozenset("?؟？")
_PAUSES = frozenset(',:;()[]{}"«»“”/')
_ABBREVIATIONS = word_set(
    "m mr mme mlle mrs bat esc av ave bd bld etc tel ref st ste apt app appt dr pr cf ex no n res log"
)
_TITLES = word_set("m mr mme mlle monsieur madame mademoiselle famille docteur dr me")
_STREETS = word_set("rue avenue av allee allees boulevard bd place impasse square chemin quai sente residence")
_STREET_JOINS = word_set("de du des la le les l d")


@dataclass(slots=True)
class Tokens:
    """The words of some parts of a message; lists of equal length, one item a word.

    Attributes:
        forms: the folded words ("fuite"); of a number its kind, of a masked word `MASKED`.
        parts: the part that each stands in, as an index of `texts`.
        starts, ends: offsets in the original text of the part.
        sentences: running numbers; a sentence never spans two parts.
        asked: the numbers of the sentences that end in a question mark.
        paused: the places of the words before which a comma, a bracket or the like stands.
        texts: the parts that were read, with their text.
    """

    forms: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    paused: set[int] = field(default_factory=set)
    texts: list[tuple[Part, str]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.forms)

    def span(self, first: int, last: int) -> Span:
        """Return where the words from `first` to `last`, of one part, stand in its text."""
        return Span(self.texts[self.parts[first]][0], self.starts[first], self.ends[last])

    def written(self, first: int, last: int) -> str:
        """Return the words from `first` to `last`, of one part, as the writer wrote them."""
        return self.texts[self.parts[first]][1][self.starts[first] : self.ends[last]]

    def part_of(self, word: int) -> Part:
        """Return the part that a word stands in."""
        return self.texts[self.parts[word]][0]


def tokenize(texts: Iterable[tuple[Part, str]], masked: Collection[Span] = ()) -> Tokens:
    """Cut texts into words.

    Args:
        texts: the parts to read, in order; of each at most `CHARACTERS_READ` characters, `WORDS_READ` words in all.
        masked: spans that name people or places: their words keep their place and lose their form, where they are
            written as names are (a capital, then small letters) and begin no sentence: "FEU DANS LA CAVE" and "Feu dans
            la cave" stay, whoever is called Feu. So does, without being named here, a name behind a title ("M. Feu")
            and the name of a street ("rue du Four").
    """
    tokens = Tokens()
    for part, text in texts:
        read = text[:CHARACTERS_READ]
        tokens.texts.append((part, read))
        _read(tokens, read, [(span.start, span.end) for span in masked if span.part is part])
        if len(tokens) >= WORDS_READ:
            break
    return tokens


def number_kind(digits: str) -> str:
    """Return what stands for a number: its tens for one or two digits ("84" → "#8."), else how many digits it has."""
    return f"#{len(digits):d}" if len(digits) > 2 else f"#{digits[0] if len(digits) > 1 else '0'}."  # noqa: PLR2004


def _read(tokens: Tokens, original: str, masked: list[tuple[int, int]]) -> None:
    folded = fold_keeping_offsets(original)
    text = folded.text
    index = len(tokens.texts) - 1
    sentence = tokens.sentences[-1] + 1 if tokens.sentences else 0
    skipped = _addresses(text)
    naming = _Naming()
    end, before = 0, ""
    for match in _WORD.finditer(text):
        if len(tokens.forms) >= WORDS_READ:
            return
        if skipped and any(start <= match.start() < stop for start, stop in skipped):
            continue
        between = text[end : match.start()]
        if before and between != " " and _ends_sentence(between, before):
            tokens.asked.update([sentence] if _asks(between) else [])
            sentence += 1
            naming = _Naming()
        if not _PAUSES.isdisjoint(between):
            tokens.paused.add(len(tokens.forms))
        start, end = match.span()
        begin, stop = folded.original_span(start, end)
        before = match.group()
        inside = bool(tokens.sentences) and tokens.sentences[-1] == sentence
        named = inside and _is_name_like(original[begin:stop]) and any(a <= begin < b for a, b in masked)
        named = naming.names(before, capital=original[begin].isupper()) or named
        tokens.forms.append(MASKED if named else _form(before))
        tokens.parts.append(index)
        tokens.starts.append(begin)
        tokens.ends.append(stop)
        tokens.sentences.append(sentence)
    tokens.asked.update([sentence] if before and _asks(text[end : end + 8]) else [])


def _form(word: str) -> str:
    """Return what stands for a folded word: itself; of a number its kind; of a mixture the word without its digits."""
    if word.isdecimal():
        return number_kind(word)
    return word if word.isalpha() else _DIGIT.sub("#", word)


def _asks(between: str) -> bool:
    return not _QUESTIONS.isdisjoint(between)


class _Naming:
    """Follows the words of a sentence and tells which name a person behind a title, or a street."""

    __slots__ = ("_behind", "_numbered")

    def __init__(self) -> None:
        self._behind = ""
        self._numbered = False

    def names(self, form: str, *, capital: bool) -> bool:
        """Return whether the next word of the sentence is part of a name; call it for each word in order."""
        behind = self._behind
        if form in _TITLES:
            self._behind = "title"
        elif form in _STREETS:
            self._behind = "street"
        elif behind == "street" and form in _STREET_JOINS:
            return False
        elif behind and (capital or (behind == "street" and self._numbered)):
            self._numbered = False
            return True
        else:
            self._numbered = form.isdecimal()
            self._behind = ""
        return False


def _is_name_like(written: str) -> bool:
    return written[0].isupper() and written[1:].islower()


def _addresses(text: str) -> list[tuple[int, int]]:
    """Return where e-mail addresses and links stand: what is in them says nothing of the matter."""
    if "@" not in text and "://" not in text and "www." not in text:
        return []
    return [match.span() for match in _ADDRESS.finditer(text)]


def _ends_sentence(between: str, before: str) -> bool:
    if between == "." or (between.startswith(".") and before in _ABBREVIATIONS and "\n" not in between):
        return False
    if not _SENTENCE_ENDS.isdisjoint(between):
        return True
    return between.count("\n") > 1 or bool(_LISTED.search(between))


_FRENCH = Stemmer("french", maxCacheSize=0)  # `stem` remembers
_BY_SCRIPT = (
    (range(0x0400, 0x0530), Stemmer("russian", maxCacheSize=0)),
    (range(0x0600, 0x0700), Stemmer("arabic", maxCacheSize=0)),
)
"""Stemmers of the letters that only one family of languages is written in; Latin ones are taken for French."""
_SHORTEST_STEM = 4
_LONGEST_WORD = 40


_PROCLITICS = (re.compile("[وف]"), re.compile("[وف]?(?:[بك]?ال|لل|[بكل])"))
"""What Arabic writes onto a word: and, so; besides, or alone, the article, with, like, to."""
_ARTICLE = re.compile("ال")
_SHORTEST_BARE = 3


def without_proclitics(word: str) -> tuple[str, ...]:
    """Return what a folded Arabic word may be without what is written onto it ("والدخان" → "الدخان", "دخان").

    Which letters belong to the word only its reader knows: each that may be it is returned, none of fewer than three
    letters, and nothing of a word in other letters.
    """
    return tuple(bare for pattern in _PROCLITICS for bare in _without(pattern, word))


def without_article(word: str) -> str:
    """Return a folded Arabic word without the article; any other as it is."""
    return next(_without(_ARTICLE, word), word)


def _without(pattern: re.Pattern[str], word: str) -> Iterator[str]:
    found = pattern.match(word)
    if found is not None and len(word) - found.end() >= _SHORTEST_BARE:
        yield word[found.end() :]


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return what the forms of a folded word have in common ("bloquées", "bloquer" → "bloqu").

    The Snowball stemmer expects accents, which messages lack half of the time: plural and feminine endings that it
    knows by their accent are taken off first, and a stem too short to tell words apart ("loyer" → "loi") is not used.
    """
    if len(word) < _SHORTEST_STEM or len(word) > _LONGEST_WORD:
        return word
    for letters, stemmer in _BY_SCRIPT:
        if ord(word[0]) in letters:
            return str(stemmer.stemWord(word))
    singular = word[:-1] if word[-1] in "sx" else word
    if singular.endswith("ee"):
        singular = singular[:-1]
    found = str(_FRENCH.stemWord(singular))
    return found if len(found) >= _SHORTEST_STEM else singular
