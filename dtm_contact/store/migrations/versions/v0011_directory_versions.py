"""The last versions of the directory are kept whole, with where they came from; exports that were refused."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and room for what is known of a version."""
    for column in (
        sa.Column("exported_at", _TIME, nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("forced", sa.JSON(), nullable=True),
        sa.Column("restored_from", _ID, nullable=True),
    ):
        op.add_column("directory_versions", column)
    op.create_table(
        "directory_contents",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["directory_versions.number"], name="fk_directory_contents_number"),
        sa.PrimaryKeyConstraint("number", name="pk_directory_contents"),
    )
    op.create_table(
        "directory_refusals",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("refused_at", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_directory_refusals"),
    )
