"""Conditions on who asks and what they wish."""

from dtm_contact.model import Asker, Wish
from dtm_contact.rules.arguments import OneOf
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import sees


@sees("asker", OneOf(tuple(Asker)), single=True)
def asker(facts: Facts) -> Values:
    """Who asks, where the text says so: a tenant, somebody for a tenant, an applicant, a town hall, a supplier.

    Example: `asker: other_landlord`
    """
    return (facts.understanding.asker.value,) if facts.understanding.asker else ()


@sees("wish", OneOf(tuple(Wish)))
def wish(facts: Facts) -> Values:
    """How the writer wants to be treated: not to be named, or to be called at a time that they give.

    Example: `wish: anonymous`
    """
    return tuple(wished.wish.value for wished in facts.understanding.wishes)
