"""The register: what a household wishes, and what protects it; kept by agents, looked up by whatever writes to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry says; those that matter first stand first."""

    PROTECTION = "protection"
    """A protection order, or an address that must not be revealed."""
    NEVER = "never"
    """A mail address or number that must never be written to or called."""
    REACH = "reach"
    """How somebody is to be reached, and how not."""
    LANGUAGE = "language"
    """The language in which to write."""
    SMS_CONSENT = "sms_consent"
    """Whether somebody agreed to be sent SMS."""


class Protection(StrEnum):
    """By what somebody is protected."""

    ORDER = "order"
    """A judge's order."""
    CONFIDENTIAL = "confidential"
    """Their own request that their address is told to nobody."""


class Reach(StrEnum):
    """How somebody is to be reached."""

    PHONE = "phone"
    MAIL = "mail"
    POST = "post"
    NO_PHONE = "no_phone"
    """They cannot or must not be called."""
    NO_POST = "no_post"
    """Nothing may be sent to where they live."""


class Consent(StrEnum):
    """Whether somebody agreed."""

    GIVEN = "given"
    REFUSED = "refused"


SINGLE = frozenset({EntryKind.LANGUAGE, EntryKind.SMS_CONSENT})
"""Of these a person has one entry in force: a new one ends the one before."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry in force, as far as judging needs it: no words, no reference, nobody's name.

    Attributes:
        kind, value: what it says; the value is a code, an address in lower case or the key of a number.
        tenant_id: whom it is about.
        household: it holds for all who live with them.
        id: the store's own, by which a judgement refers to it; 0 of one that no store has.
    """

    kind: EntryKind
    value: str
    tenant_id: str
    household: bool = False
    id: int = 0


def holding_for(tenant_id: str | None, entries: Iterable[KnownEntry]) -> tuple[KnownEntry, ...]:
    """Return what holds for somebody, of the entries of their household.

    That is their own, what holds for all who live there, and the protection of anybody who does: whoever shares a home
    with somebody protected can tell where that is.

    Args:
        tenant_id: who; None: nobody of the household in particular.
        entries: those of all who live there.
    """
    return tuple(
        entry
        for entry in entries
        if entry.household or entry.tenant_id == tenant_id or entry.kind is EntryKind.PROTECTION
    )
