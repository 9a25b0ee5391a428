"""`free_words.yaml`: words that have no place in what agents write freely of people; see `docs/rules.md`.

Whoever writes one is told which, why, and what to write instead. That keeps nobody from writing, and nothing of it is
counted, logged or kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from dtm_contact.model import Part, Problem, Severity
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.validation import Identifier, StrictModel, one_or_several, quoted
from dtm_contact.text import Tokens, fold, stem, tokenize
from dtm_contact.text.language import language_of
from dtm_contact.topics.phrases import ATTEMPTS, PhrasePlace, places_of, steps_of
from dtm_contact.wording import worded

FREE_WORDS_FILE: Final = "free_words.yaml"

MOST_HINTS: Final = 5
"""Hints that one text gets, at the most: whoever is told more reads none."""

_MOST_PHRASES: Final = 2_000
_REACH: Final = 40
"""Words before a phrase from which on one that makes it harmless may begin."""
_SHOWN: Final = 60
"""Characters of the words that a hint quotes, at the most."""
_READ: Final = frozenset({"fr", None})
"""Languages of the texts that are looked through; None where it is not sure: "con" is a word of Spanish, too."""
_QUOTATIONS: Final = re.compile(r'«[^«»]*»|“[^“”]*”|"[^"\n]*"')

_Phrase200 = Annotated[str, Field(min_length=1, max_length=200)]
_Sentence = Annotated[str, Field(min_length=1, max_length=400)]


class _FreeWordsTest(StrictModel):
    """A note, and whether the phrase is hinted at in it."""

    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    holds: bool


class _FreeWords(StrictModel):
    """One phrase, what makes it harmless where it stands, and what to write instead of it."""

    phrase: _Phrase200
    unless: Annotated[tuple[_Phrase200, ...], BeforeValidator(one_or_several)] = ()
    instead: _Sentence | None = None
    tests: tuple[_FreeWordsTest, ...] = ()


class _FreeWordsReason(StrictModel):
    """Why some phrases are hinted at, and where."""

    label: _Phrase200
    why: _Sentence
    instead: _Sentence
    in_letters: bool = False
    in_quotations: bool = True
    phrases: tuple[_FreeWords | _Phrase200, ...] = ()


class FreeWordsFile(StrictModel):
    """The phrases, in lists by why they have no place in a note."""

    version: Literal[1]
    reasons: dict[Identifier, _FreeWordsReason]


@dataclass(frozen=True, slots=True)
class FreeWordsHint:
    """What is told to whoever writes.

    Attributes:
        words: as they were written.
        label: what kind of words they are, in a word.
        why: why they have no place there.
        instead: what to write.
    """

    words: str
    label: str
    why: str
    instead: str

    def __str__(self) -> str:
        """The hint as one line of French."""
        return f"« {self.words} » – {self.label}. {self.why} À la place : {self.instead}"


@dataclass(frozen=True, slots=True)
class FreeWordsEntry:
    """One phrase that is hinted at.

    Attributes:
        steps: its words.
        unless: phrases that make it harmless where they share a word with it.
        label, why, instead: what the hint says.
        in_letters: it is looked for in what goes out to people, too, and not only in notes.
        in_quotations: it is looked for within quotation marks, too: somebody else's words, told as such.
    """

    steps: tuple[PhrasePlace, ...]
    unless: tuple[tuple[PhrasePlace, ...], ...]
    label: str
    why: str
    instead: str
    in_letters: bool = False
    in_quotations: bool = True


class FreeWords:
    """The phrases in force, found in one walk over the words of a text."""

    def __init__(self, entries: Sequence[FreeWordsEntry] = ()) -> None:
        """Sort the phrases by the keys of their first words."""
        self.entries = tuple(entries)
        by_key: defaultdict[str, list[FreeWordsEntry]] = defaultdict(list)
        for entry in self.entries:
            for key in entry.steps[0].keys:
                by_key[key].append(entry)
        self._by_key = dict(by_key)

    def hints(self, text: str, *, letter: bool = False) -> tuple[FreeWordsHint, ...]:
        """Return what is to be told of a text, in the order of its words; `MOST_HINTS` at the most.

        A slip of the finger is not mended here: a common word that is one letter away would be hinted at. A name behind
        a title, and the name of a street, are names.

        Args:
            text: what an agent writes: a note, a reason.
            letter: it goes out to the person whom it is about.
        """
        if not self.entries or language_of(text) not in _READ:
            return ()
        tokens = tokenize([(Part.NEW, text)])
        keys = [(f"={form}", stem(form)) for form in tokens.forms]
        quoted = [found.span() for found in _QUOTATIONS.finditer(text)]
        hints: dict[tuple[str, str], FreeWordsHint] = {}
        for entry, places in self._found(tokens, keys):
            start, end = tokens.starts[places[0]], tokens.ends[places[-1]]
            if letter and not entry.in_letters:
                continue
            if not entry.in_quotations and any(first < start and end < last for first, last in quoted):
                continue
            words = _shortened(tokens.written(places[0], places[-1]))
            hints.setdefault((entry.label, fold(words)), FreeWordsHint(words, entry.label, entry.why, entry.instead))
            if len(hints) == MOST_HINTS:
                break
        return tuple(hints.values())

    def _found(
        self, tokens: Tokens, keys: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[FreeWordsEntry, tuple[int, ...]]]:
        tried: defaultdict[int, int] = defaultdict(int)
        for place, pair in enumerate(keys):
            for entry in {id(entry): entry for key in pair for entry in self._by_key.get(key, ())}.values():
                tried[id(entry)] += 1
                if tried[id(entry)] > ATTEMPTS:
                    continue
                places = places_of(entry.steps, tokens, tokens.forms, keys, place)
                if places is not None and not _harmless(entry, tokens, keys, places):
                    yield entry, places


def _harmless(entry: FreeWordsEntry, tokens: Tokens, keys: Sequence[tuple[str, str]], places: tuple[int, ...]) -> bool:
    """Return whether a phrase that makes it so shares a word with what was found."""
    for steps in entry.unless:
        for place in range(max(0, places[0] - _REACH), places[-1] + 1):
            if steps[0].keys.isdisjoint(keys[place]):
                continue
            stands = places_of(steps, tokens, tokens.forms, keys, place)
            if stands is not None and not set(places).isdisjoint(stands):
                return True
    return False


def _shortened(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= _SHOWN else one_line[: _SHOWN - 1] + "…"


def free_words_files(root: Path) -> list[Path]:
    """Return the file of the free words of a rules folder; none where it has none, for it need not have any."""
    path = root / FREE_WORDS_FILE
    return [path] if path.is_file() or path.is_symlink() else []


def load_free_words(root: Path, problems: list[Problem]) -> FreeWords:
    """Read which words a rules folder has no place for in what agents write.

    Args:
        root: the folder.
        problems: what is wrong is added here, each fault with its place.

    Returns:
        The phrases; those of a file with errors are none.
    """
    faults: list[Problem] = []
    entries: list[FreeWordsEntry] = []
    for path in free_words_files(root):
        document = read_document(path, root, faults)
        file = validate(document, FreeWordsFile, faults) if document is not None else None
        if document is not None and file is not None:
            entries += _entries(document, file, faults)
    problems += faults
    return FreeWords(() if any(each.severity is Severity.ERROR for each in faults) else entries)


def _entries(document: Document, file: FreeWordsFile, faults: list[Problem]) -> Iterator[FreeWordsEntry]:
    """Yield the phrases, each tried on its own tests; faults are reported with their places."""
    seen: dict[str, int] = {}
    for name, reason in file.reasons.items():
        for number, written in enumerate(reason.phrases):
            at = ("reasons", name, "phrases", number)
            words = _FreeWords(phrase=written) if isinstance(written, str) else written
            entry = _entry(document, at, reason, words, faults)
            if entry is None:
                continue
            if len(seen) == _MOST_PHRASES:
                hint = worded("at most {limit} are read; leave some out", limit=_MOST_PHRASES)
                faults.append(document.problem(at, worded("there are too many phrases"), hint))
                return
            line = seen.setdefault(fold(words.phrase), document.position(at)[0])
            if line != document.position(at)[0]:
                hint = worded("it stands in line {line} already; keep one of them", line=line)
                message = worded("{phrase} is written twice", phrase=quoted(words.phrase))
                faults.append(document.problem(at, message, hint, Severity.WARNING))
            faults += _untrue_tests(document, at, words, entry)
            yield entry


def _entry(
    document: Document, at: tuple[str | int, ...], reason: _FreeWordsReason, words: _FreeWords, faults: list[Problem]
) -> FreeWordsEntry | None:
    parsed: list[tuple[PhrasePlace, ...]] = []
    for place, text in ((("phrase",), words.phrase), *((("unless", n), each) for n, each in enumerate(words.unless))):
        try:
            parsed.append(steps_of(text))
        except ValueError:
            hint = worded("write a word at least; of signs only a/b, =word and ... mean something")
            faults.append(
                document.problem((*at, *place), worded("{phrase} cannot be looked for", phrase=quoted(text)), hint)
            )
            return None
    instead = words.instead or reason.instead
    places = reason.in_letters, reason.in_quotations
    return FreeWordsEntry(parsed[0], tuple(parsed[1:]), reason.label, reason.why, instead, *places)


def _untrue_tests(
    document: Document, at: tuple[str | int, ...], words: _FreeWords, entry: FreeWordsEntry
) -> Iterator[Problem]:
    """Yield the tests of a phrase that fail: it is hinted at where it should not be, or is not where it should."""
    alone = FreeWords([entry])
    for number, test in enumerate(words.tests):
        if bool(alone.hints(test.text)) is not test.holds:
            phrase = quoted(words.phrase)
            message = (
                worded("{phrase} is not hinted at in its test", phrase=phrase)
                if test.holds
                else worded("{phrase} is hinted at in its test", phrase=phrase)
            )
            hint = worded("change the phrase, or unless, or the test")
            yield document.problem((*at, "tests", number), message, hint)
