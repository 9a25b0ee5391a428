"""The tables of channels that read by themselves, and of the daemons that do: their leases, and who follows what."""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)

positions = sa.Table(
    "positions",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("place", SafeText, nullable=False),
    info=_NOTHING,
)
"""How far each channel has read, as it alone understands it."""

log_lines = sa.Table(
    "log_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("key", KeyText, nullable=False, info=_NOTHING),
    sa.Column("group_id", KeyText, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("told", sa.Integer, info=_NOTHING),
    sa.UniqueConstraint("channel", "key"),
    info=classed(DataClass.CONTACT, keep="P2D", since="read, by the log's own clock"),
)
"""Lines of logs, as they came, until the window for late ones is past: the arrivals made of them keep them longer.
`at`: seconds since 1970 by the log's clock; `told`: the revision in which a line was handed over, if it was."""

sa.Index("ix_log_lines_at", log_lines.c.channel, log_lines.c.at)

followers = sa.Table(
    "followers",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    info=_NOTHING,
)
"""Which daemon (an incarnation) follows a channel; nobody else may while that has a lease."""

daemons = sa.Table(
    "daemons",
    metadata,
    sa.Column("incarnation", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("renewed_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    info=_NOTHING,
)
"""The daemons that run, each start under another `incarnation`, and until when each has its lease. What is claimed
under an incarnation that is not here, or whose lease is over, is given back. All times are the database's."""
