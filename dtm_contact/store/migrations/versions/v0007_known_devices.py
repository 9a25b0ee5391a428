"""The desk: which browsers have logged in before, and wrong passwords counted for each of them apart."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; what an account itself counted so far is forgotten."""
    op.create_table(
        "desk_devices",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_desk_devices_account_id"),
        sa.PrimaryKeyConstraint("digest", "account_id", name="pk_desk_devices"),
    )
    op.create_index("ix_desk_devices_account_id", "desk_devices", ["account_id"])
    op.create_table(
        "entry_failures",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_entry_failures_account_id"),
        sa.PrimaryKeyConstraint("account_id", "device", name="pk_entry_failures"),
    )
    op.drop_column("accounts", "failures")
    op.drop_column("accounts", "locked_until")
