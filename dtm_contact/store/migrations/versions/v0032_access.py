"""Second factors, identities of a provider, several offices a person, and links that set a password."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_TIME = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("accounts", sa.Column("email", sa.Text(), nullable=True))
    op.create_index("ix_accounts_email", "accounts", ["email"])
    op.add_column("accounts", sa.Column("further_offices", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("desk_sessions", sa.Column("stage", sa.Text(), nullable=False, server_default="in"))
    op.add_column("desk_sessions", sa.Column("id_token", sa.Text(), nullable=True))
    op.add_column("entry_links", sa.Column("purpose", sa.Text(), nullable=False, server_default="enter"))
    op.create_table(
        "second_factors",
        sa.Column("account_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("confirmed_at", _TIME, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name="pk_second_factors"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_second_factors_account_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_recovery_codes_account_id"),
    )
    op.create_table(
        "account_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", _BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_account_identities"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_identities_account_id"),
    )
    op.create_index("ix_account_identities_account_id", "account_identities", ["account_id"])
