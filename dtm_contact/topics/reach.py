"""How far a matter reaches: a dwelling, a staircase, a building, the residence."""

from dtm_contact.model import Evidence, Scope
from dtm_contact.topics.context import Context
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Role
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.weigh import marks

_WIDEST_FIRST = tuple(reversed(Scope))


def reach_of(passage: Passage, hits: Hits, context: Context) -> tuple[Scope | None, tuple[Evidence, ...]]:
    """Return the widest scope that the text says of its matter now and the words that say so, or None."""
    said: dict[Scope, list[Hit]] = {}
    for hit in hits.by_role.get(Role.SCOPE, ()):
        if context.sense(hit).counts:
            said.setdefault(Scope(hit.entry.value), []).append(hit)
    for scope in _WIDEST_FIRST:
        if scope in said:
            return scope, marks("scope.word", 1.0, said[scope], passage)
    return None, ()
