"""The register of what households wish, and of what protects them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_ENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table and its look-ups."""
    op.create_table(
        "register_entries",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("household", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("entered_at", _TIME, nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_in", sa.Text(), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('protection', 'never', 'reach', 'language', 'sms_consent')", name="ck_register_entries_kind"
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", name="ck_register_entries_dates"),
        sa.PrimaryKeyConstraint("id", name="pk_register_entries"),
    )
    op.create_index("ix_register_entries_tenant_id", "register_entries", ["tenant_id"])
    op.create_index(
        "ix_register_entries_key",
        "register_entries",
        ["kind", "key"],
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    )
