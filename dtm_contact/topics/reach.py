"""How far a matter reaches: a dwelling, a staircase, a building, the residence."""

from collections.abc import Mapping, Sequence

from dtm_contact.model import Evidence, Scope
from dtm_contact.topics.context import Context
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.learned import Opinion
from dtm_contact.topics.lexicon import Role
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.weigh import marks

_WIDEST_FIRST = tuple(reversed(Scope))

_SAID = 1.0
"""Steps of probability (natural logarithm) by which a word of the offices makes its scope likelier."""


def reach_of(
    passage: Passage, hits: Hits, context: Context, opinion: Opinion | None
) -> tuple[Scope | None, tuple[Evidence, ...]]:
    """Return how far the matter reaches now, and the words that say so; None where the text does not say.

    The learned model weighs the whole text, the offices' words make their scope likelier; without a model the widest
    scope that they name holds.
    """
    said = _said(hits, context)
    scope = _likeliest(opinion, said) if opinion else next((scope for scope in _WIDEST_FIRST if scope in said), None)
    if scope is None:
        return None, ()
    learned = opinion.for_scope(scope, passage) if opinion else ()
    return scope, (*marks("scope.word", 1.0, said.get(scope, ()), passage), *learned)


def _said(hits: Hits, context: Context) -> Mapping[Scope, Sequence[Hit]]:
    said: dict[Scope, list[Hit]] = {}
    for hit in hits.by_role.get(Role.SCOPE, ()):
        if context.sense(hit).counts:
            said.setdefault(Scope(hit.entry.value), []).append(hit)
    return said


def _likeliest(opinion: Opinion, said: Mapping[Scope, Sequence[Hit]]) -> Scope | None:
    likely = {scope: value + (_SAID if scope in said else 0.0) for scope, value in opinion.scopes.items()}
    return max(likely, key=lambda scope: likely[scope])
