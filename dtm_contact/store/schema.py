"""The tables of the work: arrivals, the contacts, cases and events made of them, what is sent, and what is due.

The tables of what the program runs by (accounts, channels, rules, directory) are in `system_schema`, those of what
agents write in `writing_schema`.

Every table says in its `info` which class of data it holds, how long that is kept and from when; a column that differs
says so itself. The ages: three years after a case is closed, since what derives from a lease is barred after three
(law 89-462 of 6 July 1989, article 7-1); a year for the bytes as they came; three months for what was set aside.
"""

import sqlalchemy as sa

from dtm_contact.store.columns import (
    AlarmOrder,
    ChannelText,
    CodedTextColumn,
    CodedTextsColumn,
    DataClass,
    Id,
    KeyText,
    SafeText,
    UtcTime,
    classed,
)

SCHEMA_VERSION = "0039"
"""The Alembic revision that this version of the program reads and writes."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_NOTHING = classed(DataClass.NONE)
_TRACE = classed(DataClass.CONTACT, keep="P1Y", since="received")
_RAW = classed(DataClass.CONTENT, keep="P1Y", since="received")
_WHO = classed(DataClass.IDENTITY, keep="P3Y", since="case closed")
_REACH = classed(DataClass.CONTACT, keep="P3Y", since="case closed")
_WORDS = classed(DataClass.CONTENT, keep="P3Y", since="case closed")
_STAFF = classed(DataClass.STAFF, keep="P3Y", since="case closed")
_REACH_OF_LEASE = classed(DataClass.CONTACT, keep="P3Y", since="lease ended")
_WHO_OF_LEASE = classed(DataClass.IDENTITY, keep="P3Y", since="lease ended")
_WORDS_OF_LEASE = classed(DataClass.CONTENT, keep="P3Y", since="lease ended")
_STAFF_OF_LEASE = classed(DataClass.STAFF, keep="P3Y", since="lease ended")
_OPPONENT = classed(DataClass.IDENTITY, keep="P1Y", since="entry ended")

arrivals = sa.Table(
    "arrivals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("external_id", KeyText, nullable=False, info=_TRACE),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("media_type", SafeText, nullable=False),
    sa.Column("envelope", sa.JSON(none_as_null=True), info=_TRACE),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", UtcTime),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_at", UtcTime),
    sa.Column("settled_at", UtcTime),
    sa.Column("kind", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("forced_case", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("in_turn", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("danger_score", sa.SmallInteger),
    sa.UniqueConstraint("channel", "external_id"),
    sa.CheckConstraint("state IN ('waiting', 'claimed', 'judged', 'set_aside', 'parked')", name="state"),
    info=_NOTHING,
)
"""What came in, and how far it is. `kind`: what a judged one became; `reason`: why it was put off or parked, a short
text without anything personal; `forced_case`: an agent released it, so it becomes a case whatever it looks like;
`in_turn`: it is judged once all such arrivals that were stored before it have been, and not beside them; `claimed_by`:
the daemon (an incarnation) that judges it; `danger_score`: how likely it tells of danger by a glance, in thousandths:
the likeliest is judged first; 0: so little that its age decides; empty while nobody has looked."""

_WAITING = sa.text("state = 'waiting' AND NOT in_turn")
sa.Index(
    "ix_arrivals_waiting",
    arrivals.c.received_at,
    arrivals.c.id,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
_DANGER = sa.text("state = 'waiting' AND danger_score > 0")
sa.Index(
    "ix_arrivals_danger",
    arrivals.c.danger_score.desc(),
    arrivals.c.id,
    sqlite_where=_DANGER,
    postgresql_where=_DANGER,
)
_IN_TURN = sa.text("in_turn AND state IN ('waiting', 'claimed')")
sa.Index("ix_arrivals_in_turn", arrivals.c.id, sqlite_where=_IN_TURN, postgresql_where=_IN_TURN)
_UNSETTLED = sa.text("state <> 'judged'")
sa.Index("ix_arrivals_state", arrivals.c.state, arrivals.c.id, sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED)

arrival_bodies = sa.Table(
    "arrival_bodies",
    metadata,
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    info=_RAW,
)
"""The bytes as they came: apart, so that no listing reads them and they can go before the rest."""

recognitions = sa.Table(
    "recognitions",
    metadata,
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("begun_at", UtcTime),
    sa.Column("found", sa.JSON(none_as_null=True)),
    info=_RAW,
)
"""The scanned letters of arrivals, by the digest of their file, and what was recognised in each; empty until it is.
`begun_at`: when somebody began to recognise it."""

sa.Index("ix_recognitions_sha256", recognitions.c.sha256)
_UNRECOGNISED = sa.text("found IS NULL")
sa.Index(
    "ix_recognitions_asked_at",
    recognitions.c.asked_at,
    sqlite_where=_UNRECOGNISED,
    postgresql_where=_UNRECOGNISED,
)

case_numbers = sa.Table(
    "case_numbers",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
    info=_NOTHING,
)
"""The last case number given in each year."""

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("channel", ChannelText, nullable=False),
    sa.Column("office_id", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("due", UtcTime, nullable=False),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.Column("owner", SafeText, info=_STAFF),
    sa.Column("topic", sa.Text, info=_WORDS),
    sa.Column("rule", sa.Text),
    sa.Column("read_in_full", sa.Boolean, nullable=False),
    sa.Column("subject", CodedTextColumn, nullable=False, info=_WORDS),
    sa.Column("who", CodedTextColumn, nullable=False, info=_REACH),
    sa.Column("why", CodedTextsColumn, nullable=False, info=_WORDS),
    sa.Column("tenant_id", sa.Text, info=_WHO),
    sa.Column("dwelling_id", sa.Text, info=_WHO),
    sa.Column("residence_id", sa.Text, info=_WHO),
    sa.Column("party", KeyText, info=_REACH),
    sa.Column("waiting_until", UtcTime),
    sa.Column("done_reason", CodedTextColumn, info=_WORDS),
    sa.Column("tags", sa.JSON(none_as_null=True), info=_WORDS),
    sa.Column("by_hand", sa.JSON(none_as_null=True)),
    sa.Column("alarm_level", AlarmOrder, nullable=False, server_default="2"),
    sa.Column("alarm_by", sa.Text),
    sa.Column("alarm_score", sa.Float),
    sa.Column("alarm_limit", sa.Float),
    sa.Column("alarm_why_not", CodedTextColumn, info=_WORDS),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("archived_at", UtcTime),
    sa.Column("erased_at", UtcTime),
    sa.CheckConstraint("state IN ('open', 'closed')", name="state"),
    sa.CheckConstraint("priority IN ('P1', 'P2', 'P3', 'P4')", name="priority"),
    info=_NOTHING,
)
"""What agents work. `read_in_full` is false while the case only stands in for an arrival that could not be judged.
`party`: whose call-back it is; a party has one that is open. `waiting_until`: out of its queue's order till then;
`by_hand`: the columns in which an agent's word stands, whatever is judged later; `alarm_level`: 0 certain, always and
only of a P1, 1 possible, 2 none; `version`: grows with every change, so that two people cannot overwrite each other
unawares; `archived_at`: since when it is kept for claims alone, and seen by few; `erased_at`: when its person was
erased, after which it is kept for the figures of its days alone."""

ORDER = (cases.c.alarm_level, cases.c.priority, cases.c.due, cases.c.opened_at, cases.c.number)
"""The order in which cases must be worked: certain alarms, possible ones, then by priority, due time, age, number."""

_OPEN = sa.text("state = 'open'")
sa.Index(
    "ix_cases_open",
    cases.c.queue,
    *ORDER,
    cases.c.waiting_until,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
_CALL_BACK = sa.text("state = 'open' AND party IS NOT NULL")
sa.Index("uq_cases_call_back", cases.c.party, unique=True, sqlite_where=_CALL_BACK, postgresql_where=_CALL_BACK)
_OWNED = sa.text("state = 'open' AND owner IS NOT NULL")
_PLACED = sa.text("state = 'open' AND residence_id IS NOT NULL")
for _filter, _columns, _which in (
    ("open_topic", (cases.c.queue, cases.c.topic, *ORDER), _OPEN),
    ("open_residence", (cases.c.queue, cases.c.residence_id, *ORDER), _OPEN),
    ("owned", (cases.c.owner, *ORDER), _OWNED),
    ("incident", (cases.c.topic, cases.c.residence_id, cases.c.opened_at), _PLACED),
):
    sa.Index(f"ix_cases_{_filter}", *_columns, sqlite_where=_which, postgresql_where=_which)
# All that lists of cases by their age look at stands in this one, so that a year of them is read without its cases.
sa.Index(
    "ix_cases_opened_at",
    *(cases.c[name] for name in ("opened_at", "id", "closed_at", "due", "state", "priority")),
    *(cases.c[name] for name in ("office_id", "residence_id", "topic")),
)
sa.Index("ix_cases_residence_id", cases.c.residence_id, cases.c.opened_at)
sa.Index("ix_cases_due", cases.c.due)
sa.Index("ix_cases_tenant_id", cases.c.tenant_id)
sa.Index("ix_cases_dwelling_id", cases.c.dwelling_id)
sa.Index("ix_cases_residence_open", cases.c.residence_id, sqlite_where=_OPEN, postgresql_where=_OPEN)

# The conditions of partial indexes as queries must say them: written out, not bound, or SQLite does not use the index.
IS_OPEN = cases.c.state == sa.literal("open", sa.Text, literal_execute=True)
"""The condition that a case is open."""

case_links = sa.Table(
    "case_links",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("other_id", Id, sa.ForeignKey("cases.id"), primary_key=True, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.CheckConstraint("kind IN ('linked', 'merged', 'split')", name="kind"),
    info=_NOTHING,
)
"""Cases that belong together: `linked` side by side; `merged` into the other; `split` off the other. Who did that, and
when, stands in the events of both."""

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id"), nullable=False, unique=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), index=True),
    sa.Column("kind", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("channel", ChannelText, nullable=False, info=_NOTHING),
    sa.Column("at", UtcTime, info=_NOTHING),
    sa.Column("judged_at", UtcTime, info=_NOTHING),
    sa.Column("sender_name", SafeText, nullable=False),
    sa.Column("sender_address", KeyText, nullable=False),
    sa.Column("phone_key", KeyText),
    sa.Column("subject", SafeText, nullable=False, info=_WORDS),
    sa.Column("message_id", KeyText, nullable=False, index=True),
    sa.Column("thread", sa.JSON, nullable=False),
    sa.Column("fingerprint", sa.Text, info=_WORDS),
    sa.Column("proven", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("topic", sa.Text, info=_WORDS),
    sa.Column("outcome", sa.Text, info=_NOTHING),
    sa.Column("party", KeyText),
    sa.Column("tenant_id", sa.Text, info=_WHO),
    sa.Column("dwelling_id", sa.Text, info=_WHO),
    sa.Column("residence_id", sa.Text, info=_WHO),
    info=_REACH,
)
"""One for each arrival that was judged or parked. `judged_at` is empty while it is still to be judged; `thread` is what
it answers to, as message ids; `proven`: who wrote is proven, and not only named; `outcome` what became of a call,
`party` whose call-back it belongs to. A contact without a case (set aside) is kept three months."""

shared_contacts = sa.Table(
    "shared_contacts",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True),
    info=_NOTHING,
)
"""Contacts that stand in a further case beside their own: one message that tells of two matters."""

_SENT = sa.text("sender_address <> ''")
sa.Index("ix_contacts_sender", contacts.c.sender_address, contacts.c.at, sqlite_where=_SENT, postgresql_where=_SENT)
_CALLED = sa.text("outcome IS NOT NULL")
sa.Index(
    "ix_contacts_called",
    contacts.c.at,
    contacts.c.case_id,
    contacts.c.outcome,
    sqlite_where=_CALLED,
    postgresql_where=_CALLED,
)
HAS_SENDER = contacts.c.sender_address != sa.literal("", sa.Text, literal_execute=True)
"""The condition that a contact has a sender's address."""
for _name in ("phone_key", "party", "fingerprint", "tenant_id", "dwelling_id", "residence_id"):
    _column = contacts.c[_name]
    _known = sa.text(f"{_column.name} IS NOT NULL")
    sa.Index(f"ix_contacts_{_column.name}", _column, contacts.c.at, sqlite_where=_known, postgresql_where=_known)

