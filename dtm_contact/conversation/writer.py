"""Whose message it is, where a colleague passes one on."""

from collections.abc import Collection

from dtm_contact.model import Contact, Mailbox, domain_of


def from_house(contact: Contact, domains: Collection[str]) -> bool:
    """Tell whether the message bears an address of ours as its sender."""
    return domain_of(contact.sender.address) in domains


def writer(contact: Contact, domains: Collection[str]) -> Mailbox:
    """Return who wrote it: of what a colleague passes on, the first writer; else the sender.

    Args:
        contact: what was read.
        domains: the landlord's own mail domains, lower case.
    """
    if from_house(contact, domains):
        for original in reversed(contact.forwarded):
            if original.sender.address and domain_of(original.sender.address) not in domains:
                return original.sender
    return contact.sender
