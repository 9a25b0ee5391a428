"""Leases: the daemons that run, who follows what by incarnation, and what is urgent among what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, the columns and their look-ups; nobody follows anything while the store is brought over."""
    op.create_table(
        "daemons",
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("renewed_at", _TIME, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("incarnation", name="pk_daemons"),
    )
    op.drop_table("followers")
    op.create_table(
        "followers",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_followers"),
    )
    _arrivals()
    _outbox()


def _arrivals() -> None:
    op.add_column("arrivals", sa.Column("urgent", sa.Boolean(), nullable=True))
    urgent = sa.text("state = 'waiting' AND urgent")
    op.create_index(
        "ix_arrivals_urgent", "arrivals", ["received_at", "id"], sqlite_where=urgent, postgresql_where=urgent
    )


def _outbox() -> None:
    op.add_column("outbox", sa.Column("urgency", sa.Integer(), server_default="3", nullable=False))
    op.execute(
        "UPDATE outbox SET urgency = CASE WHEN kind = 'reply' THEN 2"
        " WHEN (SELECT priority FROM cases WHERE cases.id = case_id) = 'P1' THEN 0"
        " WHEN kind = 'notice' THEN 1 ELSE 3 END WHERE state IN ('waiting', 'claimed')"
    )
    op.drop_index("ix_outbox_at_work", "outbox")
    at_work = sa.text("state IN ('waiting', 'claimed')")
    op.create_index("ix_outbox_at_work", "outbox", ["urgency", "id"], sqlite_where=at_work, postgresql_where=at_work)
