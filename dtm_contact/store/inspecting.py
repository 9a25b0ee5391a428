"""How a database is set up and how far behind it is, for whoever looks after it; whatever its tables are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.store.database import Database
from dtm_contact.store.leases import database_time
from dtm_contact.store.migrating import schema_version
from dtm_contact.store.schema import arrivals

_ASKED: Final = ("fsync", "full_page_writes", "synchronous_commit", "max_connections")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of a database.

    Attributes:
        product: which database in which version.
        schema: the version of the tables; None where there are none.
        now: the time by its clock.
        newest: when the newest arrival came; None where there is none, or the tables are others.
        configuration: PostgreSQL's own settings, or SQLite's `journal_mode`.
        standby: whether it follows another PostgreSQL, so that nothing can be written.
        lag: seconds that each PostgreSQL which follows this one is behind, by its name.
        log_octets: the size of SQLite's log that is not taken into the file yet.
    """

    product: str
    schema: str | None
    now: datetime
    newest: datetime | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    standby: bool = False
    lag: Mapping[str, float] = field(default_factory=dict)
    log_octets: int = 0


def inspect_database(database: Database) -> Inspection:
    """Look at a database without writing.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    with database.reading() as connection:
        schema = schema_version(connection)
        known = schema is not None and sa.inspect(connection).has_table(arrivals.name)
        last = sa.select(arrivals.c.received_at).order_by(arrivals.c.id.desc()).limit(1)
        newest = connection.execute(last).scalar_one_or_none() if known else None
        now = database_time(connection)
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        if connection.dialect.name == "postgresql":
            return Inspection(f"PostgreSQL {version}", schema, now, newest, *_of_postgresql(connection))
        mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    log = database.sqlite_path.with_name(f"{database.sqlite_path.name}-wal") if database.sqlite_path else None
    octets = log.stat().st_size if log is not None and log.exists() else 0
    return Inspection(f"SQLite {version}", schema, now, newest, {"journal_mode": mode}, log_octets=octets)


def _of_postgresql(connection: Connection) -> tuple[dict[str, str], bool, dict[str, float]]:
    def one(statement: str) -> Any:
        return connection.exec_driver_sql(statement).scalar_one()

    # `synchronous_commit` is set for our own connections; what matters is whether the server keeps what it was told.
    configuration = {name: str(one(f"SHOW {name}")) for name in _ASKED}
    rows = connection.exec_driver_sql(
        "SELECT application_name, extract(epoch FROM replay_lag) FROM pg_stat_replication"
    )
    lag = {str(name): float(seconds or 0.0) for name, seconds in rows}
    return configuration, bool(one("SELECT pg_is_in_recovery()")), lag
