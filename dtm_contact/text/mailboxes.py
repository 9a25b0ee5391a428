"""Addresses of e-mail: the mailbox that several spellings reach, and whether a program reads it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_PLUS: Final = "+"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of mailboxes that delivers several spellings of an address into one mailbox.

    Attributes:
        domains: its domains; a name is the same mailbox in each of them, and is written with the first.
        tag: the character at which the ignored end of a name begins (RFC 5233, "detail"): with "+",
            `nadia+logement` is `nadia`.
        ignored: characters that count for nothing in a name: with ".", `na.dia` is `nadia`.
    """

    domains: tuple[str, ...]
    tag: str = _PLUS
    ignored: str = ""


# As the providers' own help pages have it, 2026: Gmail "Dots don't matter in Gmail addresses" and "googlemail.com",
# Proton "Email addresses and aliases" and "Short domain", Apple "me.com and mac.com email addresses", Yahoo "Disposable
# email addresses" (its own names hold no hyphen, so that what follows one is always such a tag).
PROVIDERS: Final = (
    Provider(("gmail.com", "googlemail.com"), ignored="."),
    Provider(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ignored=".-_"),
    Provider(("icloud.com", "me.com", "mac.com")),
    *(
        Provider((domain,), tag="-")
        for domain in ("yahoo.com", "yahoo.fr", "yahoo.co.uk", "yahoo.es", "yahoo.it", "yahoo.de", "ymail.com")
    ),
)
_OF_DOMAIN: Final[Mapping[str, Provider]] = MappingProxyType(
    {domain: provider for provider in PROVIDERS for domain in provider.domains}
)


def canonical_mailbox(address: str) -> str:
    """Return one spelling of all addresses that reach the same mailbox, as far as that is known.

    What follows a plus sign is a tag at most providers (RFC 5233), and nobody's own name holds one. Hyphens and dots
    are cut only where the provider is known to ignore them: elsewhere `jean-marc@` and `jean-luc@` are two people.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    provider = _OF_DOMAIN.get(domain, Provider((domain,)))
    for tag in {_PLUS, provider.tag}:
        name, found, _detail = local.partition(tag)
        local = name if found and name else local
    kept = local.translate(str.maketrans("", "", provider.ignored)) if provider.ignored else local
    return f"{kept or local}@{provider.domains[0]}"


_NOBODY_READS: Final = re.compile(
    r"(?:no|not?|do-?not|ne-?pas)[-_.]?(?:re?pl(?:y|ies)|repondre|response|answer).*"
    r"|(?:mailer-daemon|postmaster|hostmaster|abuse|root|daemon|bounces?|owner|request|listserv|majordomo)\b.*"
    r"|.*(?:-bounces?|-owner|-request|-noreply|\.noreply|\+bounces?)",
    re.IGNORECASE,
)
_MACHINES: Final = re.compile(
    r"(?:web-?form|formulaires?|forms?|wordpress|www-data|apache|cron|nagios|notifications?|alertes?|alerts?"
    r"|(?:e-?)?fax|tele-?copie|mail2fax|fax2mail|scan(?:ner|s)?|copieur|photocopieur|imprimante|printer"
    r"|voice-?mail|messagerie-?vocale|repondeur|standard-?vocal)(?:[-_.+]?\d+)?",
    re.IGNORECASE,
)


def takes_no_answers(address: str) -> bool:
    """Return whether an address says of itself that nobody reads what is sent there: `no-reply@`, a list's bounces."""
    return _NOBODY_READS.fullmatch(address.strip().rpartition("@")[0]) is not None


def is_robot(address: str, gateways: Collection[str] = ()) -> bool:
    """Return whether a program, and no person, is behind an address.

    Args:
        address: the address.
        gateways: addresses, and domains that begin with @, of telephone systems that write by e-mail.
    """
    address = address.strip().lower()
    known = {gateway.lower() for gateway in gateways}
    domain = f"@{address.rpartition('@')[2]}"
    named = _MACHINES.fullmatch(address.rpartition("@")[0]) is not None
    return named or takes_no_answers(address) or address in known or domain in known
