"""Entries of one kind by their names, each registered by a decorated function in a module of one package."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """The entries of one kind; a module that is put into their package is imported by itself."""

    def __init__(self, kind: str, package: str) -> None:
        """Make an empty registry.

        Args:
            kind: what one entry is called in an error, in the singular.
            package: the dotted name of the package whose modules register entries.
        """
        self._kind = kind
        self._package = package
        self._entries: dict[str, Entry] = {}
        self._complete: Mapping[str, Entry] | None = None

    def add(self, name: str, entry: Entry) -> None:
        """Register an entry.

        Raises:
            ValueError: the name is taken.
        """
        if name in self._entries:
            raise ValueError(f"two {self._kind}s are named {name}")
        self._entries[name] = entry

    def entries(self) -> Mapping[str, Entry]:
        """Return all entries by name, in the order of their names; every module of the package is imported first."""
        if self._complete is None:
            for module in pkgutil.iter_modules(importlib.import_module(self._package).__path__, f"{self._package}."):
                importlib.import_module(module.name)
            self._complete = MappingProxyType(dict(sorted(self._entries.items())))
        return self._complete
