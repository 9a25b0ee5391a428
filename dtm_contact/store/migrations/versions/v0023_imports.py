"""What was taken over from mailboxes in use before, and which import brought it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "imports",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("begun_at", _TIME, nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_table(
        "imported_arrivals",
        sa.Column("arrival_id", _BIG_ID, nullable=False),
        sa.Column("import_id", _BIG_ID, nullable=False),
        sa.Column("reached_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("arrival_id", name="pk_imported_arrivals"),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["arrivals.id"], name="fk_imported_arrivals_arrival_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_imported_arrivals_import_id"),
    )
    op.create_index("ix_imported_arrivals_import_id", "imported_arrivals", ["import_id"])
