"""What is to be sent, addresses that take nothing, the secret that signs case numbers, and what contacts say alike."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY_OCTETS = 32
_TIME = sa.DateTime(timezone=True)
_STATES = "'waiting', 'claimed', 'sent', 'refused', 'no_such_address', 'given_up', 'bounced'"


def upgrade() -> None:
    """Make the tables."""
    _outbox()
    _fingerprints()
    op.create_table(
        "undeliverable_addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_undeliverable_addresses"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
    )
    keys = sa.table("signing_keys", sa.column("id", sa.Integer), sa.column("key", sa.LargeBinary))
    op.bulk_insert(keys, [{"id": 1, "key": secrets.token_bytes(_KEY_OCTETS)}])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("mail_from", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("not_before", _TIME, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name="ck_outbox_state"),
        sa.CheckConstraint("kind IN ('answer', 'reply', 'notice')", name="ck_outbox_kind"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_outbox_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
    )
    op.create_index("ix_outbox_case_id", "outbox", ["case_id"], unique=False)
    for name, columns, where in (
        ("ix_outbox_at_work", ["id"], "state IN ('waiting', 'claimed')"),
        ("ix_outbox_answers_to", ["to_address", "created_at"], "kind = 'answer'"),
        ("ix_outbox_answers_at", ["created_at"], "kind = 'answer'"),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    once = sa.text("kind <> 'reply'")
    columns = ["case_id", "kind", "reason"]
    op.create_index("ix_outbox_once", "outbox", columns, unique=True, sqlite_where=once, postgresql_where=once)


def _fingerprints() -> None:
    op.add_column("contacts", sa.Column("fingerprint", sa.Text(), nullable=True))
    known = sa.text("fingerprint IS NOT NULL")
    columns = ["fingerprint", "at"]
    op.create_index("ix_contacts_fingerprint", "contacts", columns, sqlite_where=known, postgresql_where=known)
