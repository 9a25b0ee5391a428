"""The first schema: arrivals, cases, contacts, events, and the directory."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    _arrivals()
    _bodies()
    _cases()
    _contacts()
    _events()
    _estate()
    _units()
    _people()


def _arrivals() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", _TIME, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", _TIME, nullable=True),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("forced_case", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'claimed', 'judged', 'set_aside', 'parked')", name="ck_arrivals_state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
        sa.UniqueConstraint("channel", "external_id", name="uq_arrivals_channel"),
    )
    op.create_index(
        "ix_arrivals_state",
        "arrivals",
        ["state", "id"],
        unique=False,
        sqlite_where=sa.text("state <> 'judged'"),
        postgresql_where=sa.text("state <> 'judged'"),
    )
    op.create_index(
        "ix_arrivals_waiting",
        "arrivals",
        ["received_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _bodies() -> None:
    op.create_table(
        "arrival_bodies",
        sa.Column("arrival_id", _ID, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["arrivals.id"], name="fk_arrival_bodies_arrival_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("arrival_id", name="pk_arrival_bodies"),
    )
    op.create_table(
        "probes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("filler", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_probes"),
    )


def _cases() -> None:
    op.create_table(
        "case_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_case_numbers"),
    )
    op.create_table(
        "cases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("due", _TIME, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("read_in_full", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("dwelling_id", sa.Text(), nullable=True),
        sa.Column("residence_id", sa.Text(), nullable=True),
        sa.CheckConstraint("priority IN ('P1', 'P2', 'P3', 'P4')", name="ck_cases_priority"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_cases_state"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
    )
    op.create_index("ix_cases_dwelling_id", "cases", ["dwelling_id"], unique=False)
    op.create_index(
        "ix_cases_open",
        "cases",
        ["queue", "priority", "due", "opened_at", "number"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_cases_tenant_id", "cases", ["tenant_id"], unique=False)


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("arrival_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=True),
        sa.Column("judged_at", _TIME, nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name="fk_contacts_arrival_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_contacts_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint("arrival_id", name="uq_contacts_arrival_id"),
    )
    op.create_index("ix_contacts_case_id", "contacts", ["case_id"], unique=False)
    op.create_index("ix_contacts_message_id", "contacts", ["message_id"], unique=False)
    op.create_table(
        "judgements",
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("judgement", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_judgements_contact_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_judgements"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("arrival_id", _ID, nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint("case_id IS NOT NULL OR arrival_id IS NOT NULL", name="ck_events_subject"),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name="fk_events_arrival_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_events_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_arrival_id", "events", ["arrival_id"], unique=False)
    op.create_index("ix_events_case_id", "events", ["case_id"], unique=False)
    op.create_table(
        "confirmed_contacts",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("confirmed_at", _TIME, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('address', 'number')", name="ck_confirmed_contacts_kind"),
        sa.PrimaryKeyConstraint("value", "tenant_id", name="pk_confirmed_contacts"),
    )


def _estate() -> None:
    op.create_table(
        "directory_versions",
        sa.Column("number", _ID, nullable=False),
        sa.Column("imported_at", _TIME, nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_directory_versions"),
    )
    op.create_table(
        "offices",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_offices"),
    )
    op.create_table(
        "residences",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("residence_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_residences"),
    )
    op.create_table(
        "addresses",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.Column("residence_id", sa.Text(), nullable=False),
        sa.Column("house_number", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("staircase", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_addresses"),
    )


def _units() -> None:
    op.create_table(
        "dwellings",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dwelling_id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("staircase", sa.Text(), nullable=False),
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("unit_reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_dwellings"),
    )
    op.create_table(
        "equipment",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_equipment"),
    )


def _people() -> None:
    op.create_table(
        "leases",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("lease_id", sa.Text(), nullable=False),
        sa.Column("dwelling_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("birth_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("lease_start", sa.Date(), nullable=True),
        sa.Column("lease_end", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("line", name="pk_leases"),
    )
    op.create_table(
        "caretakers",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("caretaker_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("lodge", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_caretakers"),
    )
    op.create_table(
        "caretaker_assignments",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("caretaker_id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("line", name="pk_caretaker_assignments"),
    )
    op.create_table(
        "caretaker_absences",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("caretaker_id", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("replacement_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_caretaker_absences"),
    )
