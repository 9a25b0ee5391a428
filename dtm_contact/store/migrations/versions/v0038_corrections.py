"""What agents corrected is found by its cases, without reading all that happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Make an index of the few events by which agents say that the engine was wrong."""
    said = sa.text("what IN ('priority', 'tenant', 'topic')")
    op.create_index(
        "ix_events_corrections",
        "events",
        ["what", "case_id"],
        sqlite_where=said,
        postgresql_where=said,
    )
