"""Evidence that points at words of the text."""

from collections.abc import Sequence

from dtm_contact.model import Evidence
from dtm_contact.topics.passage import Passage


def mark(name: str, weight: float, places: Sequence[int], passage: Passage, detail: str) -> Evidence:
    """Return evidence with the words between the first and the last place, as the writer wrote them."""
    span = passage.span(places[0], places[-1])
    return Evidence(name, weight, passage.original(places[0], places[-1]), span, detail)
