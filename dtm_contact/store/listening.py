"""Words from one process to the others that use the same store: something there has changed, look.

PostgreSQL passes them on at once (NOTIFY). On SQLite nobody is told: whoever waits looks again after a pause, which is
what everybody does where a word was missed, too.
"""

import threading
from contextlib import suppress
from typing import Any, Final

from sqlalchemy.engine import Connection

from dtm_contact.store.database import Database

WRITING: Final = "dtm_contact_writing"
"""The channel on which it is told that somebody begins to write, or ends."""


def tell(connection: Connection, channel: str) -> None:
    """Tell everybody who listens that something has changed, once the transaction is committed."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {channel}")


class ChangeListener:
    """Waits until something is told on a channel, or a pause is over; belongs to one thread."""

    def __init__(self, database: Database, channel: str) -> None:
        """Take the store's database; a connection of its own is made when it is first waited for."""
        self._database = database
        self._channel = channel
        self._connection: Any = None

    def wait(self, seconds: float, stopped: threading.Event) -> bool:
        """Wait until something is told, but so many seconds at the longest; return whether to stop.

        What cannot be listened to is no trouble: the pause passes, and is tried again at the next.
        """
        if self._database.engine.dialect.name != "postgresql":
            return stopped.wait(seconds)
        try:
            driver = self._listening()
            for _ in driver.notifies(timeout=seconds, stop_after=1):
                break
        except Exception:  # noqa: BLE001 - whatever the driver raises, whoever waits looks for themselves
            self.close()
            return stopped.wait(seconds)
        return stopped.is_set()

    def _listening(self) -> Any:
        if self._connection is None:
            pooled = self._database.engine.raw_connection()
            driver: Any = pooled.driver_connection
            pooled.detach()
            self._connection = driver
            driver.rollback()
            driver.autocommit = True
            driver.execute(f"LISTEN {self._channel}")
        return self._connection

    def close(self) -> None:
        """Give the connection back."""
        driver, self._connection = self._connection, None
        if driver is not None:
            with suppress(Exception):
                driver.close()
