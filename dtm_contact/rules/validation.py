"""The data of a file held against a pydantic model, with faults in plain words and a hint at what would be right."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from itertools import islice
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process
from rapidfuzz.distance import OSA

from dtm_contact.wording import EMPTY, Translatable, counted, joined, worded

Model = TypeVar("Model", bound=BaseModel)

Location = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists, from the top."""

_SHOWN = 40
"""Characters of a value that a message quotes, at the most."""

_MOST_FAULTS = 100
_MOST_LISTED = 12

_EXPECTED = {
    "string_type": worded("text"),
    "int_type": worded("a whole number"),
    "int_from_float": worded("a whole number"),
    "float_type": worded("a number"),
    "bool_type": worded("true or false"),
    "list_type": worded("a list"),
    "tuple_type": worded("a list"),
    "set_type": worded("a list"),
    "frozen_set_type": worded("a list"),
    "dict_type": worded("entries (key: value)"),
    "model_type": worded("entries (key: value)"),
    "model_attributes_type": worded("entries (key: value)"),
    "none_required": worded("nothing"),
}

_BOUNDS = {
    "greater_than_equal": ("ge", worded("this should be greater than or equal to {limit}, not {value}")),
    "greater_than": ("gt", worded("this should be greater than {limit}, not {value}")),
    "less_than_equal": ("le", worded("this should be less than or equal to {limit}, not {value}")),
    "less_than": ("lt", worded("this should be less than {limit}, not {value}")),
}
"""What is said beyond a bound, by pydantic's kind of error, with the name that it gives the bound."""


class InvalidValueError(ValueError):
    """What a model's validator raises: the message says what is wrong, `hint` what would be right."""

    def __init__(self, message: Translatable, hint: Translatable = EMPTY) -> None:
        """Keep both apart, as a Problem does."""
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the data: where, what, what would be right; `at_key` where the key itself is at fault."""

    loc: Location
    message: Translatable
    hint: Translatable
    at_key: bool = False


class StrictModel(BaseModel):
    """What a file of the rules holds: nothing but the keys that its fields name."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


def check(data: Any, model: type[Model]) -> Model | list[Fault]:
    """Return `data` as the model, or all faults of it.

    The model is applied strictly, as to JSON: text is no number and a number no text; a list fills a tuple or a set,
    text an enumeration.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        faults = list(islice(_faults(error, data, model), _MOST_FAULTS))
        if error.error_count() > _MOST_FAULTS:
            # Above the limit there are always several.
            total = worded("there are {count} faults in all", count=error.error_count())
            faults.append(Fault((), total, worded("mend the first ones and check again")))
        return faults


def one_or_several(value: Any) -> Any:
    """Return a value that may be one or a list as a tuple, before it is checked."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def shown(value: Any) -> Translatable:
    """Return a value as a message names it, cut where it is long."""
    match value:
        case None:
            return worded("nothing")
        case bool():
            return Translatable(str(value).lower())
        case dict():
            return worded("entries")
        case list():
            return worded("a list")
    return quoted(value) if isinstance(value, str) else Translatable(cut(str(value)))


def quoted(text: str) -> Translatable:
    """Return a text in quotation marks, cut where it is long."""
    return worded("“{text}”", text=cut(text))


