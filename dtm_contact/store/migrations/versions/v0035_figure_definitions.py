"""By which definitions each day's figures were counted, so that days older than a figure are made up for."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0032"

_COUNTED_SO_FAR = {
    "alarm_look": "e70a43f7",
    "alarms": "5af33e58",
    "alarms_confirmed": "2742cf8c",
    "alarms_false": "569125a0",
    "alarms_missed": "507c574e",
    "appointments": "0e197b5a",
    "appointments_cancelled": "3760db2a",
    "arrivals": "0d19632a",
    "automatic_answers": "813ecb48",
    "call_attempts": "83673125",
    "called_back": "c3bde33c",
    "calls_answered": "447af3ef",
    "calls_unserved": "293d889d",
    "closed": "76404f8c",
    "corrected_priority": "0b4c4c9f",
    "corrected_tenant": "4202c239",
    "corrected_topic": "59c63c9b",
    "due": "6039acf2",
    "due_met": "f5f02f02",
    "first_answer": "6b5e9c14",
    "first_answer_p1": "31bd3d18",
    "incident_households": "2f9be9cd",
    "incident_length": "5f908c87",
    "incidents": "209ddf40",
    "late": "353deab9",
    "oldest": "40f2c86b",
    "open": "f7540282",
    "opened": "1692b957",
    "reopened": "6ed3acb7",
    "set_aside": "1799eeaa",
    "silent_14": "f2660ddf",
    "silent_45": "e1088187",
    "transfers": "ef30d8fe",
}
"""The measures of this revision's time, by the digests of their definitions (`figures.definitions.measure_digests`)."""


def upgrade() -> None:
    """Add the column; what was counted so far was counted by the definitions of now."""
    op.add_column("figure_periods", sa.Column("definitions", sa.Text(), nullable=True))
    periods = sa.table("figure_periods", sa.column("grain", sa.Text()), sa.column("definitions", sa.Text()))
    known = json.dumps(_COUNTED_SO_FAR, sort_keys=True)
    op.execute(periods.update().where(periods.c.grain == "day").values(definitions=known))
