"""Figures counted by day, week and month, the addresses of boards, and look-ups of cases and events by their times."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the look-ups."""
    op.create_table(
        "figure_periods",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("counted_at", _TIME, nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("grain IN ('day', 'week', 'month')", name="ck_figure_periods_grain"),
        sa.PrimaryKeyConstraint("grain", "first_day", name="pk_figure_periods"),
    )
    op.create_table(
        "boards",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_boards"),
        sa.UniqueConstraint("name", name="uq_boards_name"),
    )
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
    op.create_index("ix_cases_due", "cases", ["due"])
    op.create_index("ix_events_what", "events", ["what", "at"])
