"""What an intake journal says was sent is found by the lost case's number, and by the arrival that it answered."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Make an index for each: asked with every message that bears an old number, or is answered."""
    op.create_index("ix_sent_marks_case_number", "sent_marks", ["case_number"])
    op.create_index("ix_sent_marks_external_id", "sent_marks", ["external_id", "channel"])
