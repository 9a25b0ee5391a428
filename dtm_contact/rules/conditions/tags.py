"""The condition on what rules above have put to the contact."""

from dtm_contact.rules.arguments import TextList
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.registry import ConditionOutcome, judges


@judges("tags", TextList("tags", key=str), lasting=False)
def tags(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
    """What rules above, with `decides: false`, have put to the contact.

    Example: `tags: [sous-garantie, chantier]`
    """
    return ConditionOutcome(not wanted.isdisjoint(facts.tags), ", ".join(facts.tags))
