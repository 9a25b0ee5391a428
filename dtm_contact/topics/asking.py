"""Who asks, on what footing, and how he wants to be treated."""

from collections.abc import Mapping

from dtm_contact.model import Asker, Evidence, Wish, Wished
from dtm_contact.topics.context import Context
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Role
from dtm_contact.topics.marks import mark
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.weigh import marks

_BY_TOPIC: Mapping[str, Asker] = {
    "housing_application": Asker.APPLICANT,
    "commercial_lease": Asker.SHOP,
    "official": Asker.TOWN_HALL,
}
"""Who usually asks for what, where no word says more."""

_WORDS_BEHIND = 6
"""Words behind "rappelez-moi" that may tell when."""


def who_asks(passage: Passage, hits: Hits, context: Context, topic: str) -> tuple[Asker | None, tuple[Evidence, ...]]:
    """Return who asks, by most of the words that say so, else by what is asked, else None.

    Of two that as many words speak for, the less usual one is meant: a tenant's words stand in everybody's letters.
    """
    said: dict[Asker, list[Hit]] = {}
    for hit in hits.by_role.get(Role.ASKER, ()):
        if not context.dismissed(hit) and not context.negated(hit):
            said.setdefault(Asker(hit.entry.value), []).append(hit)
    others = {asker: found for asker, found in said.items() if asker is not Asker.TENANT}
    if others:
        asker = max(others, key=lambda one: (len(others[one]), list(Asker).index(one)))
        return asker, marks("asker.word", 1.0, others[asker], passage)
    if topic in _BY_TOPIC:
        return _BY_TOPIC[topic], ()
    if Asker.TENANT in said:
        return Asker.TENANT, marks("asker.word", 1.0, said[Asker.TENANT], passage)
    return None, ()


def wishes_of(passage: Passage, hits: Hits) -> tuple[Wished, ...]:
    """Return the writer's wishes, each once, with the words that say them and, for a call, when."""
    found: dict[Wish, Wished] = {}
    for hit in hits.by_role.get(Role.WISH, ()):
        wish = Wish(hit.entry.value)
        last = _end_of_clause(passage, hit.last) if wish is Wish.CALL else hit.last
        evidence = mark("wish.word", 1.0, (hit.first, last), passage, f"« {hit.entry.text} »")
        found.setdefault(wish, Wished(wish, evidence))
    return tuple(found.values())


def _end_of_clause(passage: Passage, place: int) -> int:
    end = place
    while (
        end + 1 < min(len(passage.forms), place + _WORDS_BEHIND) and passage.clauses[end + 1] == passage.clauses[place]
    ):
        end += 1
    return end
