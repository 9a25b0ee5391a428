"""Canned answers written at the desk, how often each is used, and a message that lies in two cases."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "canned_answers",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_canned_answers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_canned_answers_name", "canned_answers", ["name", "id"])
    op.create_table(
        "canned_uses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name="pk_canned_uses"),
    )
    op.create_table(
        "shared_contacts",
        sa.Column("case_id", _BIG_ID, nullable=False),
        sa.Column("contact_id", _BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "contact_id", name="pk_shared_contacts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_shared_contacts_case_id"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_shared_contacts_contact_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_shared_contacts_contact_id", "shared_contacts", ["contact_id"])
