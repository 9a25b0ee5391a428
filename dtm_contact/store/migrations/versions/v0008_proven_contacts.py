"""Whether who wrote is proven: of what was judged before nobody can tell, so they count as named only."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("contacts", sa.Column("proven", sa.Boolean(), server_default=sa.false(), nullable=False))
