"""The reader as it is shipped."""

from tests.topics.conftest import reader

__all__ = ["reader"]
