"""Whose message it is, where a colleague passes one on; and who is a colleague."""

from collections.abc import Collection

from dtm_contact.model import Authentication, Contact, Mailbox, domain_of


def claims_own_domain(contact: Contact, domains: Collection[str]) -> bool:
    """Return whether the message bears an address of ours as its sender; anybody can write one there."""
    return domain_of(contact.sender.address) in domains


def sent_by_us(contact: Contact, domains: Collection[str]) -> bool:
    """Return whether one of us wrote: the sender is an address of ours, and our mail server vouches for it.

    Args:
        contact: what was read.
        domains: the landlord's own mail domains, lower case.
    """
    return contact.authentication is Authentication.VOUCHED and claims_own_domain(contact, domains)


def writer(contact: Contact, domains: Collection[str]) -> Mailbox:
    """Return who wrote it: of what a colleague passes on, the first writer; else the sender.

    Args:
        contact: what was read.
        domains: the landlord's own mail domains, lower case.
    """
    if sent_by_us(contact, domains):
        for original in reversed(contact.forwarded):
            if original.sender.address and domain_of(original.sender.address) not in domains:
                return original.sender
    return contact.sender
