"""A contact's text cut into words, clauses and sentences, each word with its way back to the original."""

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from dtm_contact.model import Contact, Part, Span
from dtm_contact.normalize import Folded, fold_keeping_offsets
from dtm_contact.topics.stems import IDEOGRAPH

CHARACTERS_READ = 15_000
"""Characters of a part that are read for its topics: six printed pages. What stands behind them is not looked at."""

WORDS_READ = 2_000
"""Words of a contact that are read for its topics."""

_WORD = re.compile(rf"[{IDEOGRAPH}]|[^\W_{IDEOGRAPH}]+")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|(?<=://)\S{1,2000}|(?<=www\.)\S{1,2000}")
"""An e-mail address or a link: what stands in it says nothing of the matter."""

_STREETS = frozenset(
    (
        "rue",
        "avenue",
        "av",
        "allee",
        "allees",
        "boulevard",
        "bd",
        "place",
        "impasse",
        "square",
        "chemin",
        "quai",
        "sente",
    )
)
_STREET_JOINS = frozenset(("de", "du", "des", "la", "le", "les", "l", "d"))
_NAMED = "@"
"""Begins the key of a word that is part of a street's name: "rue du Four" says nothing of an oven."""
_ABBREVIATIONS = frozenset(
    [
        "m",
        "mr",
        "mme",
        "mlle",
        "mrs",
        "bat",
        "esc",
        "av",
        "ave",
        "bd",
        "bld",
        "etc",
        "tel",
        "ref",
        "st",
        "ste",
        "apt",
        "app",
        "appt",
        "et",
        "dr",
        "pr",
        "cf",
        "ex",
        "no",
        "n",
        "rdc",
        "res",
        "log",
    ]
)
_TITLES = frozenset(("m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle"))
_SENTENCE_ENDS = frozenset(".!?;")
_CLAUSE_ENDS = frozenset(',:()"[]')
_LISTED = re.compile(r"\n[ \t]*(?:[-*•>]|\d{1,2}[.)/])")


KeysOf = Callable[[str, bool], tuple[str, ...]]
"""Gives what a folded word is looked up by; told whether the word looks like a name."""


@dataclass(slots=True)
class Passage:
    """Words in their order over all parts read; equal lengths, one item a word.

    Attributes:
        forms: the folded words, short forms of messages written out.
        keys: what each is looked up by, the form itself after `=` first.
        parts: the part that each stands in, as an index of `texts`.
        starts, ends: offsets in the folded text of the part.
        sentences, clauses: running numbers; a clause never spans two sentences, a sentence never two parts.
        asked: numbers of the sentences that end in a question mark.
        texts: the parts read, with their original and their folded text.
    """

    forms: list[str] = field(default_factory=list)
    keys: list[tuple[str, ...]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)
    clauses: list[int] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    texts: list[tuple[Part, str, Folded]] = field(default_factory=list)

    def without(self, places: Container[int]) -> "Passage":
        """Return the passage without the words at some places; spans of what is left count as before."""
        kept = [place for place in range(len(self.forms)) if place not in places]
        return Passage(
            [self.forms[place] for place in kept],
            [self.keys[place] for place in kept],
            [self.parts[place] for place in kept],
            [self.starts[place] for place in kept],
            [self.ends[place] for place in kept],
            [self.sentences[place] for place in kept],
            [self.clauses[place] for place in kept],
            self.asked,
            self.texts,
        )

    def span(self, first: int, last: int) -> Span:
        """Return where the words from `first` to `last` stand in the original text of their part."""
        part, _, folded = self.texts[self.parts[first]]
        return Span(part, *folded.original_span(self.starts[first], self.ends[last]))

    def original(self, first: int, last: int) -> str:
        """Return the words from `first` to `last` as the writer wrote them."""
        span = self.span(first, last)
        return self.texts[self.parts[first]][1][span.start : span.end]

    def part_of(self, word: int) -> Part:
        """Return the part that a word stands in."""
        return self.texts[self.parts[word]][0]


def read_passage(contact: Contact, parts: Iterable[Part], keys_of: KeysOf) -> Passage:
    """Cut the parts of a contact into words; `keys_of` gives what a folded word is looked up by."""
    passage = Passage()
    for part in parts:
        text = contact.text(part)[:CHARACTERS_READ]
        folded = fold_keeping_offsets(text)
        passage.texts.append((part, text, folded))
        _read_part(passage, text, folded, keys_of)
    return passage


def passage_of(texts: Iterable[str], keys_of: KeysOf) -> Passage:
    """Cut texts into words that are no parts of a contact: all of them stand for new text."""
    passage = Passage()
    for text in texts:
        cut = text[:CHARACTERS_READ]
        folded = fold_keeping_offsets(cut)
        passage.texts.append((Part.NEW, cut, folded))
        _read_part(passage, cut, folded, keys_of)
    return passage


def _read_part(passage: Passage, original: str, folded: Folded, keys_of: KeysOf) -> None:
    text = folded.text
    index = len(passage.texts) - 1
    sentence = passage.sentences[-1] + 1 if passage.sentences else 0
    clause = passage.clauses[-1] + 1 if passage.clauses else 0
    end, form = 0, ""
    inside_addresses = _inside(text)
    for match in _WORD.finditer(text):
        if len(passage.forms) >= WORDS_READ:
            return
        if match.start() in inside_addresses:
            continue
        between = text[end : match.start()]
        if form and between != " ":
            sentence, clause = _boundary(passage, between, form, (sentence, clause))
        start, end = match.span()
        inside = bool(passage.sentences) and passage.sentences[-1] == sentence
        name = inside and (form in _TITLES or _is_capitalised(original, *folded.original_span(start, end)))
        if _in_street_name(passage, original[folded.original_span(start, end)[0]]):
            keys: tuple[str, ...] = (f"{_NAMED}{match.group()}", _NAMED)
        else:
            keys = keys_of(match.group(), name)
        form = keys[0][1:]
        passage.forms.append(form)
        passage.keys.append(keys)
        passage.parts.append(index)
        passage.starts.append(start)
        passage.ends.append(end)
        passage.sentences.append(sentence)
        passage.clauses.append(clause)
    if "?" in text[end : end + 8]:
        passage.asked.add(sentence)


def _inside(text: str) -> frozenset[int]:
    """Return the places in the folded text that lie in an e-mail address or a link."""
    if "@" not in text and "://" not in text and "www." not in text:
        return frozenset()
    return frozenset(place for match in _ADDRESS.finditer(text) for place in range(*match.span()))


def _in_street_name(passage: Passage, first: str) -> bool:
    """Tell whether a word that begins with this letter names a street ("12 rue du Four", "rue de la Fontaine")."""
    place = len(passage.forms) - 1
    while place > 0 and passage.forms[place] in _STREET_JOINS:
        place -= 1
    if place < 0 or passage.forms[place] not in _STREETS or passage.sentences[place] != passage.sentences[-1]:
        return False
    return first.isupper() or (place > 0 and passage.forms[place - 1].isdecimal())


def _is_capitalised(original: str, start: int, end: int) -> bool:
    """Tell whether a word is written as a name is: a capital, then small letters."""
    return original[start].isupper() and original[start + 1 : end].islower()


def _boundary(passage: Passage, between: str, before: str, numbers: tuple[int, int]) -> tuple[int, int]:
    """Return the numbers of sentence and clause behind what stands between two words."""
    sentence, clause = numbers
    if _ends_sentence(between, before):
        if "?" in between:
            passage.asked.add(sentence)
        return sentence + 1, clause + 1
    if not _CLAUSE_ENDS.isdisjoint(between) or " - " in between or "/" in between:
        return sentence, clause + 1
    return sentence, clause


def _ends_sentence(between: str, before: str) -> bool:
    if between.startswith(".") and before in _ABBREVIATIONS and "\n" not in between:
        return False
    if between == ".":
        return False
    if not _SENTENCE_ENDS.isdisjoint(between):
        return True
    return between.count("\n") > 1 or bool(_LISTED.search(between))
