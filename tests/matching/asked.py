"""Asking who writes a message, as the tests of matching do."""

from datetime import UTC, date, datetime

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Authentication, Channel, Contact, Mailbox, Match, NoHistory

ON = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
UNKNOWN = "inconnu@poste.example"


def ask(text: str, index: MatchIndex, address: str = UNKNOWN, name: str = "", subject: str = "") -> Match:
    """Return what is made of a message from a mailbox, by default one that the directory does not know."""
    by = Authentication.VOUCHED
    contact = Contact(Channel.EMAIL, AT, Mailbox(name, address), subject=subject, new_text=text, authentication=by)
    return match(contact, ON, index, NoHistory())


def named(answer: Match) -> str | None:
    """Return the tenant who is named, if one is."""
    return answer.tenant.id if answer.tenant else None
