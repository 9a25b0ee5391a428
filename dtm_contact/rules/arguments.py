"""What a condition may be given in the YAML: read strictly, each kind in one class."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

import re2
from pydantic import BaseModel

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.document import Document
from dtm_contact.rules.facts import squeeze
from dtm_contact.rules.validation import Location, check, cut, hint_for, nearest, shown
from dtm_contact.text import fold, stem
from dtm_contact.wording import EMPTY, Translatable, counted, joined, worded

LIST_LIMIT = 1_000
"""Values of the longest list."""

PATTERN_LIMIT = 1_000
"""Characters of the longest pattern."""

_PHRASES = worded("phrases")
_UNKNOWN: Mapping[str, Callable[[str], Translatable]] = {
    "topics": lambda name: worded("unknown topic {name}", name=name),
    "offices": lambda name: worded("unknown office {name}", name=name),
    "queues": lambda name: worded("unknown queue {name}", name=name),
    "sources": lambda name: worded("unknown source {name}", name=name),
}
"""What is said of a name that there is not, by the kind of `Identifiers`."""


def _unknown_word(word: str) -> Translatable:
    return worded("unknown word {name}", name=word)


_SEARCHES = ("contains", "about", "matches")
_WORD = re.compile("[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class AllowedNames:
    """What rules may name; None where it could not be read and is not checked.

    Attributes:
        topics, offices, queues, answers, sources: identifiers.
        residences: identifier and commune of the residences that go by a name, an identifier or "name (commune)", as
            conditions compare texts; empty where they are not checked.
    """

    topics: Collection[str] | None = None
    offices: Collection[str] | None = None
    queues: Collection[str] | None = None
    answers: Collection[str] | None = None
    sources: Collection[str] | None = None
    residences: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentValue:
    """A value in a document while it is read: where it stands, and where its faults are put."""

    document: Document
    allowed: AllowedNames
    problems: list[Problem]
    loc: Location = ()

    def below(self, part: str | int) -> "DocumentValue":
        """Return the place of a value inside this one."""
        return DocumentValue(self.document, self.allowed, self.problems, (*self.loc, part))

    def fault(self, message: Translatable, hint: Translatable = EMPTY, *, at_key: bool = False) -> None:
        """Report an error here, unless the value was reported before."""
        if not self.document.is_refused(self.loc):
            self.problems.append(self.document.problem(self.loc, message, hint, at_key=at_key))

    def warn(self, message: Translatable, hint: Translatable = EMPTY) -> None:
        """Report here what keeps nothing from taking effect."""
        self.problems.append(self.document.problem(self.loc, message, hint, Severity.WARNING))


class Argument(Protocol):
    """A kind of value that conditions are given."""

    @property
    def form(self) -> Translatable:
        """What may be written, for the manual."""
        ...

    def read(self, value: Any, place: DocumentValue) -> Any:
        """Return the value as the condition wants it, or None where faults were reported."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """One or several of a few words."""

    words: tuple[str, ...]

    @property
    def form(self) -> Translatable:
        """What may be written, for the manual."""
        return worded("one or several of {words}", words=", ".join(f"`{word}`" for word in self.words))

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the words, each of them one of `words`."""
        return _words(value, place, self.words)


_KINDS: Final = {
    "topics": worded("topics"),
    "offices": worded("offices"),
    "queues": worded("queues"),
    "sources": worded("sources"),
}


@dataclass(frozen=True, slots=True)
class Identifiers:
    """One or several identifiers of a kind that is checked: `topics`, `offices`, `queues`, `sources`."""

    kind: str

    @property
    def form(self) -> Translatable:
        """What may be written, for the manual."""
        return worded("one or several {what}", what=_KINDS[self.kind])

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the identifiers, each of them allowed."""
        return _words(value, place, getattr(place.allowed, self.kind), _UNKNOWN[self.kind])


@dataclass(frozen=True, slots=True)
class TextList:
    """One or several texts, compared without regard to case and accents."""

    what: Translatable
    key: Callable[[str], str] = squeeze

    @property
    def form(self) -> Translatable:
        """What may be written, for the manual."""
        return worded("one or several {what}", what=self.what)

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the texts as they are compared."""
        words = [(self.key(text), inner) for text, inner in items(value, place)]
        for text, inner in words:
            if not text:
                inner.fault(worded("this must not be empty"), worded("write {what}", what=self.what))
        return frozenset(text for text, _ in words if text) or None


