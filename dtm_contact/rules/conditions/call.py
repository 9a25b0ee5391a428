"""Conditions on calls."""

from dtm_contact.model import Outcome
from dtm_contact.rules.arguments import OneOf, YesNo
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import sees


@sees("outcome", OneOf(tuple(Outcome)), single=True, channel="phone")
def outcome(facts: Facts) -> Values:
    """What became of a call. It never holds for a message.

    Example: `outcome: [voicemail, abandoned]`
    """
    return (facts.contact.call.outcome.value,) if facts.contact.call else ()


@sees("withheld", YesNo(), single=True, channel="phone")
def withheld(facts: Facts) -> Values:
    """Whether the caller kept their number to themselves. It never holds for a message.

    Example: `withheld: true`
    """
    if facts.contact.call is None:
        return ()
    return ("true" if facts.contact.call.withheld else "false",)


@sees("equipment", YesNo(), single=True)
def equipment(facts: Facts) -> Values:
    """Whether a machine called by itself: a line of `equipment.csv`, such as the alarm of a lift.

    Example: `equipment: true`
    """
    return ("true" if facts.match.equipment else "false",)
