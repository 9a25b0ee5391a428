"""Arrivals and judgements to fill a store with; the people are invented."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from dtm_contact.model import (
    Arrival,
    CaseKind,
    Channel,
    Contact,
    Decision,
    EntryKind,
    Envelope,
    Judgement,
    Likely,
    Mailbox,
    Match,
    Priority,
    Understanding,
)
from dtm_contact.store import Claimed, Confirmation, Daemon, Destination, RegisterEntry, Store, UnreadableSummary
from dtm_contact.store.confirmations import confirm
from dtm_contact.store.register import put_entry

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RECEPTION = Destination("agence-accueil", "AG", Priority.P2, NOW + timedelta(hours=4))
FALLBACK = UnreadableSummary(Mailbox("Nadia Benali", "Nadia.Benali@free.example"), "Au secours", NOW)


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


_DUE = minutes(60)


def arrival(external_id: str = "one", received_at: datetime = NOW, raw: bytes = b"Subject: Fuite\n\n") -> Arrival:
    envelope = Envelope("nadia@free.example", ("contact@bailleur.example",), "192.0.2.1")
    return Arrival("smtp", external_id, received_at, "message/rfc822", envelope, raw)


def judgement(
    kind: CaseKind = CaseKind.CASE,
    *,
    priority: Priority = Priority.P3,
    queue: str = "montreuil",
    due: datetime = _DUE,
    contact: Contact | None = None,
    match: Match | None = None,
) -> Judgement:
    contact = contact or Contact(
        channel=Channel.EMAIL,
        at=NOW,
        sender=Mailbox("Nadia Benali", "Nadia.Benali@free.example"),
        subject="Fuite sous l’évier",
        new_text="Bonjour, ça coule.",
        message_id="m1@free.example",
    )
    is_case = kind is CaseKind.CASE
    decision = Decision(
        kind=kind,
        priority=priority,
        office_id="BP1" if is_case else None,
        queue=queue if is_case else None,
        due=due if is_case else None,
        rule="routing.yaml:plomberie",
        rules_version="r1",
    )
    match = match or Match(tenant=Likely("T1", 0.99), dwelling=Likely("D1", 0.99), residence=Likely("R1", 0.99))
    return Judgement("one", contact, match, Understanding(kind, ("plumbing",), priority), decision)


def daemon(name: str) -> Daemon:
    """Return a daemon whose incarnation is its name."""
    return Daemon(name, name, "machine", 1)


def claim(store: Store, external_id: str = "one", at: datetime = NOW) -> Claimed:
    """Accept one arrival and claim it."""
    store.arrivals.accept([arrival(external_id)])
    claimed = store.arrivals.claim("worker", at)
    assert claimed is not None
    return claimed


def open_case(store: Store, external_id: str, judged: Judgement, opened_at: datetime = NOW) -> str:
    """Accept an arrival, claim and record it; return its case's number."""
    number = store.cases.record(claim(store, external_id), judged, {}, opened_at)
    assert number is not None
    return number


def confirmed(store: Store, kind: str, value: str, tenant_id: str, number: str | None = None) -> bool:
    """Keep that an address or number is a tenant's, as an agent's word; tell whether it was not known yet."""
    with store.database.writing() as connection:
        return confirm(connection, Confirmation(kind, value, tenant_id, NOW, "paul", number))


def entered(store: Store, tenant_id: str, kind: EntryKind, value: str, **also: Any) -> int:
    """Enter something into the register, as an agent did long ago; return its number."""
    told = {"household": False, "words": "", "reference": "", "since": date(2026, 1, 5), "until": None, **also}
    new = RegisterEntry(
        0, tenant_id, kind=kind, value=value, **{"entered_at": NOW - timedelta(days=9), "entered_by": "claire", **told}
    )
    with store.database.writing() as connection:
        return put_entry(connection, new)
