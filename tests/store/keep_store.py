"""Keep a store as this version of the program makes it, for the tests of every later upgrade.

    python -m tests.store.keep_store > tests/store/old/schema_0024.sql

Run once for each release, named by the schema that it is of. The messages are those of the stores that are kept
already; how they are judged is this version's.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dtm_contact.contract import as_json
from dtm_contact.directory import read_export
from dtm_contact.model import Arrival
from dtm_contact.rules import load_rules
from dtm_contact.settings import RulesSettings, Settings, StoreSettings
from dtm_contact.store import Claimed, Store, migrate, open_store
from dtm_contact.store.confirmations import Confirmation, confirm
from dtm_contact.worker.child import JudgeContext
from dtm_contact.worker.fallback import FallbackQueue, readable_part
from dtm_contact.worker.ipc import JudgeReply, JudgeRequest

_ROOT = Path(__file__).parents[2]
_FIRST_KEPT = Path(__file__).parent / "old" / "schema_0001.sql"
_UNREADABLE = 4
_JUDGED = 5
_AT = datetime(2026, 11, 24, 9, 40, tzinfo=UTC)


def main() -> None:
    """Write the store as SQL to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.db"
        settings = Settings(store=StoreSettings(url=f"sqlite:///{path}"), rules=RulesSettings(dir=_ROOT / "rules"))
        migrate(settings.store.url)
        with open_store(settings.store.url) as store:
            records, _ = read_export(_ROOT / "tests" / "directory" / "good")
            store.directory.save(records, "import", _AT - timedelta(minutes=10))
            with store.database.writing() as connection:
                confirm(connection, Confirmation("address", "zoe@libre.example", "T000001", _AT, "paul", None))
            store.arrivals.accept(_messages())
            _work(store, settings)
        with closing(sqlite3.connect(path)) as connection:
            sys.stdout.writelines(f"{line}\n" for line in connection.iterdump())


def _messages() -> list[Arrival]:
    """Return the messages of the first store that is kept, as they came in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_FIRST_KEPT.read_text(encoding="utf-8"))
        migrate(f"sqlite:///{path}")
        with open_store(f"sqlite:///{path}") as store:
            return [store.arrivals.get(line.id) for line in store.arrivals.listing()]


def _work(store: Store, settings: Settings) -> None:
    """Judge what came in, but for one that is parked and the last one, which still waits."""
    context = JudgeContext(settings)
    reception = FallbackQueue(load_rules(settings.rules.dir, zone=settings.zone), store.directory.in_force)
    for number in range(1, _JUDGED + 1):
        now = (_AT + timedelta(seconds=number)).astimezone(settings.zone)
        claimed = _claim(store, settings, now)
        if number == _UNREADABLE:
            destination = reception.destination(claimed.arrival.received_at)
            store.cases.park(claimed, "UnreadableArrivalError", readable_part(claimed.arrival), destination, now)
            continue
        answer = context.answer(JudgeRequest(claimed.arrival, claimed.arrival.received_at))
        if not isinstance(answer, JudgeReply):
            raise SystemExit(f"message {number} could not be judged: {answer}")
        store.cases.record(claimed, answer.judgement, as_json(answer.judgement), now)


def _claim(store: Store, settings: Settings, now: datetime) -> Claimed:
    claimed = store.arrivals.claim(settings.name, now)
    if claimed is None:
        raise SystemExit("a message is missing")
    return claimed


if __name__ == "__main__":
    main()
