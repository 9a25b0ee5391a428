"""Each page that writes has a draft of its own, and what was sent or thrown away is known to be over."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = "id, account_id, kind, about, fields, revision, saved_at"


def upgrade() -> None:
    """Add the column, let each page have its own draft, and make the table."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
    else:
        op.add_column("drafts", sa.Column("writing", sa.Text(), nullable=False, server_default=""))
        op.alter_column("drafts", "writing", server_default=None)
        op.drop_constraint("uq_drafts_account_id", "drafts", type_="unique")
        op.create_unique_constraint("uq_drafts_account_id", "drafts", ["account_id", "about", "kind", "writing"])
    op.create_table(
        "ended_writings",
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("writing", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "writing", name="pk_ended_writings"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_ended_writings_account_id"),
    )
    op.create_index("ix_ended_writings_at", "ended_writings", ["at"])


def _make_anew() -> None:
    """Make the table anew: SQLite drops no constraint. The files, which would go with it, are let go of meanwhile."""
    op.execute("CREATE TEMPORARY TABLE kept_files AS SELECT id, draft_id FROM files WHERE draft_id IS NOT NULL")
    op.execute("UPDATE files SET draft_id = NULL WHERE draft_id IS NOT NULL")
    op.execute(f"CREATE TEMPORARY TABLE kept_drafts AS SELECT {_COLUMNS} FROM drafts")  # noqa: S608 - our own names
    op.drop_index("ix_drafts_saved_at", "drafts")
    op.drop_table("drafts")
    op.create_table(
        "drafts",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", _TIME, nullable=False),
        sa.Column("writing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_drafts_account_id"),
        sa.UniqueConstraint("account_id", "about", "kind", "writing", name="uq_drafts_account_id"),
    )
    op.create_index("ix_drafts_saved_at", "drafts", ["saved_at"])
    op.execute(f"INSERT INTO drafts ({_COLUMNS}, writing) SELECT {_COLUMNS}, '' FROM kept_drafts")  # noqa: S608 - our own names
    op.execute("UPDATE files SET draft_id = kept.draft_id FROM kept_files AS kept WHERE files.id = kept.id")
    op.execute("DROP TABLE kept_drafts")
    op.execute("DROP TABLE kept_files")
