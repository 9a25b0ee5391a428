"""What a condition may be given in the YAML: read strictly, each kind in one class."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.document import Document, Location
from dtm_contact.rules.facts import squeeze
from dtm_contact.rules.suggestions import hint_for, nearest
from dtm_contact.rules.validation import check, cut, shown

LIST_LIMIT = 1_000
"""Values of the longest list."""


@dataclass(frozen=True, slots=True)
class Residences:
    """The residences of the directory, by what rules may call them; empty where they are not known.

    Attributes:
        named: identifiers and communes of the residences that go by a name, an identifier or "name (commune)", as
            conditions compare texts.
    """

    named: Mapping[str, tuple[tuple[str, str], ...]]


_NO_RESIDENCES = Residences(MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class KnownIdentifiers:
    """The identifiers that rules may name; None where they could not be told and are not checked."""

    topics: Collection[str] | None = None
    offices: Collection[str] | None = None
    queues: Collection[str] | None = None
    answers: Collection[str] | None = None
    residences: Residences = _NO_RESIDENCES


@dataclass(frozen=True, slots=True)
class DocumentValue:
    """A value in a document while it is read: where it stands, and where its faults are put."""

    document: Document
    known: KnownIdentifiers
    problems: list[Problem]
    loc: Location = ()

    def below(self, part: str | int) -> "DocumentValue":
        """Return the place of a value inside this one."""
        return DocumentValue(self.document, self.known, self.problems, (*self.loc, part))

    def fault(self, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """Report an error here, unless the value was reported before."""
        if not self.document.is_refused(self.loc):
            self.problems.append(self.document.problem(self.loc, message, hint, at_key=at_key))

    def warn(self, message: str, hint: str = "") -> None:
        """Report here what keeps nothing from taking effect."""
        self.problems.append(self.document.problem(self.loc, message, hint, Severity.WARNING))


class Argument(Protocol):
    """A kind of value that conditions are given."""

    @property
    def form(self) -> str:
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
    def form(self) -> str:
        """What may be written, for the manual."""
        return "one or several of " + ", ".join(f"`{word}`" for word in self.words)

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
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

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the identifiers, all of them known."""
        return _words(value, place, getattr(place.known, self.kind), self.kind.removesuffix("s"))


@dataclass(frozen=True, slots=True)
class TextList:
    """One or several texts, compared without regard to case and accents."""

    what: str
    key: Callable[[str], str] = squeeze

    @property
    def form(self) -> str:
        """What may be written, for the manual."""
        return f"one or several {self.what}"

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the texts as they are compared."""
        words = [(self.key(text), inner) for text, inner in items(value, place)]
        for text, inner in words:
            if not text:
                inner.fault("this must not be empty", f"write {self.what}")
        return frozenset(text for text, _ in words if text) or None


@dataclass(frozen=True, slots=True)
class Entries:
    """Several keys at once, as a pydantic model has them."""

    model: type[BaseModel]
    form: str

    def read(self, value: Any, place: DocumentValue) -> BaseModel | None:
        """Return the model, or None where faults were reported."""
        found = check(value, self.model)
        if not isinstance(found, list):
            return found
        for fault in found:
            there = DocumentValue(place.document, place.known, place.problems, (*place.loc, *fault.loc))
            there.fault(fault.message, fault.hint, at_key=fault.at_key)
        return None


@dataclass(frozen=True, slots=True)
class ResidenceNames:
    """One or several residences; a name that several of the directory bear must be told apart by its commune."""

    form: str = 'one or several residences, by identifier, by name, or as "name (commune)"'

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the names as they are compared."""
        communes = _communes_beside(place)
        names = [(squeeze(text), text, inner) for text, inner in items(value, place)]
        for name, text, inner in names:
            found = place.known.residences.named.get(name, ())
            meant = [residence for residence in found if not communes or squeeze(residence[1]) in communes]
            if not name:
                inner.fault("this must not be empty", "write a residence")
            elif len(found) > 1 and len(meant) != 1:
                inner.fault(f"{len(found)} residences are called {cut(text)}", _told_apart(text, found))
            elif not found and place.known.residences.named:
                inner.warn(f"the directory has no residence {cut(text)}", _perhaps(name, place.known.residences.named))
        return frozenset(name for name, _, _ in names if name) or None


def _communes_beside(place: DocumentValue) -> frozenset[str]:
    """Return the communes that the same conditions want besides, as names are compared."""
    around = place.document.value(place.loc[:-1])
    beside = around.get("commune") if isinstance(around, Mapping) else None
    several = beside if isinstance(beside, list) else [beside]
    return frozenset(squeeze(str(commune)) for commune in several if isinstance(commune, str | int))


def _perhaps(name: str, named: Mapping[str, tuple[tuple[str, str], ...]]) -> str:
    holds = "the rule holds once there is one"
    near = nearest(name, named)
    if near is None:
        return holds
    identifier, commune = named[near][0]
    return f"did you mean {near} ({identifier} in {commune})? Else {holds}"


def _told_apart(text: str, found: tuple[tuple[str, str], ...]) -> str:
    listed = ", ".join(f"{identifier} in {commune}" for identifier, commune in found[:6])
    return f"{listed}; write the identifier, or “{cut(text)} ({found[0][1]})”"


@dataclass(frozen=True, slots=True)
class YesNo:
    """`true` or `false`."""

    form: str = "`true` or `false`"

    def read(self, value: Any, place: DocumentValue) -> frozenset[str] | None:
        """Return the word as a set of one, as the other words are."""
        if isinstance(value, bool):
            return frozenset((shown(value),))
        place.fault(f"expected true or false, got {shown(value)}", "write true or false, without quotes")
        return None


@dataclass(frozen=True, slots=True)
class Share:
    """A probability."""

    form: str = "a number from 0 to 1"

    def read(self, value: Any, place: DocumentValue) -> float | None:
        """Return the number."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 and math.isfinite(value):
            return float(value)
        place.fault(f"expected a number from 0 to 1, got {shown(value)}", "write 0.95 for 95 in 100")
        return None


def items(value: Any, place: DocumentValue) -> Iterator[tuple[str, DocumentValue]]:
    """Yield each text of a value that may be one text or a list of texts; whole numbers count as text."""
    if isinstance(value, list):
        if not 0 < len(value) <= LIST_LIMIT:
            place.fault(f"the list has {len(value)} values", f"write one at least, and {LIST_LIMIT} at the most")
            return
        for index, item in enumerate(value):
            yield from _item(item, place.below(index))
    else:
        yield from _item(value, place)


def _item(value: Any, place: DocumentValue) -> Iterator[tuple[str, DocumentValue]]:
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value), place
    else:
        hint = f'put it in quotes: "{shown(value)}"' if isinstance(value, bool | float) else ""
        place.fault(f"expected text, got {shown(value)}", hint)


def _words(
    value: Any, place: DocumentValue, known: Collection[str] | None, what: str = "word"
) -> frozenset[str] | None:
    found = set()
    for word, inner in items(value, place):
        if known is not None and word not in known:
            inner.fault(f"unknown {what} {cut(word)}", hint_for(word, known))
        else:
            found.add(word)
    return frozenset(found) or None
