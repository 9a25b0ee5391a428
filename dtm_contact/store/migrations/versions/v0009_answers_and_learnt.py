"""Answers are counted by mailbox, those about danger apart; what was confirmed has the case that it was given in."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns, and fill them from what the store holds."""
    op.add_column("outbox", sa.Column("mailbox", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("safety", sa.Boolean(), server_default=sa.false(), nullable=False))
    # One spelling each was not kept before; they count for a day.
    op.execute("UPDATE outbox SET mailbox = to_address WHERE kind = 'answer'")
    answers = sa.text("kind = 'answer'")
    op.drop_index("ix_outbox_answers_to", "outbox")
    op.create_index(
        "ix_outbox_answers_mailbox",
        "outbox",
        ["mailbox", "created_at"],
        sqlite_where=answers,
        postgresql_where=answers,
    )
    op.add_column("confirmed_contacts", sa.Column("case_number", sa.Text(), nullable=True))
    op.create_index("ix_confirmed_contacts_tenant_id", "confirmed_contacts", ["tenant_id"])
    _cases_of_confirmed()


def _cases_of_confirmed() -> None:
    """Tell by the events in which case each was confirmed last."""
    connection = op.get_bind()
    told = sa.text(
        "SELECT events.data, cases.number FROM events JOIN cases ON cases.id = events.case_id"
        " WHERE events.what IN ('tenant', 'confirmed', 'undone') ORDER BY events.id"
    )
    change = sa.text("UPDATE confirmed_contacts SET case_number = :number WHERE value = :value AND tenant_id = :tenant")
    for data, number in connection.execute(told).all():
        told_data = json.loads(data) if isinstance(data, str) else data
        for _kind, value, tenant_id in told_data.get("confirmed", ()):
            connection.execute(change, {"number": number, "value": value, "tenant": tenant_id})
