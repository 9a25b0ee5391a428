"""What a condition may be given in the YAML: read strictly, each kind in one class."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import re2

from dtm_contact.model import Problem
from dtm_contact.normalize import fold
from dtm_contact.rules.document import Document, Location
from dtm_contact.rules.facts import squeeze
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import cut, shown

PATTERN_LIMIT = 1_000
"""Characters of the longest pattern."""

LIST_LIMIT = 1_000
"""Values of the longest list."""


@dataclass(frozen=True, slots=True)
class Known:
    """The identifiers that rules may name; None where they could not be told and are not checked."""

    topics: Collection[str] | None = None
    offices: Collection[str] | None = None
    queues: Collection[str] | None = None
    answers: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document while it is read: where it stands, and where its faults are put."""

    document: Document
    known: Known
    problems: list[Problem]
    loc: Location = ()

    def below(self, part: str | int) -> "Place":
        """Return the place of a value inside this one."""
        return Place(self.document, self.known, self.problems, (*self.loc, part))

    def fault(self, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """Report an error here, unless the value was reported before."""
        if not self.document.is_refused(self.loc):
            self.problems.append(self.document.problem(self.loc, message, hint, at_key=at_key))


class Argument(Protocol):
    """A kind of value that conditions are given."""

    @property
    def form(self) -> str:
        """What may be written, for the manual."""
        ...

    def read(self, value: Any, place: Place) -> Any:
        """Return the value as the condition wants it, or None where faults were reported."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """One or several of a few words."""

    words: tuple[str, ...]

    @property
    def form(self) -> str:
        """What may be written, for the manual."""
        return "one or several of " + ", ".join(f"`{word}`" for word in self.words)

    def read(self, value: Any, place: Place) -> frozenset[str] | None:
        """Return the words, all of them known."""
        return _words(value, place, self.words)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """One or several identifiers of a kind that is checked: `topics`, `offices`, `queues`."""

    kind: str

    @property
    def form(self) -> str:
        """What may be written, for the manual."""
        return f"one or several {self.kind}"

    def read(self, value: Any, place: Place) -> frozenset[str] | None:
        """Return the identifiers, all of them known."""
        return _words(value, place, getattr(place.known, self.kind), self.kind.removesuffix("s"))


@dataclass(frozen=True, slots=True)
class Texts:
    """One or several texts, compared without regard to case and accents."""

    what: str
    key: Callable[[str], str] = squeeze

    @property
    def form(self) -> str:
        """What may be written, for the manual."""
        return f"one or several {self.what}"

    def read(self, value: Any, place: Place) -> frozenset[str] | None:
        """Return the texts as they are compared."""
        words = [(self.key(text), inner) for text, inner in items(value, place)]
        for text, inner in words:
            if not text:
                inner.fault("this must not be empty", f"write {self.what}")
        return frozenset(text for text, _ in words if text) or None


@dataclass(frozen=True, slots=True)
class YesNo:
    """`true` or `false`."""

    form: str = "`true` or `false`"

    def read(self, value: Any, place: Place) -> frozenset[str] | None:
        """Return the word as a set of one, as the other words are."""
        if isinstance(value, bool):
            return frozenset((shown(value),))
        place.fault(f"expected true or false, got {shown(value)}", "write true or false, without quotes")
        return None


@dataclass(frozen=True, slots=True)
class Share:
    """A probability."""

    form: str = "a number from 0 to 1"

    def read(self, value: Any, place: Place) -> float | None:
        """Return the number."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 and math.isfinite(value):
            return float(value)
        place.fault(f"expected a number from 0 to 1, got {shown(value)}", "write 0.95 for 95 in 100")
        return None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A way to look for words in a folded text; compiled by RE2, so that no text makes it slow."""

    source: str
    compiled: Any = field(compare=False, repr=False)

    def find(self, text: str) -> str | None:
        """Return the words found first, or None."""
        found = self.compiled.search(text)
        return found.group().strip() if found else None


@dataclass(frozen=True, slots=True)
class Search:
    """Words to look for: `{contains: …}` one or several phrases, or `{matches: …}` a pattern."""

    form: str = "`{contains: …}` with one or several phrases, or `{matches: …}` with an RE2 pattern"

    def read(self, value: Any, place: Place) -> Pattern | None:
        """Return the pattern that finds them."""
        if not isinstance(value, Mapping) or len(value) != 1:
            place.fault(f"expected contains or matches, got {shown(value)}", "write {contains: …} or {matches: '…'}")
            return None
        (word, wanted), inner = next(iter(value.items())), place.below(next(iter(value)))
        if word == "contains":
            phrases = Texts("phrases").read(wanted, inner)
            return _phrases(phrases) if phrases else None
        if word == "matches":
            return _pattern(wanted, inner)
        inner.fault(f"unknown word {cut(word)}", hint_for(word, ("contains", "matches")), at_key=True)
        return None


def items(value: Any, place: Place) -> Iterator[tuple[str, Place]]:
    """Yield each text of a value that may be one text or a list of texts; whole numbers count as text."""
    if isinstance(value, list):
        if not 0 < len(value) <= LIST_LIMIT:
            place.fault(f"the list has {len(value)} values", f"write one at least, and {LIST_LIMIT} at the most")
            return
        for index, item in enumerate(value):
            yield from _item(item, place.below(index))
    else:
        yield from _item(value, place)


def _item(value: Any, place: Place) -> Iterator[tuple[str, Place]]:
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value), place
    else:
        hint = f'put it in quotes: "{shown(value)}"' if isinstance(value, bool | float) else ""
        place.fault(f"expected text, got {shown(value)}", hint)


def _words(value: Any, place: Place, known: Collection[str] | None, what: str = "word") -> frozenset[str] | None:
    found = set()
    for word, inner in items(value, place):
        if known is not None and word not in known:
            inner.fault(f"unknown {what} {cut(word)}", hint_for(word, known))
        else:
            found.add(word)
    return frozenset(found) or None


def _phrases(phrases: frozenset[str]) -> Pattern:
    """Return a pattern that finds any of the phrases as whole words, also one that begins or ends with a sign."""
    either = "|".join(re2.escape(phrase) for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
    source = f"(?:^|[^a-z0-9])(?:{either})(?:$|[^a-z0-9])"
    return Pattern(source, _compile(source))


def _pattern(value: Any, place: Place) -> Pattern | None:
    if not isinstance(value, str) or not value:
        place.fault(f"expected a pattern, got {shown(value)}", "write it in single quotes: '…'")
    elif len(value) > PATTERN_LIMIT:
        place.fault(f"the pattern is longer than {PATTERN_LIMIT} characters", "use contains with a list")
    else:
        source = "".join(sign if sign.isascii() else fold(sign) for sign in value)
        try:
            return Pattern(source, _compile(source))
        except re2.error as error:
            said = error.args[0] if error.args else ""
            reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            place.fault(
                f"the pattern is not valid: {reason}", "RE2 syntax; look-around and back references do not exist"
            )
    return None


def _compile(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(source, options)
