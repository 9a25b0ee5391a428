"""The condition on what rules above have put to the contact."""

from dtm_contact.rules.arguments import Texts
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.registry import Outcome, judges


@judges("tags", Texts("tags", key=str), lasting=False)
def tags(facts: Facts, wanted: frozenset[str]) -> Outcome:
    """What rules above, with `decides: false`, have put to the contact.

    Example: `tags: [sous-garantie, chantier]`
    """
    return Outcome(not wanted.isdisjoint(facts.tags), ", ".join(facts.tags))
