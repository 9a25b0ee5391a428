"""The desk: accounts, sessions, entry links, the audit trail, appointments, and the look-ups of its filters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)
_ROLES = "'agent', 'agency', 'head', 'admin', 'auditor'"


def upgrade() -> None:
    """Make the tables and the look-ups."""
    _accounts()
    _entries()
    _trail()
    _appointments()
    order = ["priority", "due", "opened_at", "number"]
    is_open = "state = 'open'"
    for name, columns, where in (
        ("ix_cases_open_topic", ["queue", "topic", *order], is_open),
        ("ix_cases_open_residence", ["queue", "residence_id", *order], is_open),
        ("ix_cases_owned", ["owner", *order], f"{is_open} AND owner IS NOT NULL"),
        ("ix_cases_incident", ["topic", "residence_id", "opened_at"], f"{is_open} AND residence_id IS NOT NULL"),
    ):
        op.create_index(name, "cases", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown_as", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("disabled_at", _TIME, nullable=True),
        sa.CheckConstraint(f"role IN ({_ROLES})", name="ck_accounts_role"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )


def _entries() -> None:
    op.create_table(
        "desk_sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_desk_sessions_account_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_desk_sessions"),
    )
    op.create_index("ix_desk_sessions_account_id", "desk_sessions", ["account_id"])
    op.create_table(
        "entry_links",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_entry_links_account_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_entry_links"),
    )


def _trail() -> None:
    op.create_table(
        "audit_trail",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_trail"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_trail_subject", "audit_trail", ["subject", "id"])
    op.create_index("ix_audit_trail_who", "audit_trail", ["who", "id"])


def _appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("booked_by", sa.Text(), nullable=False),
        sa.Column("booked_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_appointments_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
        sa.UniqueConstraint("office_id", "at", name="uq_appointments_office_id"),
    )
    op.create_index("ix_appointments_case_id", "appointments", ["case_id"])