@dataclass(frozen=True, slots=True)
class Entries:
    """Several keys at once, as a pydantic model has them."""

    model: type[BaseModel]
    form: Translatable

    def read(self, value: Any, place: DocumentValue) -> BaseModel | None:
        """Return the model, or None where faults were reported."""
        result = check(value, self.model)
        if not isinstance(result, list):
            return result
        for fault in result:
            there = DocumentValue(place.document, place.allowed, place.problems, (*place.loc, *fault.loc))
            there.fault(fault.message, fault.hint, at_key=fault.at_key)
        return None


_RESIDENCES: Final = worded('one or several residences, by identifier, by name, or as "name (commune)"')


@dataclass(frozen=True, slots=True)
class ResidenceNames:
    """One or several residences; a name that several of the directory bear needs its commune beside it."""

    form: Translatable = _RESIDENCES

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the names as they are compared."""
        communes = _communes_beside(place)
        names = [(squeeze(text), text, inner) for text, inner in items(value, place)]
        for name, text, inner in names:
            namesakes = place.allowed.residences.get(name, ())
            meant = [residence for residence in namesakes if not communes or squeeze(residence[1]) in communes]
            if not name:
                inner.fault(worded("this must not be empty"), worded("write a residence"))
            elif len(namesakes) > 1 and len(meant) != 1:
                inner.fault(
                    worded("{count} residences are called {text}", count=len(namesakes), text=cut(text)),
                    _which_of(text, namesakes),
                )
            elif not namesakes and place.allowed.residences:
                inner.warn(
                    worded("the directory has no residence {text}", text=cut(text)),
                    _perhaps(name, place.allowed.residences),
                )
        return frozenset(name for name, _, _ in names if name) or None


def _communes_beside(place: DocumentValue) -> frozenset[str]:
    """Return the communes that the same conditions want besides, as names are compared."""
    around = place.document.value(place.loc[:-1])
    beside = around.get("commune") if isinstance(around, Mapping) else None
    several = beside if isinstance(beside, list) else [beside]
    return frozenset(squeeze(str(commune)) for commune in several if isinstance(commune, str | int))


def _perhaps(name: str, named: Mapping[str, tuple[tuple[str, str], ...]]) -> Translatable:
    holds = worded("the rule holds once there is one")
    near = nearest(name, named)
    if near is None:
        return holds
    identifier, commune = named[near][0]
    return worded(
        "did you mean {near} ({identifier} in {commune})? Else {holds}",
        near=near,
        identifier=identifier,
        commune=commune,
        holds=holds,
    )


def _which_of(text: str, namesakes: tuple[tuple[str, str], ...]) -> Translatable:
    listed = joined(
        worded("{identifier} in {commune}", identifier=identifier, commune=commune)
        for identifier, commune in namesakes[:6]
    )
    return worded(
        "{listed}; write the identifier, or “{text} ({commune})”",
        listed=listed,
        text=cut(text),
        commune=namesakes[0][1],
    )


_YES_OR_NO: Final = worded("`true` or `false`")


@dataclass(frozen=True, slots=True)
class YesNo:
    """`true` or `false`."""

    form: Translatable = _YES_OR_NO

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the word as a set of one, as the other words are."""
        if isinstance(value, bool):
            return frozenset((shown(value),))
        place.fault(
            worded("expected true or false, got {value}", value=shown(value)),
            worded("write true or false, without quotes"),
        )
        return None


