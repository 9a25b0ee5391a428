"""The register's table: what households wish, and what protects them, as agents entered it."""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_REACH = classed(DataClass.CONTACT, keep="P3Y", since="lease ended")
_WHO = classed(DataClass.IDENTITY, keep="P3Y", since="lease ended")
_WORDS = classed(DataClass.CONTENT, keep="P3Y", since="lease ended")
_STAFF = classed(DataClass.STAFF, keep="P3Y", since="lease ended")
_AGAINST = classed(DataClass.IDENTITY, keep="P1Y", since="entry ended")

register_entries = sa.Table(
    "register_entries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False, info=_WHO),
    sa.Column("household", sa.Boolean, nullable=False, info=_NOTHING),
    sa.Column("kind", sa.Text, nullable=False, info=_WHO),
    sa.Column("value", SafeText, nullable=False),
    sa.Column("key", KeyText, nullable=False),
    sa.Column("words", SafeText, nullable=False, info=_WORDS),
    sa.Column("reference", SafeText, nullable=False, info=_AGAINST),
    sa.Column("since", sa.Date, nullable=False, info=_WHO),
    sa.Column("until", sa.Date, info=_WHO),
    sa.Column("entered_at", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("entered_by", SafeText, nullable=False, info=_STAFF),
    sa.Column("case_number", sa.Text, info=_NOTHING),
    sa.Column("ended_at", UtcTime, info=_NOTHING),
    sa.Column("ended_by", SafeText, info=_STAFF),
    sa.Column("ended_in", sa.Text, info=_NOTHING),
    sa.Column("ended_why", SafeText, info=_WORDS),
    sa.CheckConstraint("kind IN ('protection', 'never', 'reach', 'language', 'sms_consent')", name="kind"),
    sa.CheckConstraint("until IS NULL OR until >= since", name="dates"),
    info=_REACH,
)
"""What agents entered of a person, or (`household`) of all who live with them; no import touches it, and none of it is
overwritten: it ends. `key`: what an address or number is looked up by; `words`: what was said beside it, such as the
hours or who agreed; `reference`: the number of a protection order, and nothing else of whom it is against; `until`: its
last day, where it is known beforehand; `case_number`, `ended_in`: the cases from which it was entered and ended."""

_NOT_ENDED = sa.text("ended_at IS NULL")
sa.Index("ix_register_entries_tenant_id", register_entries.c.tenant_id)
sa.Index(
    "ix_register_entries_key",
    register_entries.c.kind,
    register_entries.c.key,
    sqlite_where=_NOT_ENDED,
    postgresql_where=_NOT_ENDED,
)
