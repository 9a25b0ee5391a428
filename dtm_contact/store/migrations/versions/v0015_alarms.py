"""Alarms have levels: what a case keeps of its alarm, the order of the queues by it, and what agents said of alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = "state = 'open'"
_OWNED = "state = 'open' AND owner IS NOT NULL"
_ORDER = ["priority", "due", "opened_at", "number"]
_INDEXES: tuple[tuple[str, list[str], list[str], str], ...] = (
    ("ix_cases_open", ["queue"], ["waiting_until"], _OPEN),
    ("ix_cases_open_topic", ["queue", "topic"], [], _OPEN),
    ("ix_cases_open_residence", ["queue", "residence_id"], [], _OPEN),
    ("ix_cases_owned", ["owner"], [], _OWNED),
)


def upgrade() -> None:
    """Make columns, look-ups and the table; what is P1 is a certain alarm, of which nobody knows who raised it."""
    op.add_column("cases", sa.Column("alarm_level", sa.SmallInteger(), server_default="2", nullable=False))
    op.add_column("cases", sa.Column("alarm_by", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("alarm_score", sa.Float(), nullable=True))
    op.add_column("cases", sa.Column("alarm_limit", sa.Float(), nullable=True))
    op.add_column("cases", sa.Column("alarm_why_not", sa.Text(), nullable=True))
    op.execute("UPDATE cases SET alarm_level = 0 WHERE priority = 'P1'")
    for name, before, behind, which in _INDEXES:
        op.drop_index(name, "cases")
        columns = [*before, "alarm_level", *_ORDER, *behind]
        op.create_index(name, "cases", columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))
    op.create_table(
        "alarm_labels",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("case_id", _BIG_ID, nullable=False),
        sa.Column("event_id", _BIG_ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("danger", sa.Boolean(), nullable=False),
        sa.Column("alarm_level", sa.SmallInteger(), nullable=False),
        sa.Column("alarm_by", sa.Text(), nullable=True),
        sa.Column("alarm_score", sa.Float(), nullable=True),
        sa.Column("alarm_limit", sa.Float(), nullable=True),
        sa.Column("alarm_why_not", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_alarm_labels_case_id"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_alarm_labels_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_labels"),
        sa.UniqueConstraint("event_id", name="uq_alarm_labels_event_id"),
    )
    op.create_index("ix_alarm_labels_case_id", "alarm_labels", ["case_id"])
    op.create_index("ix_alarm_labels_at", "alarm_labels", ["at"])
