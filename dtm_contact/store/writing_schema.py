"""The tables of what agents write: drafts, who is writing, and the files that go out.

They share their `metadata` with `schema`, and say of each table which class of data it holds and for how long.
"""

import sqlalchemy as sa

from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_DRAFT = classed(DataClass.CONTENT, keep="P30D", since="saved")
_FILE = classed(DataClass.CONTENT, keep="P3Y", since="case closed; of a draft P30D since it was saved")

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, info=_NOTHING),
    sa.Column("kind", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("about", KeyText, nullable=False, info=_NOTHING),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, info=_NOTHING),
    sa.Column("saved_at", UtcTime, nullable=False, index=True, info=_NOTHING),
    sa.Column("writing", sa.Text, nullable=False, default="", info=_NOTHING),
    sa.UniqueConstraint("account_id", "about", "kind", "writing"),
    info=_DRAFT,
)
"""What somebody is writing and has not sent: one a person, kind (`model.DraftKind`), case and page. `about`: the number
of the case; of a case by hand the id that the page gave it. `fields`: what stands in the form, by the fields' names;
`revision`: grows with each save; `writing`: the page that it was saved from last. A draft is gone when it is sent, and
after 30 days."""

ended_writings = sa.Table(
    "ended_writings",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("writing", sa.Text, primary_key=True, info=_NOTHING),
    sa.Column("at", UtcTime, nullable=False, index=True, info=_NOTHING),
    info=classed(DataClass.STAFF, keep="P30D", since="ended"),
)
"""The pages of which what was written was sent or thrown away: what they still hold of it is no draft any more."""

writers = sa.Table(
    "writers",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("until", UtcTime, nullable=False, info=_NOTHING),
    info=classed(DataClass.STAFF, keep="P1D", since="written"),
)
"""Who writes to the tenant in which case at this moment; over at `until`, by the database's clock."""

act_keys = sa.Table(
    "act_keys",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, info=_NOTHING),
    sa.Column("opened", sa.Text),
    sa.Column("at", UtcTime, nullable=False, index=True, info=_NOTHING),
    info=classed(DataClass.STAFF, keep="P1D", since="acted"),
)
"""What was done by the forms of the last hours, so that no form that is sent twice does it twice. `digest`: of the key
that the form bore, of who sent it, and of what stood in it; `number`, `version`, `opened`: what came of it."""

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, info=_NOTHING),
    sa.Column("draft_id", Id, sa.ForeignKey("drafts.id", ondelete="CASCADE"), index=True, info=_NOTHING),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), index=True, info=_NOTHING),
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id"), index=True, info=_NOTHING),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("size", sa.Integer, nullable=False, info=_NOTHING),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, info=_NOTHING),
    sa.Column("created_at", UtcTime, nullable=False, info=_NOTHING),
    sa.CheckConstraint("state IN ('coming', 'unscanned', 'clean')", name="state"),
    info=_FILE,
)
"""Files that agents attach. While they are of a draft `draft_id` names it; once sent, or left with a note, `case_id`
the case, or `arrival_id` the case by hand that is still to be judged. `state`: still coming in; whole, and not looked
at by a virus scanner; found clean by one."""

file_pieces = sa.Table(
    "file_pieces",
    metadata,
    sa.Column("file_id", Id, sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("octets", sa.LargeBinary, nullable=False),
    info=_FILE,
)
"""The octets of the files in pieces, counted from 0, so that no file is ever read or written whole."""

outbox_files = sa.Table(
    "outbox_files",
    metadata,
    sa.Column("outbox_id", Id, sa.ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("file_id", Id, sa.ForeignKey("files.id")),
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id")),
    sa.Column("sha256", sa.Text, info=_FILE),
    sa.Column("name", SafeText, nullable=False, info=_FILE),
    sa.Column("media_type", sa.Text, nullable=False),
    info=_NOTHING,
)
"""What is attached to something in the outbox, in its order: a file of ours, or (`arrival_id`, `sha256`) one that came
in and is forwarded. Its octets join the message when that is handed over."""
