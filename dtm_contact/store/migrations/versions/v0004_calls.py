"""Calls from a log that is followed: positions, lines, whose call-back a case is, what is judged in turn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WAITING = sa.text("state = 'waiting' AND NOT in_turn")
_IN_TURN = sa.text("in_turn AND state IN ('waiting', 'claimed')")
_CALL_BACK = sa.text("state = 'open' AND party IS NOT NULL")
_PARTY = sa.text("party IS NOT NULL")


def upgrade() -> None:
    """Add tables, columns and look-ups; what is there is mail, of no party and judged in no turn."""
    _arrivals()
    _call_backs()
    _logs()


def _arrivals() -> None:
    op.add_column("arrivals", sa.Column("in_turn", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_arrivals_waiting", "arrivals")
    op.create_index(
        "ix_arrivals_waiting", "arrivals", ["received_at", "id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_index("ix_arrivals_in_turn", "arrivals", ["id"], sqlite_where=_IN_TURN, postgresql_where=_IN_TURN)


def _call_backs() -> None:
    op.add_column("cases", sa.Column("party", sa.Text(), nullable=True))
    op.create_index(
        "uq_cases_call_back", "cases", ["party"], unique=True, sqlite_where=_CALL_BACK, postgresql_where=_CALL_BACK
    )
    op.add_column("contacts", sa.Column("party", sa.Text(), nullable=True))
    op.create_index("ix_contacts_party", "contacts", ["party", "at"], sqlite_where=_PARTY, postgresql_where=_PARTY)


def _logs() -> None:
    op.create_table(
        "positions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_positions"),
    )
    op.create_table(
        "log_lines",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_log_lines"),
        sa.UniqueConstraint("channel", "key", name="uq_log_lines_channel"),
    )
    op.create_index("ix_log_lines_at", "log_lines", ["channel", "at"])
    op.create_table(
        "followers",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_followers"),
    )