judgements = sa.Table(
    "judgements",
    metadata,
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("decision", sa.JSON, nullable=False),
    sa.Column("judgement", sa.JSON, nullable=False),
    info=_WORDS,
)
"""All that was judged of a contact: the decision as its contract has it, and every step with its evidence."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), index=True),
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id"), index=True),
    sa.Column("at", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("who", SafeText, nullable=False, info=_STAFF),
    sa.Column("what", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("data", sa.JSON, nullable=False, info=_WHO),
    sa.CheckConstraint("case_id IS NOT NULL OR arrival_id IS NOT NULL", name="subject"),
    sqlite_autoincrement=True,
    info=_STAFF,
)
"""What happened, append only. Ids grow in the order of their commits, so that a reader can follow them."""
sa.Index("ix_events_what", events.c.what, events.c.at, events.c.case_id)


def _data(*path: str | int, is_: str) -> tuple[str, str]:
    """Return the condition that something is so in an event's data, in the words of SQLite and of PostgreSQL."""
    at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    listed = ",".join(map(str, path))
    return f"json_extract(data, '${at}') {is_}", f"(data #>> '{{{listed}}}') {is_}"


def _any_of(*conditions: tuple[str, str]) -> dict[str, str]:
    sqlite, postgresql = zip(*conditions, strict=True)
    return {"sqlite": " OR ".join(sqlite), "postgresql": " OR ".join(postgresql)}