_SHARE: Final = worded("a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Share:
    """A probability."""

    form: Translatable = _SHARE

    def read(self, value: Any, place: DocumentValue) -> float | None:
        """Return the number."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 and math.isfinite(value):
            return float(value)
        place.fault(
            worded("expected a number from 0 to 1, got {value}", value=shown(value)), worded("write 0.95 for 95 in 100")
        )
        return None


def items(value: Any, place: DocumentValue) -> Iterator[tuple[str, DocumentValue]]:
    """Yield each text of a value that may be one text or a list of texts; whole numbers count as text."""
    if isinstance(value, list):
        if not 0 < len(value) <= LIST_LIMIT:
            place.fault(
                counted("the list has {count} value", "the list has {count} values", len(value)),
                worded("write one at least, and {limit} at the most", limit=LIST_LIMIT),
            )
            return
        for index, item in enumerate(value):
            yield from _item(item, place.below(index))
    else:
        yield from _item(value, place)


def _item(value: Any, place: DocumentValue) -> Iterator[tuple[str, DocumentValue]]:
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value), place
    else:
        hint = worded('put it in quotes: "{value}"', value=shown(value)) if isinstance(value, bool | float) else EMPTY
        place.fault(worded("expected text, got {value}", value=shown(value)), hint)


def _words(
    value: Any,
    place: DocumentValue,
    allowed: Collection[str] | None,
    unknown: Callable[[str], Translatable] = _unknown_word,
) -> frozenset[str] | None:
    words = set()
    for word, inner in items(value, place):
        if allowed is not None and word not in allowed:
            inner.fault(unknown(cut(word)), hint_for(word, allowed))
        else:
            words.add(word)
    return frozenset(words) or None


class Wanted(Protocol):
    """What is looked for in a folded text."""

    def find(self, text: str) -> str | None:
        """Return the first words that match, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A way to look for words in a folded text; compiled by RE2, so that no text makes it slow."""

    source: str
    compiled: Any = field(compare=False, repr=False)

    def find(self, text: str) -> str | None:
        """Return the first words that match, or None."""
        match = self.compiled.search(text)
        return match.group().strip() if match else None


@dataclass(frozen=True, slots=True)
class Forms:
    """Phrases whose words may stand in any form: plural, feminine, conjugated; by what their forms have in common.

    The longest come first: of two that begin alike it is the one that is returned.
    """

    phrases: tuple[tuple[str, ...], ...]

    def find(self, text: str) -> str | None:
        """Return the first words that match, or None."""
        words, stems = _words_and_stems(text)
        for start, first in enumerate(stems):
            for phrase in self.phrases:
                if first == phrase[0] and stems[start : start + len(phrase)] == phrase:
                    return " ".join(words[start : start + len(phrase)])
        return None


@lru_cache(maxsize=8)
def _words_and_stems(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = tuple(_WORD.findall(text))
    return words, tuple(map(stem, words))


_WORDS_FORM: Final = worded(
    "`{contains: …}` with one or several phrases, `{about: …}` with phrases whose words may stand in any form, "
    "or `{matches: …}` with an RE2 pattern"
)


@dataclass(frozen=True, slots=True)
class Search:
    """Words to look for: phrases as they are, phrases in any form of their words, or a pattern."""

    form: Translatable = _WORDS_FORM

    def read(self, value: Any, place: DocumentValue) -> Wanted | None:
        """Return what finds them."""
        if not isinstance(value, Mapping) or len(value) != 1:
            hint = worded("write {contains: …}, {about: …} or {matches: '…'}")
            place.fault(worded("expected contains, about or matches, got {value}", value=shown(value)), hint)
            return None
        (word, wanted), inner = next(iter(value.items())), place.below(next(iter(value)))
        if word == "contains":
            phrases = TextList(_PHRASES).read(wanted, inner)
            return _phrases(phrases) if phrases else None
        if word == "about":
            return _forms(wanted, inner)
        if word == "matches":
            return _pattern(wanted, inner)
        inner.fault(_unknown_word(cut(word)), hint_for(word, _SEARCHES), at_key=True)
        return None


def _phrases(phrases: frozenset[str]) -> Pattern:
    """Return a pattern that finds any of the phrases as whole words, also one that begins or ends with a sign."""
    either = "|".join(re2.escape(phrase) for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
    source = f"(?:^|[^a-z0-9])(?:{either})(?:$|[^a-z0-9])"
    return Pattern(source, _compile(source))


def _forms(value: Any, place: DocumentValue) -> Forms | None:
    phrases = TextList(_PHRASES).read(value, place) or ()
    stems = {tuple(map(stem, _WORD.findall(phrase))) for phrase in phrases}
    if phrases and () in stems:
        place.fault(worded("a phrase has no word"), worded("write words, or use contains"))
        return None
    return Forms(tuple(sorted(stems, key=lambda phrase: (-len(phrase), phrase)))) if stems else None


def _pattern(value: Any, place: DocumentValue) -> Pattern | None:
    if not isinstance(value, str) or not value:
        place.fault(
            worded("expected a pattern, got {value}", value=shown(value)), worded("write it in single quotes: '…'")
        )
    elif len(value) > PATTERN_LIMIT:
        place.fault(
            worded("the pattern is longer than {limit} characters", limit=PATTERN_LIMIT),
            worded("use contains with a list"),
        )
    else:
        source = "".join(sign if sign.isascii() else fold(sign) for sign in value)
        try:
            return Pattern(source, _compile(source))
        except re2.error as error:
            message = error.args[0] if error.args else ""
            reason = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
            place.fault(
                worded("the pattern is not valid: {reason}", reason=reason),
                worded("RE2 syntax; look-around and back references do not exist"),
            )
    return None


def _compile(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(source, options)
