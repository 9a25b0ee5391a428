"""Texts made to cost: what is read of them is bounded, and nobody is named out of a list."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from dtm_contact.directory import Records
from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.mentions import MOST_MENTIONS
from dtm_contact.matching.passages import MOST_WORDS, texts
from dtm_contact.matching.weights import MOST_CANDIDATES
from dtm_contact.model import Channel, Contact, Forwarded, Mailbox, NoHistory

ON = date(2026, 11, 24)
AT = datetime(2026, 11, 24, tzinfo=UTC)


def _names(records: Records) -> str:
    return "\n".join(f"Mme {lease.first_name} {lease.last_name}" for lease in records.leases) * 8


HOSTILE: dict[str, Callable[[Records], str]] = {
    "names": _names,
    "phones": lambda records: " ".join(phone for lease in records.leases for phone in lease.phones) * 10,
    "leases": lambda records: " ".join(lease.lease_id for lease in records.leases) * 10,
    "what looks like leases": lambda _records: " ".join(f"{n:07}/{n % 100:02}" for n in range(10_000)),
    "addresses": lambda records: "\n".join(f"{a.house_number} {a.street} {a.commune}" for a in records.addresses) * 90,
    "e-mails": lambda records: " ".join(lease.email for lease in records.leases) * 10,
    "one word": lambda _records: "a" * 1_000_000,
    "one accented word": lambda _records: "é" * 1_000_000,
    "digits": lambda _records: "1" * 1_000_000,
    "single digits": lambda _records: "1 " * 500_000,
    "cues": lambda _records: "pour ma mère je suis Mme " * 40_000,
    "names in Arabic": lambda _records: "أنا محمد حداد\n" * 70_000,
    "cues in Arabic": lambda _records: "أنا " * 300_000,
    "streets without end": lambda _records: "12 rue " * 140_000,
    "line feeds": lambda _records: "\n" * 1_000_000,
    "combining marks": lambda _records: "e\u0301\u0301" * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("where", ["new_text", "signature", "subject", "sender", "forwarded"])
def test_a_hostile_text_names_nobody(kind: str, where: str, placed: MatchIndex) -> None:
    text = HOSTILE[kind](placed.directory.records)
    if where == "sender":
        contact = Contact(Channel.EMAIL, AT, Mailbox(text, "x@poste.example"))
    elif where == "forwarded":
        contact = Contact(Channel.EMAIL, AT, forwarded=(Forwarded(Mailbox("", text), text, text),) * 9)
    else:
        contact = Contact(Channel.EMAIL, AT, **{where: text})  # type: ignore[arg-type]
    found = match(contact, ON, placed, NoHistory())
    assert found.tenant is None
    assert len(found.candidates) <= MOST_CANDIDATES
    assert sum(len(each.words) for each in texts(contact)) <= MOST_WORDS


def test_a_petition_is_nobodys(placed: MatchIndex) -> None:
    names = "\n".join(f"{lease.first_name} {lease.last_name}" for lease in placed.directory.records.leases[:14])
    contact = Contact(Channel.EMAIL, AT, new_text=f"Nous, locataires, demandons un ascenseur.\n{names}")
    assert match(contact, ON, placed, NoHistory()).tenant is None
    assert MOST_MENTIONS > 14
