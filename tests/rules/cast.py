"""The people and places that the tests of the rules speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from dtm_contact.directory import Address, Directory, Dwelling, Lease, Office, Records, Residence
from dtm_contact.hours import PARIS, Calendar
from dtm_contact.model import (
    CaseKind,
    Channel,
    Contact,
    KnownEntry,
    Likely,
    Mailbox,
    Match,
    NoHistory,
    Party,
    PartyHistory,
    Priority,
    Problem,
    Understanding,
)
from dtm_contact.rules import Document
from dtm_contact.rules.arguments import AllowedNames, DocumentValue
from dtm_contact.rules.expression import Expression, read_when
from dtm_contact.rules.facts import Facts

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
SATURDAY_NIGHT = datetime(2026, 11, 28, 23, 30, tzinfo=PARIS)
ALL_SAINTS = datetime(2024, 11, 1, 10, 0, tzinfo=PARIS)  # a Friday

OFFICE_HOURS = Calendar((((time(9), time(17)),),) * 5 + ((), ()))

LES_TILLEULS = Likely("R01", 0.99)
SHOP = Likely("L02", 0.98)
FLAT = Likely("L01", 0.98)
BAKER = Likely("T02", 0.99)
TENANT = Likely("T01", 0.99)


def office(office_id: str, kind: str = "proximity_office") -> Office:
    return Office(office_id, office_id, kind, "", "", "", "", "")


def lease(tenant_id: str, dwelling_id: str, role: str, end: date | None = None) -> Lease:
    return Lease(tenant_id, f"{tenant_id}/{dwelling_id}", dwelling_id, role, "", "", "", "", "", (), None, end)


DIRECTORY = Directory(
    Records(
        offices=(office("agence", "agency"), office("nord"), office("sud"), office("est")),
        residences=(
            Residence("R01", "Les Tilleuls", ("Cité des Tilleuls",), "Saint-Ouen", "93400", "93070", "93", "nord"),
            Residence("R02", "Les Érables", (), "Malakoff", "92240", "92046", "92", "sud"),
        ),
        addresses=(Address("A01", "R01", "1", "rue des Tilleuls", "93400", "Saint-Ouen", "", ""),),
        dwellings=(
            Dwelling("L01", "A01", "dwelling", "", "", "", "", ""),
            Dwelling("L02", "A01", "commercial", "", "", "", "", ""),
        ),
        leases=(
            lease("T01", "L01", "holder"),
            lease("T02", "L02", "commercial"),
            lease("T02", "L01", "co_holder"),
            lease("T03", "L02", "commercial", end=date(2020, 1, 1)),
            lease("T03", "L01", "occupant"),
        ),
    )
)


def written(text: str = "", subject: str = "", sender: str = "jean@poste.example") -> Contact:
    return Contact(Channel.EMAIL, TUESDAY, Mailbox(address=sender), subject=subject, new_text=text)


def asked(*topics: str, priority: Priority = Priority.P3, kind: CaseKind = CaseKind.CASE) -> Understanding:
    return Understanding(kind, topics, priority)


def at(office_id: str | None) -> Match:
    return Match(office_id=office_id)


@dataclass(frozen=True)
class Before(NoHistory):
    """A history that answers with the same dealings, whoever is asked for, and with what the register has of them."""

    found: PartyHistory
    entries: tuple[KnownEntry, ...] = ()

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        del on
        return [entry for entry in self.entries if entry.tenant_id in tenants]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        del party, since
        return self.found


def facts(
    contact: Contact | None = None,
    match: Match | None = None,
    understanding: Understanding | None = None,
    now: datetime = TUESDAY,
    before: PartyHistory | None = None,
    tags: tuple[str, ...] = (),
) -> Facts:
    return Facts(
        contact or written(),
        match or Match(),
        understanding or asked("other"),
        now,
        DIRECTORY,
        OFFICE_HOURS,
        Before(before) if before else NoHistory(),
        tags=tags,
    )


def expression(when: object) -> Expression:
    """Read conditions from plain data; whatever is wrong with them fails the test."""
    problems: list[Problem] = []
    found = read_when(when, DocumentValue(Document("routing.yaml", when, {}, {}), AllowedNames(), problems))
    assert problems == []
    assert found is not None
    return found
