"""Texts that stand in English in the code, and that people read in French where that is their language.

`worded` and `counted` mark a text for the catalogue and make it: what comes of them is English wherever it is used as
text (JSON, logs, tests), and knows of what it was made, so that `in_language` can say it again in French. The catalogue
is `locale/fr/LC_MESSAGES/dtm_contact.po`; `make catalogue` fills it from the marks and compiles it, and Python's own
`gettext` reads it (docs/decisions/one-catalogue.md).
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

DOMAIN: Final = "dtm_contact"
"""What the files of the catalogue are called."""

CATALOGUES: Final = Path(__file__).parent / "locale"

_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Where the language of who types a command stands, the first that says something wins: as gettext looks."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def _filled(template: str, values: Mapping[str, Any]) -> str:
    # Braces are common in what is written of YAML: without values they are plain signs.
    return template.format_map(values) if values else template


class UserLanguage(StrEnum):
    """A language in which texts can be read."""

    ENGLISH = "en"
    FRENCH = "fr"


class Translatable(str):
    """A text in English that remembers its template and its values, to be told in another language.

    Attributes:
        template: the text as it is marked, with a `{name}` for each value where it has any.
        values: what stands in the place of each name; wordings among them are told in the other language, too.
        plural, number: the template for all other numbers than one; "" where the text counts nothing.
    """

    __slots__ = ("number", "plural", "template", "values")

    template: str
    values: Mapping[str, Any]
    plural: str
    number: int

    def __new__(cls, template: str, values: Mapping[str, Any] = _NOTHING, plural: str = "", number: int = 1) -> Self:
        """Make the text, in English."""
        made = super().__new__(cls, _filled(plural if plural and number != 1 else template, values))
        made.template, made.values, made.plural, made.number = template, values, plural, number
        return made

    def __reduce__(self) -> tuple[type["Translatable"], tuple[str, dict[str, Any], str, int]]:
        """Let it go from one process to another as what it was made of."""
        return Translatable, (self.template, dict(self.values), self.plural, self.number)


EMPTY: Final = Translatable("")
"""What is said where nothing is to be said."""


def worded(template: str, **values: Any) -> Translatable:
    """Return a text of the catalogue, each `{name}` of it filled with its value."""
    return Translatable(template, values)


def counted(template: str, plural: str, count: int, **values: Any) -> Translatable:
    """Return a text of the catalogue for a count, which both templates may name as `{count}`."""
    return Translatable(template, {"count": count, **values}, plural, count)


def joined(parts: Iterable[str], separator: str = ", ") -> Translatable:
    """Return texts one after the other; the wordings among them, and the separator, stay what they are."""
    values: dict[str, Any] = {f"part{number}": part for number, part in enumerate(parts)}
    template = "{separator}".join(f"{{{name}}}" for name in values)
    return Translatable(template, {**values, "separator": separator} if values else _NOTHING)


def kept(text: str) -> Any:
    """Return a text as JSON can keep it: of a wording, what it was made of."""
    if not isinstance(text, Translatable):
        return text
    values = {name: kept(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return {"template": text.template, "values": values, "plural": text.plural, "number": text.number}


def from_kept(value: Any) -> Any:
    """Return the text of which `kept` made a value; what an earlier program kept is plain text, and stays that."""
    if not isinstance(value, dict):
        return value
    values = {name: from_kept(each) for name, each in value["values"].items()}
    return Translatable(value["template"], values, value["plural"], value["number"])


def in_language(text: str, language: UserLanguage) -> str:
    """Return a text in a language; one that is no wording, or that the catalogue lacks, as it is."""
    if not isinstance(text, Translatable):
        return text
    if language is UserLanguage.ENGLISH:
        return str.__str__(text)
    catalogue, template = _catalogue(language), text.template
    if text.plural:
        template = catalogue.ngettext(template, text.plural, text.number)
    elif template:  # the catalogue's head lies under nothing
        template = catalogue.gettext(template)
    values = {
        name: in_language(value, language) if isinstance(value, str) else value for name, value in text.values.items()
    }
    return _filled(template, values)


@cache
def _catalogue(language: UserLanguage) -> NullTranslations:
    file = CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with file.open("rb") as stream:
        return GNUTranslations(stream)


_in_use: Final[ContextVar[UserLanguage]] = ContextVar("language", default=UserLanguage.ENGLISH)


def speak(language: UserLanguage) -> None:
    """Let `translated` tell texts in this language from now on."""
    _in_use.set(language)


def spoken() -> UserLanguage:
    """Return the language of who typed the command."""
    return _in_use.get()


def translated(text: str) -> str:
    """Return a text in the language of who typed the command; one that is no wording, as it is."""
    return in_language(text, _in_use.get())


def preferred(environment: Mapping[str, str]) -> UserLanguage:
    """Return the language that the environment's locale asks for; English where it asks for none that there is."""
    for asked in next(filter(None, map(environment.get, _VARIABLES)), "").split(":"):
        code = asked.partition(".")[0].partition("_")[0].partition("@")[0].lower()
        if code in set(UserLanguage):
            return UserLanguage(code)
    return UserLanguage.ENGLISH
