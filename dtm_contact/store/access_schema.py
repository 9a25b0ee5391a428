"""The desk's own tables: who may come in, who is in, what was read and changed, and appointments at the offices."""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_ACCOUNT = classed(DataClass.STAFF, keep="P1Y", since="account disabled")
_TRAIL = classed(DataClass.STAFF, keep="P1Y", since="written")
_VISIT = classed(DataClass.CONTACT, keep="P1Y", since="appointment")

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", KeyText, nullable=False, unique=True),
    sa.Column("shown_as", SafeText, nullable=False),
    sa.Column("role", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("office_id", sa.Text),
    sa.Column("password", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("disabled_at", UtcTime),
    sa.CheckConstraint("role IN ('agent', 'agency', 'head', 'admin', 'auditor')", name="role"),
    info=_ACCOUNT,
)
"""Who may use the desk. `password`: its argon2id hash, None where only a one-time link lets in."""

devices = sa.Table(
    "desk_devices",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True, index=True),
    sa.Column("seen_at", UtcTime, nullable=False),
    info=classed(DataClass.STAFF, keep="P1Y", since="device last logged in"),
)
"""Browsers that an account has logged in from; by the SHA-256 of the cookie that they keep."""

entry_failures = sa.Table(
    "entry_failures",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
    info=classed(DataClass.STAFF, keep="P1D", since="last failure"),
)
"""Wrong passwords of an account, of each device that it knows; under an empty `device`, of all others together."""

sessions = sa.Table(
    "desk_sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    info=classed(DataClass.STAFF, keep="P1D", since="session ended"),
)
"""Who is in. `digest`: SHA-256 of the cookie, so that whoever reads the store cannot come in by it."""

entry_links = sa.Table(
    "entry_links",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("ends_at", UtcTime, nullable=False),
    info=classed(DataClass.STAFF, keep="P1D", since="link ended"),
)
"""Links that let somebody in once; by the SHA-256 of their secret."""

audit_trail = sa.Table(
    "audit_trail",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("who", SafeText, nullable=False),
    sa.Column("what", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("subject", KeyText, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
    info=_TRAIL,
)
"""What was read and done at the desk, append only; `subject`: the case, dwelling or account that it concerns."""

sa.Index("ix_audit_trail_subject", audit_trail.c.subject, audit_trail.c.id)
sa.Index("ix_audit_trail_who", audit_trail.c.who, audit_trail.c.id)

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("office_id", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("who", SafeText, nullable=False),
    sa.Column("booked_by", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P1Y", since="appointment")),
    sa.Column("booked_at", UtcTime, nullable=False, info=_NOTHING),
    sa.UniqueConstraint("office_id", "at"),
    info=_VISIT,
)
"""Who comes to a proximity office, and when: one person a slot."""
