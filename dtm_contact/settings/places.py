"""Which settings say where something lies on a machine: known by their types, within lists and groups, too."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dtm_contact.settings.common import WRITTEN
from dtm_contact.settings.files import SecretFile


def parts_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return what the type of a setting is made of: itself, what it may be instead, what its lists hold."""
    return (*field.metadata, *_parts(field.annotation))


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
        yield from _parts(annotation.__origin__)
        return
    for each in get_args(annotation):
        yield from _parts(each)


def is_place(field: FieldInfo) -> bool:
    """Return whether a setting is a path, a list of paths, or the address of a store that lies at one."""
    return any(part is Path or part is SecretFile or part == WRITTEN for part in parts_of(field))


def settings_of_places(model: type[BaseModel], prefix: str = "DTM_") -> Mapping[str, bool]:
    """Return the variable of every setting that holds a path, and whether the program writes there.

    A setting whose values are groups (the sources of a way in) is among them where one of the groups holds a path.
    """
    return MappingProxyType(dict(_places(model, prefix)))


def _places(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, bool]]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _places(field.annotation, f"{variable}_")
            continue
        groups = [each for each in parts_of(field) if isinstance(each, type) and issubclass(each, BaseModel)]
        within = [written for group in groups for _name, written in _places(group, "")]
        if is_place(field) or within:
            yield variable, WRITTEN in parts_of(field) or any(within)
