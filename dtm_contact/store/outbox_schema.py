"""The outbox's tables: what is to be sent, and addresses that take nothing."""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_REACH = classed(DataClass.CONTACT, keep="P3Y", since="case closed")
_WORDS = classed(DataClass.CONTENT, keep="P3Y", since="case closed")

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("reason", SafeText, nullable=False, info=_REACH),
    sa.Column("to_address", KeyText, nullable=False),
    sa.Column("mailbox", KeyText),
    sa.Column("safety", sa.Boolean, nullable=False, server_default=sa.false(), info=_NOTHING),
    sa.Column("mail_from", KeyText, nullable=False, info=_NOTHING),
    sa.Column("message_id", KeyText, nullable=False, unique=True, info=_NOTHING),
    sa.Column("raw", sa.LargeBinary, nullable=False, info=_WORDS),
    sa.Column("state", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("urgency", sa.Integer, nullable=False, server_default="3", info=_NOTHING),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0", info=_NOTHING),
    sa.Column("created_at", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("not_before", UtcTime, info=_NOTHING),
    sa.Column("claimed_by", sa.Text, info=_NOTHING),
    sa.Column("settled_at", UtcTime, info=_NOTHING),
    sa.Column("told", sa.Text, info=_NOTHING),
    sa.Column("held_since", UtcTime, info=_NOTHING),
    sa.CheckConstraint(
        "state IN ('waiting', 'claimed', 'sent', 'refused', 'no_such_address', 'given_up', 'bounced')", name="state"
    ),
    sa.CheckConstraint("kind IN ('answer', 'reply', 'notice')", name="kind"),
    info=_REACH,
)
"""What is to be sent, whole, by `urgency` (`model.Urgency`), then in the order of its ids; `told`: the server's last
code, or the error's class. Of an answer `mailbox` is one spelling of all addresses that reach the same mailbox, and
`safety` whether it tells somebody in danger what to do: both count in the limits. `held_since`: since when it waits for
a person's word, because it may have been sent before the store was restored (`restores`)."""

_AT_WORK = sa.text("state IN ('waiting', 'claimed')")
sa.Index("ix_outbox_at_work", outbox.c.urgency, outbox.c.id, sqlite_where=_AT_WORK, postgresql_where=_AT_WORK)
_BY_ITSELF = sa.text("kind <> 'reply'")
sa.Index(
    "ix_outbox_once",
    outbox.c.case_id,
    outbox.c.kind,
    outbox.c.reason,
    unique=True,
    sqlite_where=_BY_ITSELF,
    postgresql_where=_BY_ITSELF,
)
_ANSWERS = sa.text("kind = 'answer'")
sa.Index(
    "ix_outbox_answers_mailbox",
    outbox.c.mailbox,
    outbox.c.created_at,
    sqlite_where=_ANSWERS,
    postgresql_where=_ANSWERS,
)
sa.Index("ix_outbox_answers_at", outbox.c.created_at, sqlite_where=_ANSWERS, postgresql_where=_ANSWERS)

undeliverable = sa.Table(
    "undeliverable_addresses",
    metadata,
    sa.Column("address", KeyText, primary_key=True),
    sa.Column("since", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("told", sa.Text, nullable=False, info=_NOTHING),
    info=classed(DataClass.CONTACT, keep="P1Y", since="marked"),
)
"""Addresses that a server said there are not: nothing goes there by itself, and agents are told."""

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    info=_NOTHING,
)
"""The secret that signs case numbers, where the settings name no file for it."""
