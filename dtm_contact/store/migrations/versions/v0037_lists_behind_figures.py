"""Lists of the cases behind figures are found in indexes: by what a case is, and by what an event says."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

_OF_CASES = ["opened_at", "id", "closed_at", "due", "state", "priority", "office_id", "residence_id", "topic"]
_SAID = {
    "moves": {
        "sqlite": (
            "json_extract(data, '$.changed.office_id[1]') IS NOT NULL OR "
            "json_extract(data, '$.restored.office_id[1]') IS NOT NULL"
        ),
        "postgresql": (
            "(data #>> '{changed,office_id,1}') IS NOT NULL OR (data #>> '{restored,office_id,1}') IS NOT NULL"
        ),
    },
    "cries": {
        "sqlite": (
            "json_extract(data, '$.alarm') = 'certain' OR json_extract(data, '$.changed.alarm_level[1]') = 'certain'"
        ),
        "postgresql": "(data #>> '{alarm}') = 'certain' OR (data #>> '{changed,alarm_level,1}') = 'certain'",
    },
    "openings": {
        "sqlite": (
            "json_extract(data, '$.state') = 'open' OR json_extract(data, '$.changed.state[1]') = 'open' OR "
            "json_extract(data, '$.restored.state[1]') = 'open'"
        ),
        "postgresql": (
            "(data #>> '{state}') = 'open' OR (data #>> '{changed,state,1}') = 'open' OR "
            "(data #>> '{restored,state,1}') = 'open'"
        ),
    },
}


def upgrade() -> None:
    """Widen two indexes, and make one of residences, one of calls and three of a few events each."""
    op.drop_index("ix_cases_opened_at", "cases")
    op.create_index("ix_cases_opened_at", "cases", _OF_CASES)
    op.create_index("ix_cases_residence_id", "cases", ["residence_id", "opened_at"])
    op.drop_index("ix_events_what", "events")
    op.create_index("ix_events_what", "events", ["what", "at", "case_id"])
    called = sa.text("outcome IS NOT NULL")
    op.create_index(
        "ix_contacts_called",
        "contacts",
        ["at", "case_id", "outcome"],
        sqlite_where=called,
        postgresql_where=called,
    )
    for name, said in _SAID.items():
        op.create_index(
            f"ix_events_{name}",
            "events",
            ["case_id", "at"],
            sqlite_where=sa.text(said["sqlite"]),
            postgresql_where=sa.text(said["postgresql"]),
        )
