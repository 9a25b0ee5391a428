"""What was recognised in scanned letters."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "recognitions",
        sa.Column("arrival_id", _BIG_ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("begun_at", _TIME, nullable=True),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("arrival_id", "sha256", name="pk_recognitions"),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name="fk_recognitions_arrival_id", ondelete="CASCADE"),
    )
    op.create_index("ix_recognitions_sha256", "recognitions", ["sha256"])
    unrecognised = sa.text("found IS NULL")
    op.create_index(
        "ix_recognitions_asked_at",
        "recognitions",
        ["asked_at"],
        sqlite_where=unrecognised,
        postgresql_where=unrecognised,
    )