def cut(text: str) -> str:
    """Return a text, shortened where it is too long for a message."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that `word` most likely is a misspelling of, or None where none is near."""
    words = {each.lower(): each for each in allowed}
    match = process.extractOne(word.lower(), list(words), scorer=OSA.distance, score_cutoff=len(word) // 3)
    return words[match[0]] if match else None


def hint_for(word: str, allowed: Iterable[str], most: int | None = _MOST_LISTED) -> Translatable:
    """Return "did you mean …?", and else what is allowed: `most` of it, or all for None."""
    words = sorted(allowed) if isinstance(allowed, AbstractSet) else list(dict.fromkeys(allowed))
    near = nearest(word, words)
    if near is not None:
        return worded("did you mean {near}?", near=near)
    return one_of(words, most)


def one_of(words: Iterable[str], most: int | None = _MOST_LISTED) -> Translatable:
    """Return "one of: …" for a hint, cut after `most` words; None: never."""
    listed = list(words)
    if not listed:
        return worded("none is defined")
    rest = 0 if most is None else len(listed) - most
    shortened = worded("one of: {words}", words=joined(listed[:most]))
    return (
        counted("{listed} and {count} more", "{listed} and {count} more", rest, listed=shortened)
        if rest > 0
        else shortened
    )


_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LONGEST_IDENTIFIER = 60


def check_identifier(text: str) -> str:
    """Return an identifier as it is.

    Raises:
        InvalidValueError: it is none.
    """
    if len(text) > _LONGEST_IDENTIFIER or not _IDENTIFIER.fullmatch(text):
        hint = worded(
            "small letters without accents, figures and single - between, {limit} at the most",
            limit=_LONGEST_IDENTIFIER,
        )
        raise InvalidValueError(worded("{text} cannot be an identifier", text=shown(text)), hint)
    return text


Identifier = Annotated[str, AfterValidator(check_identifier)]
"""What admins name a rule, a queue or an answer by."""


def check_address(text: str) -> str:
    """Return a mail address as it is.

    Raises:
        InvalidValueError: it is none.
    """
    try:
        # What is sent to nobody is noticed when somebody is in danger.
        address = MailAddress(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        address = MailAddress()
    if not address.domain or address.addr_spec != text:
        raise InvalidValueError(worded("{text} is no mail address", text=shown(text)), worded("write name@domain"))
    return text


Address = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(check_address)]
"""A mail address that something is sent to."""


def _faults(error: ValidationError, data: Any, model: type[BaseModel]) -> Iterator[Fault]:
    """Yield a fault for each error; of the branches of one union, those that lead deepest into the data."""
    unions: dict[Location, list[tuple[Location, Any]]] = {}
    for detail in error.errors(include_url=False):
        missing = detail["type"] == "missing"
        path = detail["loc"][:-1] if missing else detail["loc"]
        real, reached = _resolve(data, path)
        if len(real) == len(path):
            yield _fault(real, detail, model)
        else:
            unions.setdefault(real, []).append((reached, detail))
    for real, branches in unions.items():
        depth = max(len(reached) for reached, _ in branches)
        if depth == len(real):
            yield _union_fault(real, [detail for _, detail in branches], model)
        else:
            yield from (_fault(reached, detail, model) for reached, detail in branches if len(reached) == depth)


def _fault(loc: Location, detail: Any, model: type[BaseModel]) -> Fault:
    match detail["type"]:
        case "missing":
            key = detail["loc"][-1]
            return Fault(loc, worded("the key {key} is missing", key=key), worded("add {key}: …", key=key))
        case "extra_forbidden":
            key = cut(str(loc[-1]))
            return Fault(
                loc, worded("unknown key {key}", key=key), hint_for(key, _keys_at(model, loc[:-1])), at_key=True
            )
    return Fault(loc, *_words(detail))


def _union_fault(loc: Location, details: Sequence[Any], model: type[BaseModel]) -> Fault:
    """Return the fault of a value that fits no branch of its union."""
    expected = list(dict.fromkeys(_EXPECTED[detail["type"]] for detail in details if detail["type"] in _EXPECTED))
    if len(expected) > 1:
        either = joined(expected, worded(" or "))
        message = worded("expected {expected}, got {value}", expected=either, value=shown(details[0]["input"]))
        return Fault(loc, message, EMPTY)
    return _fault(loc, next((detail for detail in details if detail["type"] not in _EXPECTED), details[0]), model)


def _words(detail: Any) -> tuple[Translatable, Translatable]:
    """Return message and hint for one error of pydantic."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, InvalidValueError):
        return raised.message, raised.hint
    if kind in _EXPECTED:
        to_quote = kind == "string_type" and isinstance(value, bool | int | float)
        return (
            worded("expected {expected}, got {value}", expected=_EXPECTED[kind], value=shown(value)),
            worded('put it in quotes: "{value}"', value=shown(value)) if to_quote else EMPTY,
        )
    if kind in {"literal_error", "enum"}:
        allowed = [word.strip("'") for word in re.split(r", | or ", context["expected"])]
        return worded("{value} is not known here", value=shown(value)), hint_for(cut(str(value)), allowed)
    if kind in {"string_too_short", "too_short"} and context["min_length"] == 1:
        return worded("this must not be empty"), EMPTY
    return _beyond(detail), EMPTY


def _beyond(detail: Any) -> Translatable:
    """Return what is said of a value that is too large, too small, too long, or not of the form that is wanted."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, message = _BOUNDS[kind]
        limit = context[name]
        written = format(limit, "g") if isinstance(limit, float) else limit
        return Translatable(message.template, {"limit": written, "value": shown(value)})
    if kind in {"string_too_short", "too_short"}:
        least = context["min_length"]
        return counted(
            "this has fewer than {count} sign or entry", "this has fewer than {count} signs or entries", least
        )
    if kind in {"string_too_long", "too_long"}:
        limit = context["max_length"]
        return counted(
            "at most {count} sign or entry may stand here", "at most {count} signs or entries may stand here", limit
        )
    said = detail["msg"].removeprefix("Value error, ").replace("Input should", "this should")
    return Translatable("{said}, not {value}", {"said": said, "value": shown(value)})


def _resolve(data: Any, path: Sequence[str | int]) -> tuple[Location, Location]:
    """Return how far `path` leads through `data`, and how far it does once the names of union branches are left out."""
    real: Location | None = None
    reached: Location = ()
    for part in path:
        if _has(data, part):
            data, reached = data[part], (*reached, part)
        elif real is None:
            real = reached
    return (reached if real is None else real), reached


def _has(data: Any, part: str | int) -> bool:
    return part in data if isinstance(data, dict) else isinstance(data, list) and part in range(len(data))


def _keys_at(model: type[BaseModel], loc: Iterable[str | int]) -> list[str]:
    """Return the keys that the model allows in the mapping at `loc`."""
    annotations: list[Any] = [model]
    for part in loc:
        annotations = [inner for annotation in annotations for inner in _step(annotation, part)]
    models = [annotation for annotation in annotations if _is_model(annotation)]
    return [field.alias or name for each in models for name, field in each.model_fields.items()]


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    """Yield the types that the value under `part` of an `annotation` may have."""
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if part in {name, field.alias}:
                yield from _unfold(field.annotation)
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _unfold(argument)


def _unfold(annotation: Any) -> Iterator[Any]:
    """Yield the annotation itself and the members of a union."""
    yield annotation
    for argument in get_args(annotation):
        if _is_model(argument) or get_origin(argument) in {Annotated, Union, UnionType}:
            yield from _unfold(argument)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel)
