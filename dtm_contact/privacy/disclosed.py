"""To whom a person's data went (GDPR article 15(1)(c)), and which of us looked at it: who they are for us, by roles.

A recipient outside is told by the address that it went to. One of us acts for the landlord, and is told by a role
(Court of Justice, C-579/21).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.labels.cases import NOTIFIED, role_label
from dtm_contact.model import OutgoingKind
from dtm_contact.privacy.own_words import OWN_WORDS, OwnWords
from dtm_contact.privacy.subject import DataSubject, SubjectScope, slices
from dtm_contact.store.schema import cases, register_entries
from dtm_contact.store.system_schema import DIRECTORY_TABLES, accounts, audit_trail
from dtm_contact.text import fold

Row = Mapping[str, Any]
_LEASES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
_CARETAKERS: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "caretakers")
_OFFICE: Final = "un bureau ou un service du bailleur"
_SINGULAR: Final = {"on_call": "la personne d’astreinte", "caretaker": "le gardien"}
_AGENT: Final = "agent"
_OWN_WORDS: Final = {
    OwnWords.ALL: "avis sur votre demande, avec votre message en entier",
    OwnWords.FIRST: "avis sur votre demande, avec les premiers mots de votre message",
    OwnWords.NONE: "avis sur votre demande",
}
_PROTECTION: Final = "protection"
"""What the trail calls it that somebody was shown by what a household is protected."""


@dataclass(frozen=True, slots=True)
class OurPeople:
    """Who is one of us: what they are called in rows, by account the role, and by address what they are for us.

    Attributes:
        roles: a role's French label by the name of an account.
        addresses: what somebody is for us by their address, in lower case.
    """

    roles: Mapping[str, str]
    addresses: Mapping[str, str]

    def role(self, who: str) -> str:
        """Return the role of whoever did something."""
        return self.roles.get(who, _AGENT)

    def agent(self, who: str) -> str:
        """Return an agent with the role of today; without it where there is no such account any more."""
        return f"un agent (fonction : {self.roles[who]})" if who in self.roles else "un agent"

    def recipient(self, address: str) -> str:
        """Return a recipient by what they are for us, or by their address where they are none of us."""
        return self.addresses.get(address.lower(), address)


def our_people(connection: Connection) -> OurPeople:
    """Return who is one of us, by the accounts and the directory in force."""
    found = connection.execute(sa.select(accounts.c.name, accounts.c.role, accounts.c.email)).all()
    addresses = {row.email.lower(): f"un de nos agents ({role_label(row.role)})" for row in found if row.email}
    for address in connection.execute(sa.select(_CARETAKERS.c.email)).scalars():
        if address:
            addresses[address.lower()] = "un gardien"
    return OurPeople({row.name: role_label(row.role) for row in found}, addresses)


def receiver_of_notice(reason: str) -> str:
    """Return who a notice went to, by the reason that it was written for."""
    word = reason.partition(":")[0]
    return _SINGULAR.get(word) or NOTIFIED.get(word) or _OFFICE


def looks_at(connection: Connection, scope: SubjectScope, named: Iterable[int]) -> list[dict[str, Any]]:
    """Return when and how staff looked at a person's cases, card or home, or at what named them.

    Of a search, or of a list, it is told that it showed or named the person, and not what else it was of.

    Args:
        connection: a transaction.
        scope: whose.
        named: the lines of the audit trail that name the person.
    """
    table = audit_trail.c
    columns = (table.id, table.at, table.who, table.what, table.subject, table.data)
    found: dict[int, dict[str, Any]] = {}
    protections = _protections(connection, scope)
    for condition in _about(connection, scope):
        query = sa.select(*columns).where(condition)
        rows = map(dict, connection.execute(query).mappings())
        found |= {row["id"]: row for row in rows if not _is_of_others(row, scope, protections)}
    searched = _searches(connection, scope.person) if scope.person is not None else ()
    # A line of a case of theirs is told with its case, in the part of the scope that has it.
    told = frozenset(scope.own.numbers) if scope.own is not None else frozenset[str]()
    for some in slices(dict.fromkeys((*named, *searched))):
        for row in map(dict, connection.execute(sa.select(*columns).where(table.id.in_(some))).mappings()):
            if row["subject"] not in told and not _is_of_others(row, scope, protections):
                found.setdefault(row["id"], {**row, "subject": ""})
    return [{**_look(row), "subject": row["subject"]} for row in found.values()]


def _look(row: Row) -> dict[str, Any]:
    verb = {"verb": row["data"]["verb"]} if row["data"].get("verb") else {}
    return {name: row[name] for name in ("at", "who", "what")} | verb


def _protections(connection: Connection, scope: SubjectScope) -> frozenset[str]:
    """Return the ids of the register's entries of the person, and of whom the scope's cases are about."""
    tenants = set(scope.person.tenants) if scope.person is not None else set[str]()
    for some in slices(scope.numbers):
        about = sa.select(cases.c.tenant_id).where(cases.c.number.in_(some), cases.c.tenant_id.is_not(None))
        tenants.update(connection.execute(about.distinct()).scalars())
    query = sa.select(register_entries.c.id).where(register_entries.c.tenant_id.in_(tuple(tenants)))
    return frozenset(map(str, connection.execute(query).scalars()))


def _is_of_others(row: Row, scope: SubjectScope, protections: frozenset[str]) -> bool:
    """Return whether a line tells of somebody else alone.

    By whose protection somebody was shown, or that one was entered, would tell whoever it protects from: of a home
    that is told to the one whom it is about, and not to all who live there.
    """
    if row["what"] == _PROTECTION:
        return protections.isdisjoint(row["data"].get("entries") or ())
    whom = row["data"].get("tenant")
    if whom is None or row["subject"] in scope.numbers:
        return False
    return scope.person is None or whom not in scope.person.tenants


def _about(connection: Connection, scope: SubjectScope) -> "Iterator[sa.ColumnElement[bool]]":
    """Yield the conditions of lines whose subject is the person, a case of theirs, or their home while it was."""
    table = audit_trail.c
    if scope.numbers:
        yield table.subject.in_(scope.numbers)
    if scope.person is None or not scope.person.tenants:
        return
    tenants = tuple(scope.person.tenants)
    yield table.subject.in_(tenants)
    for row in connection.execute(sa.select(_LEASES).where(_LEASES.c.tenant_id.in_(tenants))):
        began = datetime.combine(row.lease_start or date.min, time.min, UTC)
        ended = datetime.combine(row.lease_end or date.max, time.max, UTC)
        yield sa.and_(table.subject == row.dwelling_id, table.at >= began, table.at <= ended)


def _searches(connection: Connection, person: DataSubject) -> list[int]:
    """Return the searches that hold all words of a whole name, in whatever order."""
    names = [fold(name).split() for name in person.names if " " in name]
    if not names:
        return []
    table = audit_trail.c
    rows = connection.execute(sa.select(table.id, table.subject).where(table.what == "searched"))
    sought = ((row.id, set(fold(row.subject).split())) for row in rows)
    return [key for key, words in sought if any(words.issuperset(name) for name in names)]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Something that went to somebody other than the person.

    Attributes:
        at: when.
        whom: to whom, in French.
        what: what went, in French.
        case_id: in which case; None where in none.
    """

    at: datetime
    whom: str
    what: str
    case_id: int | None


def disclosures(mails: Collection[Row], forwards: Collection[Row], own: Collection[str]) -> Iterator[Disclosure]:
    """Yield what went out of a person's cases to others, in the order of its times.

    Args:
        mails: the rows of the outbox, as the export gives them.
        forwards: the events that say that a message was passed on.
        own: the person's addresses.
    """
    passed_on = {each["data"].get("message_id") for each in forwards}
    for mail in sorted(mails, key=lambda row: row["created_at"]):
        if mail["kind"] == OutgoingKind.NOTICE:
            what = _OWN_WORDS[OwnWords(mail.get(OWN_WORDS, OwnWords.NONE))]
            yield Disclosure(mail["created_at"], mail["destinataire"], what, mail["case_id"])
            continue
        what = "un de vos messages, transmis" if mail["message_id"] in passed_on else "un courriel du dossier"
        for address in (mail["to_address"], *(mail.get("also_to") or ())):
            if address and address.lower() not in own:
                yield Disclosure(mail["created_at"], address, what, mail["case_id"])
