"""Which events an agent has taken back, asked within a query."""

import sqlalchemy as sa

from dtm_contact.store.schema import events

_undoing = events.alias()


def still_stands() -> sa.ColumnElement[bool]:
    """Return the condition that nobody has taken back what an event of the query's `events` says."""
    took_it_back = sa.and_(
        _undoing.c.case_id == events.c.case_id,
        _undoing.c.what == "undone",
        _undoing.c.data["undoes"].as_integer() == events.c.id,
    )
    return ~sa.exists().where(took_it_back).correlate(events)
