"""A decision told to a person: which words, which evidence, which rule."""

from dtm_contact.explain.marks import Segment, mark
from dtm_contact.explain.reason import reason
from dtm_contact.explain.told import Names, tell

__all__ = ["Names", "Segment", "mark", "reason", "tell"]
