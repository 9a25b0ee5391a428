"""What agents do to cases, and whom each contact was about."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OPEN = sa.text("state = 'open'")
_KEYS = ("phone_key", "tenant_id", "dwelling_id", "residence_id")
_WHOM = ("tenant_id", "dwelling_id", "residence_id", "topic")
_OF_CASES = ("id", "case_id", *_WHOM)


def upgrade() -> None:
    """Add columns and look-ups; contacts of before are taken to be about whom their case is about."""
    _cases()
    _links()
    _contacts()


def _cases() -> None:
    op.add_column("cases", sa.Column("waiting_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("done_reason", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("tags", sa.JSON(), nullable=True))
    op.add_column("cases", sa.Column("by_hand", sa.JSON(), nullable=True))
    op.add_column("cases", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.drop_index("ix_cases_open", "cases")
    order = ["queue", "priority", "due", "opened_at", "number", "waiting_until"]
    op.create_index("ix_cases_open", "cases", order, unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(
        "ix_cases_residence_open", "cases", ["residence_id"], unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _links() -> None:
    op.create_table(
        "case_links",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('linked', 'merged', 'split')", name="ck_case_links_kind"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_links_case_id"),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"], name="fk_case_links_other_id"),
        sa.PrimaryKeyConstraint("case_id", "other_id", name="pk_case_links"),
    )
    op.create_index("ix_case_links_other_id", "case_links", ["other_id"], unique=False)


def _contacts() -> None:
    for name in ("phone_key", "topic", "outcome", "tenant_id", "dwelling_id", "residence_id"):
        op.add_column("contacts", sa.Column(name, sa.Text(), nullable=True))
    cases, contacts = (sa.table(name, *(sa.column(each) for each in _OF_CASES)) for name in ("cases", "contacts"))
    for name in _WHOM:
        theirs = sa.select(cases.c[name]).where(cases.c.id == contacts.c.case_id).scalar_subquery()
        op.execute(sa.update(contacts).where(contacts.c.case_id.is_not(None)).values({name: theirs}))
    sent = sa.text("sender_address <> ''")
    op.create_index(
        "ix_contacts_sender", "contacts", ["sender_address", "at"], sqlite_where=sent, postgresql_where=sent
    )
    for name in _KEYS:
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_contacts_{name}", "contacts", [name, "at"], sqlite_where=known, postgresql_where=known)