EVENTS_BY_DATA = {
    "moves": _any_of(
        _data("changed", "office_id", 1, is_="IS NOT NULL"), _data("restored", "office_id", 1, is_="IS NOT NULL")
    ),
    "cries": _any_of(_data("alarm", is_="= 'certain'"), _data("changed", "alarm_level", 1, is_="= 'certain'")),
    "openings": _any_of(
        _data("state", is_="= 'open'"),
        _data("changed", "state", 1, is_="= 'open'"),
        _data("restored", "state", 1, is_="= 'open'"),
    ),
}
"""The few events that are looked for by what they say, by the dialect: those that give a case to another office, that
are a certain alarm, that open a case again. Each has an index of its own, and must be asked for in these very words."""
for _name, _said in EVENTS_BY_DATA.items():
    sa.Index(
        f"ix_events_{_name}",
        events.c.case_id,
        events.c.at,
        sqlite_where=sa.text(_said["sqlite"]),
        postgresql_where=sa.text(_said["postgresql"]),
    )

CORRECTIONS = ("priority", "tenant", "topic")
"""The words of the events by which agents say that the engine was wrong: few, and looked for by their cases."""
IS_CORRECTION = sa.text(f"what IN ({', '.join(map(repr, CORRECTIONS))})")
"""The condition that an event is one of those; it must be asked for in these very words, or its index is not used."""
sa.Index(
    "ix_events_corrections",
    events.c.what,
    events.c.case_id,
    sqlite_where=IS_CORRECTION,
    postgresql_where=IS_CORRECTION,
)

