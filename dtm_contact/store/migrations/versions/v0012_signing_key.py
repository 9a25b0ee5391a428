"""The secret that signs case numbers, where an early form of revision 0003 had made the table without it."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY_OCTETS = 32


def upgrade() -> None:
    """Add the secret where there is none."""
    keys = sa.table("signing_keys", sa.column("id", sa.Integer), sa.column("key", sa.LargeBinary))
    if op.get_bind().execute(sa.select(keys.c.id)).first() is None:
        op.bulk_insert(keys, [{"id": 1, "key": secrets.token_bytes(_KEY_OCTETS)}])
