"""The tables of what the program runs by: accounts and sessions, channels and daemons, rules, and the directory.

They share their `metadata` with `schema`. The directory's tables, one for each file of the landlord's export, are
replaced as a whole by every import. They carry no keys of their own: an import has checked every reference before, and
only whole files are ever read.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, get_type_hints

import sqlalchemy as sa

from dtm_contact.directory.records import (
    Absence,
    Address,
    Assignment,
    Caretaker,
    Dwelling,
    Equipment,
    Lease,
    Office,
    Residence,
)
from dtm_contact.store.columns import CodedTextColumn, DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_ACCOUNT = classed(DataClass.STAFF, keep="P1Y", since="account disabled")
_TRAIL = classed(DataClass.STAFF, keep="P1Y", since="written")
_VISIT = classed(DataClass.CONTACT, keep="P1Y", since="appointment")
_TENANTS = classed(DataClass.IDENTITY, keep="P5Y", since="lease ended, as long as the landlord exports it")
_CARETAKERS = classed(DataClass.STAFF, keep="P1Y", since="left, as long as the landlord exports it")

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
    sa.Column("signature", SafeText),
    sa.Column("email", KeyText, index=True),
    sa.Column("further_offices", sa.JSON(none_as_null=True)),
    sa.CheckConstraint("role IN ('agent', 'agency', 'head', 'admin', 'auditor')", name="role"),
    info=_ACCOUNT,
)
"""Who may use the desk. `password`: its argon2id hash, None where only a one-time link lets in; `signature`:
stands under what they write; `email`: where their own links go, in small letters; `further_offices`: the ids of the
offices whose cases they see beside those of `office_id`."""

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
    sa.Column("stage", sa.Text, nullable=False, server_default="in", info=_NOTHING),
    sa.Column("id_token", sa.Text),
    info=classed(DataClass.STAFF, keep="P1D", since="session ended"),
)
"""Who is in. `digest`: SHA-256 of the cookie, so that whoever reads the store cannot come in by it; `stage`
(`store.accounts.Stage`): what is still asked before they are; `id_token`: by which the identity provider that let them
in knows the session that is to end there."""

entry_links = sa.Table(
    "entry_links",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("ends_at", UtcTime, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False, server_default="enter", info=_NOTHING),
    info=classed(DataClass.STAFF, keep="P1D", since="link ended"),
)
"""Links that let somebody in, or set their password, once; by the SHA-256 of their secret. `purpose`:
`store.accounts.LinkPurpose`."""

second_factors = sa.Table(
    "second_factors",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    sa.Column("secret", sa.Text),
    sa.Column("pending", sa.Text),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("last_step", sa.BigInteger, info=_NOTHING),
    info=_ACCOUNT,
)
"""The secret that an account shares with its owner's telephone (RFC 6238), in base32; `pending`: one that no code has
confirmed yet; `last_step`: the time step of the last code that was taken, and of no earlier one is any taken again."""

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    info=_ACCOUNT,
)
"""The codes that are left to somebody without their telephone, each taken once; by their SHA-256."""

account_identities = sa.Table(
    "account_identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", KeyText, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    info=_ACCOUNT,
)
"""By which name an identity provider (OpenID Connect) knows the person of an account."""

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

canned_answers = sa.Table(
    "canned_answers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("source", SafeText),
    sa.Column("who", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P1Y", since="account disabled")),
    sa.Column("at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
    info=_NOTHING,
)
"""Canned answers that were written at the desk, append only; of a name the last counts. An empty `source` takes back
what was written: the file of the rules counts again."""

sa.Index("ix_canned_answers_name", canned_answers.c.name, canned_answers.c.id)

canned_uses = sa.Table(
    "canned_uses",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("uses", sa.Integer, nullable=False),
    info=_NOTHING,
)
"""How often a canned answer was put into a reply, by the day; by whom, and in which case, stands nowhere."""

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("office_id", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("who", CodedTextColumn, nullable=False),
    sa.Column("booked_by", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P1Y", since="appointment")),
    sa.Column("booked_at", UtcTime, nullable=False, info=_NOTHING),
    sa.UniqueConstraint("office_id", "at"),
    info=_VISIT,
)
"""Who comes to a proximity office, and when: one person a slot."""

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

figure_periods = sa.Table(
    "figure_periods",
    metadata,
    sa.Column("grain", sa.Text, primary_key=True),
    sa.Column("first_day", sa.Date, primary_key=True),
    sa.Column("counted_at", UtcTime, nullable=False),
    sa.Column("keys", sa.JSON, nullable=False),
    sa.Column("measures", sa.JSON, nullable=False),
    sa.Column("cells", sa.LargeBinary, nullable=False),
    sa.Column("definitions", sa.Text),
    sa.CheckConstraint("grain IN ('day', 'week', 'month')", name="grain"),
    info=_NOTHING,
)
"""What was counted of a day, a week from Monday, a month. `keys`: each office, residence and topic; `measures`: what
was counted; `cells`: of each number that is not 0 the places of its key and its measure, and itself, as three unsigned
integers of 32 bits, the least octet first. `definitions`, of a day: by which definition each measure was counted, as a
JSON object of digests with its keys in their order."""

boards = sa.Table(
    "boards",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", SafeText, nullable=False, unique=True),
    sa.Column("made_at", UtcTime, nullable=False),
    info=_NOTHING,
)
"""Addresses of the board for a wall, which shows nothing of a person; by the SHA-256 of their secret."""

directory_versions = sa.Table(
    "directory_versions",
    metadata,
    sa.Column("number", Id, primary_key=True),
    sa.Column("imported_at", UtcTime, nullable=False),
    sa.Column("imported_by", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P3Y", since="imported")),
    sa.Column("exported_at", UtcTime),
    sa.Column("digest", sa.Text),
    sa.Column("counts", sa.JSON(none_as_null=True)),
    sa.Column("forced", sa.JSON(none_as_null=True)),
    sa.Column("restored_from", Id),
    info=_NOTHING,
)
"""Every import; the highest number is the directory in force.

