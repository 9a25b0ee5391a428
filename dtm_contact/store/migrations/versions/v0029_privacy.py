"""Cases that are archived or erased, legal holds, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0025"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("cases", sa.Column("archived_at", _TIME, nullable=True))
    op.add_column("cases", sa.Column("erased_at", _TIME, nullable=True))
    op.create_table(
        "legal_holds",
        sa.Column("case_id", _BIG_ID, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_legal_holds"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_legal_holds_case_id"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
