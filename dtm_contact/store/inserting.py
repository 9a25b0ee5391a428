"""The INSERT that says what follows where the row is there already, which each database has under its own name."""

from collections.abc import Callable
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_of(connection: Connection) -> Callable[[sa.Table], sqlite.Insert]:
    """Return what makes an INSERT with `on_conflict_do_nothing` and `on_conflict_do_update` for this database."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert
    # What of it is used here is called the same.
    return cast("Callable[[sa.Table], sqlite.Insert]", postgresql.insert)
