"""The tables of the rules' versions and of what follows when a case waits too long."""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)

rule_versions = sa.Table(
    "rule_versions",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("taken_at", UtcTime, nullable=False),
    sa.Column("archive", sa.LargeBinary, nullable=False),
    info=_NOTHING,
)
"""Every set of rules that was ever in force, whole: `archive` is a zip file of the folder."""

rules_in_force = sa.Table(
    "rules_in_force",
    metadata,
    sa.Column("daemon", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, sa.ForeignKey("rule_versions.version"), nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("refused", sa.Text),
    sa.Column("refused_at", UtcTime),
    sa.Column("problems", sa.JSON(none_as_null=True)),
    info=_NOTHING,
)
"""Which rules each daemon judges by, since when; `refused`: the version that its folder holds and that does not take
effect, with what is wrong with it."""

rule_changes = sa.Table(
    "rule_changes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("daemon", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("taken", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
    info=_NOTHING,
)
"""What became of each version that a daemon found in its folder: taken, or refused. Append only."""

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("settled_at", UtcTime),
    sa.UniqueConstraint("case_id", "step"),
    sa.CheckConstraint("state IN ('waiting', 'done', 'needless')", name="state"),
    info=_NOTHING,
)
"""What is to happen to a case unless somebody sees to it before: `step` names it within the case, `data` says what."""

_WAITING = sa.text("state = 'waiting'")
sa.Index("ix_timers_waiting", timers.c.at, timers.c.id, sqlite_where=_WAITING, postgresql_where=_WAITING)

storms = sa.Table(
    "storms",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("began_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("cases", sa.Integer, nullable=False),
    info=_NOTHING,
)
"""Topics on which many cases come at once in a department: while one lasts, it is told once, not with each case."""
