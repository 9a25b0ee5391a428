"""What a restore leaves behind, so that nothing is sent again that was sent after the backup."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the column that keeps something from being sent by itself."""
    op.create_table(
        "restores",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("backed_up_at", _TIME, nullable=False),
        sa.Column("restored_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_restores"),
    )
    op.create_table(
        "unsure_arrivals",
        sa.Column("arrival_id", _BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("arrival_id", name="pk_unsure_arrivals"),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["arrivals.id"], name="fk_unsure_arrivals_arrival_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "sent_marks",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("to_digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("sent_at", _TIME, nullable=False),
        sa.Column("matched_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("message_id", "channel", "external_id", name="pk_sent_marks"),
    )
    op.create_index("ix_sent_marks_to_digest", "sent_marks", ["to_digest", "kind"])
    op.add_column("outbox", sa.Column("held_since", _TIME, nullable=True))
