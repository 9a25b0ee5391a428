"""The registry of where a person's data lies: each table and place says how their rows are found and erased.

Whoever adds a table with personal data declares it here, or by `declare` where it is defined, and touches nothing else:
plan, erasure, certificate, the nightly pass and the register of processing read this registry alone.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from dtm_contact.privacy.data_place import (
    BLANK_CASE,
    BLANK_CONTACT,
    ArrivalsPlace,
    CasesPlace,
    Condition,
    DataPlace,
    EventsPlace,
    either,
    in_scope,
    of_person,
)
from dtm_contact.privacy.mention_places import MentionsPlace, TrailPlace, judged_of_protected, of_protected
from dtm_contact.privacy.packed_places import CallLogPlace, DirectoryPlace, RuleArchivesPlace
from dtm_contact.privacy.subject import SubjectScope
from dtm_contact.store import schema, system_schema, writing_schema
from dtm_contact.store.holds import erasures, legal_holds
from dtm_contact.store.imports import imports
from dtm_contact.store.restores import address_digest, sent_marks

_MOST_BOUND: Final = 30_000
"""Values that one statement takes on every database."""
_LEASES: Final = next(part.table for part in system_schema.DIRECTORY_TABLES if part.name == "leases")
_arrivals, _contacts, _cases, _outbox = schema.arrivals.c, schema.contacts.c, schema.cases.c, schema.outbox.c


def _marks(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    ways = []
    if scope.numbers:
        ways.append(sent_marks.c.case_number.in_(scope.numbers))
    if scope.person is not None and scope.person.addresses:
        ways.append(sent_marks.c.to_digest.in_([address_digest(each) for each in scope.person.addresses]))
    return sa.or_(*ways) if ways else None


def _sent_to(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    if scope.person is None or not scope.person.addresses:
        return None
    settled = _outbox.state.not_in(("waiting", "claimed"))
    free: sa.ColumnElement[bool] = _outbox.case_id.not_in(sa.select(legal_holds.c.case_id))
    if scope.own is not None and scope.own.case_ids:
        free = sa.and_(free, _outbox.case_id.not_in(scope.own.case_ids[:_MOST_BOUND]))
    of_open = _outbox.case_id.in_(sa.select(_cases.id).where(_cases.state == "open"))
    return sa.and_(_outbox.to_address.in_(tuple(scope.person.addresses)), settled, free, sa.not_(of_open))


def _sent_in(column: "sa.Column[Any]") -> Condition:
    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        return column.in_(sa.select(_outbox.id).where(_outbox.case_id.in_(scope.case_ids))) if scope.case_ids else None

    return rows


def _files_of(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    found = either(
        in_scope(writing_schema.files.c.case_id, "case_ids"), in_scope(writing_schema.files.c.arrival_id, "arrival_ids")
    )
    return found(scope)


def _pieces_of(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    files = _files_of(scope)
    return (
        None
        if files is None
        else writing_schema.file_pieces.c.file_id.in_(sa.select(writing_schema.files.c.id).where(files))
    )


_OWN_EVENTS: Final = either(
    in_scope(schema.events.c.case_id, "case_ids"), in_scope(schema.events.c.arrival_id, "arrival_ids")
)

PLACES: list[DataPlace] = [
    # In the order in which rows may go: those that refer to others first.
    DataPlace(
        schema.judgements,
        "ce qui a été compris de chaque message",
        in_scope(schema.judgements.c.contact_id, "contact_ids"),
    ),
    DataPlace(
        schema.alarm_labels,
        "ce que les agents ont dit d’une alerte",
        in_scope(schema.alarm_labels.c.case_id, "case_ids"),
        {"alarm_why_not": None},
        schema.alarm_labels.c.alarm_why_not.is_not(None),
    ),
    EventsPlace(
        schema.events,
        "ce qui s’est passé dans un dossier",
        _OWN_EVENTS,
    ),
    DataPlace(
        writing_schema.outbox_files,
        "les pièces de ce qui a été envoyé",
        either(
            _sent_in(writing_schema.outbox_files.c.outbox_id),
            in_scope(writing_schema.outbox_files.c.arrival_id, "arrival_ids"),
        ),
    ),
    DataPlace(
        schema.outbox,
        "les courriels envoyés",
        either(in_scope(_outbox.case_id, "case_ids"), _sent_to),
    ),
    DataPlace(writing_schema.file_pieces, "le contenu des pièces jointes par les agents", _pieces_of),
    DataPlace(writing_schema.files, "les pièces jointes par les agents", _files_of),
    DataPlace(writing_schema.drafts, "les brouillons", in_scope(writing_schema.drafts.c.about, "numbers")),
    DataPlace(
        writing_schema.writers, "qui est en train d’écrire", in_scope(writing_schema.writers.c.case_id, "case_ids")
    ),
    DataPlace(
        system_schema.appointments, "les rendez-vous", in_scope(system_schema.appointments.c.case_id, "case_ids")
    ),
    DataPlace(
        schema.shared_contacts,
        "les messages classés dans un second dossier",
        in_scope(schema.shared_contacts.c.case_id, "case_ids"),
    ),
    DataPlace(
        schema.arrival_bodies,
        "les messages tels qu’ils sont arrivés",
        in_scope(schema.arrival_bodies.c.arrival_id, "arrival_ids"),
    ),
    DataPlace(
        schema.recognitions,
        "le texte reconnu sur les lettres numérisées",
        in_scope(schema.recognitions.c.arrival_id, "arrival_ids"),
    ),
    DataPlace(
        schema.contacts,
        "qui a écrit ou appelé, quand et comment le joindre",
        in_scope(_contacts.id, "contact_ids"),
        BLANK_CONTACT,
    ),
    ArrivalsPlace(
        schema.arrivals,
        "la trace de l’arrivée d’un message",
        in_scope(_arrivals.id, "arrival_ids"),
        still=_arrivals.external_id.not_like("erased:%"),
    ),
    DataPlace(schema.timers, "les étapes prévues d’un dossier", in_scope(schema.timers.c.case_id, "case_ids")),
    DataPlace(
        schema.case_links,
        "les liens entre dossiers",
        either(in_scope(schema.case_links.c.case_id, "case_ids"), in_scope(schema.case_links.c.other_id, "case_ids")),
    ),
    CasesPlace(
        schema.cases, "les dossiers", in_scope(_cases.id, "case_ids"), BLANK_CASE, still=_cases.erased_at.is_(None)
    ),
    DataPlace(
        schema.confirmed_contacts,
        "les adresses et numéros confirmés",
        of_person(
            (schema.confirmed_contacts.c.tenant_id, "tenants"),
            (schema.confirmed_contacts.c.value, "addresses"),
            (schema.confirmed_contacts.c.value, "numbers"),
        ),
        with_case=False,
        identifies=True,
        # An address may be another tenant's entry, too: never to be used for them, confirmed for a couple.
        theirs=of_person((schema.confirmed_contacts.c.tenant_id, "tenants")),
    ),
    DataPlace(
        schema.register_entries,
        "le registre : souhaits et protections",
        of_person(
            (schema.register_entries.c.tenant_id, "tenants"),
            (schema.register_entries.c.key, "addresses"),
            (schema.register_entries.c.key, "numbers"),
        ),
        with_case=False,
        identifies=True,
        # An address may be another tenant's entry, too: never to be used for them, confirmed for a couple.
        theirs=of_person((schema.register_entries.c.tenant_id, "tenants")),
    ),
    DataPlace(
        schema.undeliverable,
        "les adresses qui ne reçoivent plus",
        of_person((schema.undeliverable.c.address, "addresses")),
        with_case=False,
    ),
    DataPlace(sent_marks, "ce que le journal dit avoir été envoyé", _marks, with_case=False),
    CallLogPlace(system_schema.log_lines, "les lignes du standard en attente", with_case=False),
    DirectoryPlace(
        _LEASES,
        "l’annuaire des locataires et ses versions",
        with_case=False,
        identifies=True,
        covers=(system_schema.directory_contents,),
    ),
    RuleArchivesPlace(system_schema.rule_versions, "les essais de règles tirés d’un dossier", with_case=False),
    TrailPlace(
        system_schema.audit_trail,
        "ce que le personnel a consulté et fait",
        with_case=False,
        columns=("subject", "data"),
        with_names=True,
    ),
    MentionsPlace(
        schema.judgements,
        "ce qui a été compris des messages d’autrui",
        with_case=False,
        columns=("decision", "judgement"),
        promised=True,
        own=in_scope(schema.judgements.c.contact_id, "contact_ids"),
        shielded=judged_of_protected,
    ),
    MentionsPlace(
        schema.events,
        "ce qui s’est passé dans les dossiers d’autrui",
        with_case=False,
        promised=True,
        columns=("data",),
        own=_OWN_EVENTS,
        with_names=True,
        shielded=of_protected(schema.events.c.case_id),
    ),
    MentionsPlace(
        writing_schema.drafts,
        "les brouillons qui nomment la personne",
        with_case=False,
        columns=("fields",),
        own=in_scope(writing_schema.drafts.c.about, "numbers"),
        drop=True,
    ),
    MentionsPlace(
        schema.outbox,
        "les autres destinataires d’un envoi",
        with_case=False,
        columns=("also_to", "left_to", "reason"),
        promised=True,
        own=in_scope(_outbox.case_id, "case_ids"),
        shielded=of_protected(_outbox.case_id),
    ),
]
"""Every table that may hold something of a person who is none of the staff."""


@dataclass(frozen=True, slots=True)
class StaffTable:
    """A table of staff data alone: no tenant's request reaches it, its own age does."""

    table: sa.Table
    holds: str


