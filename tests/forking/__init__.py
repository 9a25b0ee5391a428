"""Processes of our own programs forked from one that has imported them: the seconds that this takes are spent once."""

from tests.forking.client import forking, is_server, starting_anew

__all__ = ["forking", "is_server", "starting_anew"]