alarm_labels = sa.Table(
    "alarm_labels",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("event_id", Id, sa.ForeignKey("events.id"), nullable=False, unique=True),
    sa.Column("at", UtcTime, nullable=False, index=True, info=_NOTHING),
    sa.Column("who", SafeText, nullable=False),
    sa.Column("act", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("danger", sa.Boolean, nullable=False, info=_NOTHING),
    sa.Column("alarm_level", AlarmOrder, nullable=False, info=_NOTHING),
    sa.Column("alarm_by", sa.Text, info=_NOTHING),
    sa.Column("alarm_score", sa.Float, info=_NOTHING),
    sa.Column("alarm_limit", sa.Float, info=_NOTHING),
    sa.Column("alarm_why_not", CodedTextColumn, info=_WORDS),
    info=_STAFF,
)
"""What agents said of alarms, to recognise danger better by: the alarm as it was, `danger` whether somebody was in
danger, `act` the verb and `event_id` the event by which they said so. What is taken back is deleted."""

confirmed_contacts = sa.Table(
    "confirmed_contacts",
    metadata,
    sa.Column("value", KeyText, primary_key=True),
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("confirmed_at", UtcTime, nullable=False),
    sa.Column("confirmed_by", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P3Y", since="lease ended")),
    sa.Column("case_number", sa.Text, info=_NOTHING),
    sa.CheckConstraint("kind IN ('address', 'number')", name="kind"),
    info=classed(DataClass.CONTACT, keep="P3Y", since="lease ended"),
)
"""Addresses and numbers that agents confirmed for a tenant, and in which case; no import touches them."""
sa.Index("ix_confirmed_contacts_tenant_id", confirmed_contacts.c.tenant_id)

register_entries = sa.Table(
    "register_entries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False, info=_WHO_OF_LEASE),
    sa.Column("household", sa.Boolean, nullable=False, info=_NOTHING),
    sa.Column("kind", sa.Text, nullable=False, info=_WHO_OF_LEASE),
    sa.Column("value", SafeText, nullable=False),
    sa.Column("key", KeyText, nullable=False),
    sa.Column("words", SafeText, nullable=False, info=_WORDS_OF_LEASE),
    sa.Column("reference", SafeText, nullable=False, info=_OPPONENT),
    sa.Column("since", sa.Date, nullable=False, info=_WHO_OF_LEASE),
    sa.Column("until", sa.Date, info=_WHO_OF_LEASE),
    sa.Column("entered_at", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("entered_by", SafeText, nullable=False, info=_STAFF_OF_LEASE),
    sa.Column("case_number", sa.Text, info=_NOTHING),
    sa.Column("ended_at", UtcTime, info=_NOTHING),
    sa.Column("ended_by", SafeText, info=_STAFF_OF_LEASE),
    sa.Column("ended_in", sa.Text, info=_NOTHING),
    sa.Column("ended_why", CodedTextColumn, info=_WORDS_OF_LEASE),
    sa.CheckConstraint("kind IN ('protection', 'never', 'reach', 'language', 'sms_consent')", name="kind"),
    sa.CheckConstraint("until IS NULL OR until >= since", name="dates"),
    info=_REACH_OF_LEASE,
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
    sa.Column("also_to", sa.JSON(none_as_null=True)),
    sa.Column("left_to", sa.JSON(none_as_null=True)),
    sa.CheckConstraint(
        "state IN ('waiting', 'claimed', 'sent', 'refused', 'no_such_address', 'given_up', 'bounced')", name="state"
    ),
    sa.CheckConstraint("kind IN ('answer', 'reply', 'notice')", name="kind"),
    info=_REACH,
)
"""What is to be sent, whole, by `urgency` (`model.Urgency`), then in the order of its ids; `told`: what its last
attempt came to, the server's codes and words (addresses masked) or what was wrong with it. Of an answer `mailbox` is
one spelling of all addresses that reach the same mailbox, and `safety` whether it tells somebody in danger what to do:
both count in the limits. `held_since`: since when it waits for a person's word, because it may have been sent before
the store was restored (`restores`). `also_to`: its further recipients; `left_to`: those of all of them to whom it is
still to be handed over, empty while that is everybody."""

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
"""Addresses that a server said there are not: nothing goes there by itself, and agents see that."""

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    info=_NOTHING,
)
"""The secret that signs case numbers, where the settings name no file for it."""

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

_TIMER_WAITING = sa.text("state = 'waiting'")
sa.Index("ix_timers_waiting", timers.c.at, timers.c.id, sqlite_where=_TIMER_WAITING, postgresql_where=_TIMER_WAITING)

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
"""Topics on which many cases come at once in a department: while one lasts, one notice stands for them."""

probes = sa.Table(
    "probes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("filler", sa.LargeBinary, nullable=False),
    info=_NOTHING,
)
"""Empty, but while the store proves that it can be written again."""