STAFF: Final = [
    StaffTable(system_schema.accounts, "les comptes du personnel"),
    StaffTable(system_schema.devices, "les navigateurs connus d’un compte"),
    StaffTable(system_schema.second_factors, "le second facteur des comptes"),
    StaffTable(system_schema.recovery_codes, "les codes de secours des comptes"),
    StaffTable(system_schema.account_identities, "les identités des comptes chez le fournisseur d’identité"),
    StaffTable(system_schema.entry_failures, "les mots de passe refusés"),
    StaffTable(system_schema.sessions, "les sessions ouvertes"),
    StaffTable(system_schema.entry_links, "les liens de connexion"),
    StaffTable(
        writing_schema.ended_writings, "les pages dont le texte est parti, pour qu’il ne redevienne pas un brouillon"
    ),
    StaffTable(writing_schema.act_keys, "les actes de la dernière journée, pour qu’aucun ne soit fait deux fois"),
    StaffTable(system_schema.canned_answers, "les réponses types et leurs auteurs"),
    StaffTable(system_schema.directory_versions, "les imports de l’annuaire"),
    StaffTable(imports, "les reprises de boîtes aux lettres"),
    StaffTable(erasures, "les effacements et qui les a faits"),
    *(
        StaffTable(part.table, "les gardiens, leurs affectations et absences")
        for part in system_schema.DIRECTORY_TABLES
        if part.name in ("caretakers", "assignments", "absences")
    ),
]

KEPT_WITH_CASE: Final = {legal_holds.name: "les gels juridiques : ils partent quand le gel est levé"}
"""Tables that no request reaches while their case is kept for a claim."""


def declare(place: DataPlace) -> None:
    """Add a place to the registry, before those that its rows refer to."""
    PLACES.insert(0, place)


def declared() -> frozenset[str]:
    """Return the names of all tables for which this module says what happens to personal data in them."""
    covered = (table.name for place in PLACES for table in (place.table, *place.covers))
    return frozenset({*covered, *(each.table.name for each in STAFF), *KEPT_WITH_CASE})
