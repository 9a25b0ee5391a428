"""Statements that one store has compiled are compiled for all stores of a process: each test opens a new one."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

_MOST = 5_000
_ALIKE = ("_json_serializer", "_json_deserializer", "server_version_info", "paramstyle")
"""What of a dialect besides its class says how a statement is written, and what its results are read with."""


class _CompiledOnce(LRUCache[Any, Any]):
    """The statements of all engines; those of two have a statement in common where their dialects are alike."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((_kind(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        super().__setitem__((_kind(key[0]), *key[1:]), value)


def _kind(dialect: Dialect) -> tuple[object, ...]:
    return type(dialect), *(getattr(dialect, name, None) for name in _ALIKE)


def compile_once() -> None:
    """Let all engines keep what they compile in one place."""
    compiled = _CompiledOnce(_MOST)
    Engine._compiled_cache = property(lambda _engine: compiled, lambda _engine, _own: None)  # type: ignore[assignment]
