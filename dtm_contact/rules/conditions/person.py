"""Conditions on who it is."""

from dtm_contact.rules.arguments import OneOf, Share, TextList, YesNo
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import ConditionOutcome, judges, sees

_LABELS = 8
"""Labels of a domain that are looked at, from its end."""


@sees("tenant.known", YesNo(), single=True)
def tenant_known(facts: Facts) -> Values:
    """Whether the tenant is named, which is only so where it is sure who they are.

    Example: `tenant.known: false`
    """
    return ("true" if facts.match.tenant else "false",)


@sees("tenant.role", OneOf(("holder", "co_holder", "occupant", "commercial")), tenant__known="true")
def tenant_role(facts: Facts) -> Values:
    """What the named tenant is on their lease; with several leases, on that of the dwelling it is about, else on any.

    It never holds where no tenant is named.

    Example: `tenant.role: commercial`
    """
    return tuple(dict.fromkeys(lease.role for lease in facts.leases))


@judges("certainty", Share())
def certainty(facts: Facts, wanted: float) -> ConditionOutcome:
    """How probable the likeliest person is, at least; also where it is not sure enough to name them.

    Example: `certainty: 0.9`
    """
    best = facts.match.tenant.probability if facts.match.tenant else 0.0
    if facts.match.candidates:
        best = max(best, facts.match.candidates[0].probability)
    return ConditionOutcome(best >= wanted, f"{best:.2f}")


@sees("sender.address", TextList("mail addresses"), single=True)
def sender_address(facts: Facts) -> Values:
    """The address that the message says it is from. Anybody can write any address there.

    Example: `sender.address: contact@mairie.example`
    """
    return (facts.contact.sender.address.strip().lower(),)


@sees("sender.domain", TextList("mail domains"))
def sender_domain(facts: Facts) -> Values:
    """The domain of that address, or a domain above it: `caf.example` also holds for `mail.caf.example`.

    Example: `sender.domain: caf.example`
    """
    _, at, domain = facts.contact.sender.address.strip().lower().rpartition("@")
    labels = domain.split(".") if at else []
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1, -1, -1))[:_LABELS]
