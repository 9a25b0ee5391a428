"""Processes of our own programs forked from one that has imported them: the seconds that this takes are spent once."""

from tests.forking.client import forking, fresh_interpreters, is_server

__all__ = ["forking", "fresh_interpreters", "is_server"]
