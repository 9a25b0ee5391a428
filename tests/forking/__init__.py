"""Processes of our own programs forked from one that has imported them: the seconds that this takes are spent once."""

from tests.forking.client import forking, starting_anew

__all__ = ["forking", "starting_anew"]
