"""Words that conditions look for in a text: phrases, words in any form, patterns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import re2

from dtm_contact.rules.arguments import DocumentValue, TextList
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import cut, shown
from dtm_contact.text import fold
from dtm_contact.text.stems import stem

PATTERN_LIMIT = 1_000
"""Characters of the longest pattern."""

_WAYS = ("contains", "about", "matches")
_WORD = re.compile("[a-z0-9]+")


class Wanted(Protocol):
    """What is looked for in a folded text."""

    def find(self, text: str) -> str | None:
        """Return the words found first, or None."""
        ...


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
class Forms:
    """Phrases whose words may stand in any form: plural, feminine, conjugated; by what their forms have in common.

    The longest come first: of two that begin alike it is the one that is told.
    """

    phrases: tuple[tuple[str, ...], ...]

    def find(self, text: str) -> str | None:
        """Return the words found first, or None."""
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


@dataclass(frozen=True, slots=True)
class Search:
    """Words to look for: phrases as they are, phrases in any form of their words, or a pattern."""

    form: str = (
        "`{contains: …}` with one or several phrases, `{about: …}` with phrases whose words may stand in any form, "
        "or `{matches: …}` with an RE2 pattern"
    )

    def read(self, value: Any, place: DocumentValue) -> Wanted | None:
        """Return what finds them."""
        if not isinstance(value, Mapping) or len(value) != 1:
            hint = "write {contains: …}, {about: …} or {matches: '…'}"
            place.fault(f"expected contains, about or matches, got {shown(value)}", hint)
            return None
        (word, wanted), inner = next(iter(value.items())), place.below(next(iter(value)))
        if word == "contains":
            phrases = TextList("phrases").read(wanted, inner)
            return _phrases(phrases) if phrases else None
        if word == "about":
            return _forms(wanted, inner)
        if word == "matches":
            return _pattern(wanted, inner)
        inner.fault(f"unknown word {cut(word)}", hint_for(word, _WAYS), at_key=True)
        return None


def _phrases(phrases: frozenset[str]) -> Pattern:
    """Return a pattern that finds any of the phrases as whole words, also one that begins or ends with a sign."""
    either = "|".join(re2.escape(phrase) for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
    source = f"(?:^|[^a-z0-9])(?:{either})(?:$|[^a-z0-9])"
    return Pattern(source, _compile(source))


def _forms(value: Any, place: DocumentValue) -> Forms | None:
    phrases = TextList("phrases").read(value, place) or ()
    found = {tuple(map(stem, _WORD.findall(phrase))) for phrase in phrases}
    if phrases and () in found:
        place.fault("a phrase has no word", "write words, or use contains")
        return None
    return Forms(tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))) if found else None


def _pattern(value: Any, place: DocumentValue) -> Pattern | None:
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
