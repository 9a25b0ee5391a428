"""What a glance says of danger is a score in place of a yes, so that the likeliest is judged first."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_WAITING_URGENT = sa.text("state = 'waiting' AND urgent")
_WAITING_DANGER = sa.text("state = 'waiting' AND danger_score > 0")


def upgrade() -> None:
    """Make column and look-up in place of the old ones.

    What a glance found no danger in keeps that; what it found some in is glanced at again, since nobody knows how much.
    """
    op.add_column("arrivals", sa.Column("danger_score", sa.SmallInteger(), nullable=True))
    op.execute("UPDATE arrivals SET danger_score = 0 WHERE NOT urgent")
    op.drop_index("ix_arrivals_urgent", "arrivals")
    op.drop_column("arrivals", "urgent")
    op.create_index(
        "ix_arrivals_danger",
        "arrivals",
        [sa.text("danger_score DESC"), "id"],
        sqlite_where=_WAITING_DANGER,
        postgresql_where=_WAITING_DANGER,
    )