`exported_at`: when its files were last seen written; `digest`: of those files; `counts`: lines of each file; `forced`:
what looked wrong and was imported all the same; `restored_from`: the earlier version that this one brought back.
"""

directory_contents = sa.Table(
    "directory_contents",
    metadata,
    sa.Column(
        "number", Id, sa.ForeignKey("directory_versions.number"), primary_key=True, autoincrement=False, info=_NOTHING
    ),
    sa.Column("content", sa.LargeBinary, nullable=False),
    info=classed(DataClass.IDENTITY, keep="P1Y", since="imported; sooner, once enough later ones are kept"),
)
"""The last versions whole, packed, so that each can be restored."""

directory_refusals = sa.Table(
    "directory_refusals",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("refused_at", UtcTime, nullable=False),
    sa.Column("told_at", UtcTime),
    info=_NOTHING,
)
"""Exports that a scheduled import refused since the last import, and when the admins were notified."""


@dataclass(frozen=True, slots=True)
class DirectoryTable:
    """One file of the directory: its field in `Records`, the type of its lines, and its table."""

    name: str
    record: type[Any]
    table: sa.Table


def _column(name: str, kind: Any) -> sa.Column[Any]:
    if kind == tuple[str, ...]:
        return sa.Column(name, sa.JSON, nullable=False)
    if kind in (date, date | None):
        return sa.Column(name, sa.Date, nullable=kind is not date)
    return sa.Column(name, sa.Text, nullable=False)


def _directory_table(name: str, record: type[Any], info: dict[str, Any], table_name: str = "") -> DirectoryTable:
    hints = get_type_hints(record)
    columns = (_column(field.name, hints[field.name]) for field in fields(record))
    line = sa.Column("line", sa.Integer, primary_key=True, autoincrement=False)
    return DirectoryTable(name, record, sa.Table(table_name or name, metadata, line, *columns, info=info))


DIRECTORY_TABLES = (
    _directory_table("offices", Office, _NOTHING),
    _directory_table("residences", Residence, _NOTHING),
    _directory_table("addresses", Address, _NOTHING),
    _directory_table("dwellings", Dwelling, _NOTHING),
    _directory_table("leases", Lease, _TENANTS),
    _directory_table("caretakers", Caretaker, _CARETAKERS),
    _directory_table("assignments", Assignment, _CARETAKERS, "caretaker_assignments"),
    _directory_table("absences", Absence, _CARETAKERS, "caretaker_absences"),
    _directory_table("equipment", Equipment, _NOTHING),
)
"""The tables of a directory, in the order of `Records`."""
