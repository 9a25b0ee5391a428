"""The rules' versions, which are in force where, and what follows when a case waits too long."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _rules()
    _timers()


def _rules() -> None:
    op.create_table(
        "rule_versions",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("taken_at", _TIME, nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_rule_versions"),
    )
    op.create_table(
        "rules_in_force",
        sa.Column("daemon", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("refused_at", _TIME, nullable=True),
        sa.Column("problems", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["version"], ["rule_versions.version"], name="fk_rules_in_force_version"),
        sa.PrimaryKeyConstraint("daemon", name="pk_rules_in_force"),
    )
    op.create_table(
        "rule_changes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("daemon", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_changes"),
        sqlite_autoincrement=True,
    )


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'needless')", name="ck_timers_state"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_timers_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timers"),
        sa.UniqueConstraint("case_id", "step", name="uq_timers_case_id"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_timers_waiting", "timers", ["at", "id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "storms",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "department", name="pk_storms"),
    )
