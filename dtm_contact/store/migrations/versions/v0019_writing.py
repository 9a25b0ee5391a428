"""What agents write: drafts, who is writing, files that go out, several recipients, signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the columns."""
    op.create_table(
        "drafts",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_drafts_account_id"),
        sa.UniqueConstraint("account_id", "about", "kind", name="uq_drafts_account_id"),
    )
    op.create_index("ix_drafts_saved_at", "drafts", ["saved_at"])
    op.create_table(
        "writers",
        sa.Column("case_id", _BIG_ID, nullable=False),
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "account_id", name="pk_writers"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_writers_case_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_writers_account_id"),
    )
    _files()
    op.add_column("outbox", sa.Column("also_to", sa.JSON(), nullable=True))
    op.add_column("outbox", sa.Column("left_to", sa.JSON(), nullable=True))
    op.add_column("accounts", sa.Column("signature", sa.Text(), nullable=True))


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("draft_id", _BIG_ID, nullable=True),
        sa.Column("case_id", _BIG_ID, nullable=True),
        sa.Column("arrival_id", _BIG_ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_files_account_id"),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name="fk_files_draft_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_files_case_id"),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name="fk_files_arrival_id"),
        sa.CheckConstraint("state IN ('coming', 'unscanned', 'clean')", name="ck_files_state"),
    )
    for column in ("draft_id", "case_id", "arrival_id"):
        op.create_index(f"ix_files_{column}", "files", [column])
    op.create_table(
        "file_pieces",
        sa.Column("file_id", _BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "place", name="pk_file_pieces"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_pieces_file_id", ondelete="CASCADE"),
    )
    op.create_table(
        "outbox_files",
        sa.Column("outbox_id", _BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("file_id", _BIG_ID, nullable=True),
        sa.Column("arrival_id", _BIG_ID, nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", "place", name="pk_outbox_files"),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_outbox_files_outbox_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_outbox_files_file_id"),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name="fk_outbox_files_arrival_id"),
    )
