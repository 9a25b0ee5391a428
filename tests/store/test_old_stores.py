"""A store that an earlier version filled is brought to today's schema, and all of it can be read and worked.

Each file of `old/` was written by the program as it was at that revision, from the first one on: six messages of
invented people, of which one is set aside, one is parked and one still waits. Those of 0003 and 0005 have no secret
that signs case numbers: revision 0003 was changed after it had been used. `keep_store` writes the next one.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from dtm_contact.errors import UnknownSchemaError
from dtm_contact.labels.coded_text import NOT_READ, texts_of
from dtm_contact.model import Confirmed, Party
from dtm_contact.store import Store, migrate, migrations, open_store
from dtm_contact.store.schema import metadata
from tests.store.samples import NOW, claim, judgement, minutes

OLD = sorted((Path(__file__).parent / "old").glob("schema_*.sql"))
NEWEST = OLD[-1]
WITHOUT_CASE_OF_CONFIRMATION = [file for file in OLD if file.stem < "schema_0009"]
VERSIONS = Path(migrations.__file__).parent / "versions"
RELEASED = {
    "v0001_first_schema": "80d37ef5f5c7bd4c",
    "v0002_work_on_cases": "b57eda6bda87eea0",
    "v0003_outbox": "23edb7e05717c557",
    "v0004_calls": "5085689144a0cd27",
    "v0005_rules": "7de3b2608b817281",
    "v0006_desk": "9769ffeba831bc5f",
    "v0007_known_devices": "b2d4db0e3b2c4fe0",
    "v0008_proven_contacts": "772f6367c5c52176",
    "v0009_answers_and_learnt": "73c24140a9ab8a81",
    "v0010_leases": "fa049132e4b05b00",
    "v0011_directory_versions": "f614fa49f7dd9853",
    "v0012_signing_key": "0964a360ad47abf0",
    "v0015_alarms": "871580a27f706d79",
    "v0016_register": "3f87a3514adc06b3",
    "v0017_danger_score": "1be7619a702fde1f",
    "v0018_restores": "d349e042a872db84",
    "v0019_writing": "5e90bf219e2a117c",
    "v0022_figures": "a20eda3f94d722e8",
    "v0023_imports": "4c86877877b3c8ed",
    "v0024_canned_answers": "4791d453c78c3f51",
    "v0025_coded_texts": "471bdb78a7c6c514",
    "v0029_privacy": "d0d70972b1c12725",
    "v0030_recognitions": "828b48a85b3dcb4a",
    "v0031_act_keys": "a6eae7551de79a6e",
    "v0032_access": "f69585b0938e9440",
    "v0035_figure_definitions": "abc5a7ef6f30e731",
    "v0036_writing_pages": "c83df31389b356c8",
    "v0037_lists_behind_figures": "f384a9a0a2c2c025",
    "v0038_corrections": "2379ef2008a95780",
    "v0039_lost_numbers": "1a6229069dec85c5",
}
"""Each revision with the beginning of its text's SHA-256."""
NUMBERS = [f"2026-{number:06}" for number in range(1, 5)]


def laid_into_sqlite(path: Path, script: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(script.read_text(encoding="utf-8"))
    return f"sqlite:///{path}"


@pytest.fixture(params=OLD, ids=[file.stem for file in OLD])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store as an earlier version left it."""
    return laid_into_sqlite(tmp_path / "old.db", request.param)


@cache
def _brought_over(script: Path) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "old.db")
        migrate(laid_into_sqlite(path, script))
        return path.read_bytes()


@pytest.fixture(params=OLD, ids=[file.stem for file in OLD])
def brought_over(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of such a store after its migration, which is done once for all tests."""
    path = tmp_path / "old.db"
    path.write_bytes(_brought_over(request.param))
    return f"sqlite:///{path}"


@pytest.mark.parametrize("old_url", OLD[:-1], indirect=True, ids=[file.stem for file in OLD[:-1]])
def test_it_is_refused_until_it_is_migrated(old_url: str) -> None:
    with pytest.raises(UnknownSchemaError, match="store migrate"):
        open_store(old_url)
    migrate(old_url)
    open_store(old_url).close()


def test_its_tables_are_those_of_today(brought_over: str) -> None:
    with open_store(brought_over) as store, store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_cases_contacts_judgements_and_events_are_there(brought_over: str) -> None:
    with open_store(brought_over, read_only=True) as store:
        files = [store.cases.get(number) for number in NUMBERS]
    assert [len(file.contacts) for file in files] == [1, 1, 1, 1]
    assert [[event.what for event in file.events] for file in files] == [["opened"], ["opened"], ["parked"], ["opened"]]
    first, _pests, parked, _again = files
    assert (first.case.tenant_id, first.case.topic, first.case.state) == ("T000001", "water_leak", "open")
    judged = first.contacts[0].judgement
    assert judged is not None
    assert judged.contact.new_text.startswith("Bonjour,\n\nGrosse fuite d'eau")
    assert judged.match.tenant is not None
    assert judged.match.tenant.id == "T000001"
    assert judged.decision.rule == first.case.rule
    assert (parked.contacts[0].judgement, texts_of(parked.case.why)) == (None, NOT_READ)


def test_messages_are_byte_for_byte_what_came_in(brought_over: str) -> None:
    with open_store(brought_over) as store:
        assert store.arrivals.waiting() == 1
        waiting = store.arrivals.claim("worker", minutes(60))
    assert waiting is not None
    assert waiting.arrival.external_id == "old-6"
    assert waiting.arrival.raw.endswith(b"Forte odeur de gaz dans le hall.\n")


def test_what_was_known_is_known(brought_over: str) -> None:
    with open_store(brought_over) as store, store.history() as history:
        assert [earlier.case_number for earlier in history.thread(["m2@libre.example"])] == ["2026-000002"]
        assert history.confirmed(["zoe@libre.example"], []) == [Confirmed("zoe@libre.example", "T000001")]
        dealings = history.party_history(Party(addresses=("zoe@libre.example",)), minutes(-60))
        assert [case.number for case in dealings.open] == ["2026-000002", "2026-000004"]
        assert {lease.tenant_id for lease in store.directory.load().leases} >= {"T000001", "T000002"}


@pytest.mark.parametrize(
    "old_url",
    WITHOUT_CASE_OF_CONFIRMATION,
    indirect=True,
    ids=[file.stem for file in WITHOUT_CASE_OF_CONFIRMATION],
)
def test_what_was_confirmed_is_told_with_the_case_that_it_was_given_in(old_url: str) -> None:
    told = json.dumps({"confirmed": [["address", "zoe@libre.example", "T000001"]], "changed": {}})
    with closing(sqlite3.connect(old_url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(
            "INSERT INTO events (case_id, at, who, what, data) SELECT id, ?, 'anne', 'tenant', ? FROM cases"
            " WHERE number = '2026-000002'",
            (NOW.isoformat(), told),
        )
    migrate(old_url)
    with open_store(old_url) as store:
        (found,) = store.desk.confirmations(["T000001"])
    assert (found.value, found.case_number) == ("zoe@libre.example", "2026-000002")


def test_work_goes_on_where_it_stopped(brought_over: str) -> None:
    with open_store(brought_over) as store:
        _settle_the_waiting(store)
        assert store.cases.record(claim(store, "new", minutes(61)), judgement(), {}, NOW) == "2026-000006"


def test_the_newest_one_is_of_the_newest_schema() -> None:
    """A release keeps its store: `python -m tests.store.keep_store`."""
    newest = max(file.stem for file in VERSIONS.glob("v[0-9]*.py"))
    assert NEWEST.stem.removeprefix("schema_") == newest[1:5]


def test_case_numbers_can_be_signed(brought_over: str) -> None:
    with open_store(brought_over) as store:
        key = store.outbox.signing_key()
        assert len(key) == 32
    migrate(brought_over)
    with open_store(brought_over) as store:
        assert store.outbox.signing_key() == key


def test_an_older_program_says_that_it_can_do_nothing_to_a_newer_store(brought_over: str) -> None:
    with closing(sqlite3.connect(brought_over.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for refused in (open_store, migrate):
        with pytest.raises(UnknownSchemaError, match=r"found 9999.*a backup") as told:
            refused(brought_over)
        assert "store migrate" not in str(told.value)


def test_a_revision_that_was_released_never_changes() -> None:
    """Whoever must change a table writes a new revision: a store elsewhere has passed this one already."""
    found = {
        file.stem: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in sorted(VERSIONS.glob("v[0-9]*.py"))
    }
    assert found == RELEASED


def laid_into_postgresql(url: str, sqlite_url: str, revision: str) -> None:
    """Make the tables of a revision in an empty database, and lay the rows of a store on SQLite into them."""
    config = Config()
    config.set_main_option("script_location", "dtm_contact.store:migrations")
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    source = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            connection.execute(sa.delete(table))
        for table in tables.sorted_tables:
            with source.connect() as reading:
                names = {column["name"] for column in sa.inspect(reading).get_columns(table.name)}
                rows = reading.execute(sa.text(f'SELECT * FROM "{table.name}"')).mappings().all()  # noqa: S608 - ours
            kept = [column for column in table.columns if column.name in names and column.computed is None]
            for row in rows:
                values = {column.name: as_postgresql_has_it(column, row[column.name]) for column in kept}
                connection.execute(sa.insert(table).values(values))
            for column in table.columns:
                name = f'"{table.name}"'
                sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(name, column.name))).scalar()
                if sequence is not None and rows:
                    connection.execute(sa.select(sa.func.setval(sequence, max(row[column.name] for row in rows))))
    engine.dispose()
    source.dispose()


def as_postgresql_has_it(column: sa.Column[Any], value: Any) -> Any:
    """Return what SQLite keeps as text or number as the type that the column has on PostgreSQL."""
    if value is None:
        return None
    if isinstance(column.type, sa.DateTime):
        time = datetime.fromisoformat(value)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    if isinstance(column.type, sa.Boolean):
        return bool(value)
    if isinstance(column.type, sa.JSON):
        return json.loads(value)
    return value


@pytest.mark.parametrize("script", OLD, ids=[file.stem for file in OLD])
def test_it_is_brought_over_on_postgresql_as_well(
    script: Path, create_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = create_database("template0")
    sqlite_url = laid_into_sqlite(tmp_path / "old.db", script)
    laid_into_postgresql(url, sqlite_url, script.stem.removeprefix("schema_"))
    came = [migrate(each).came_from for each in (url, sqlite_url)]
    assert came == [script.stem.removeprefix("schema_")] * 2
    stories = []
    for each in (url, sqlite_url):
        with open_store(each) as store:
            files = [store.cases.get(number) for number in NUMBERS]
            stories.append([(file.case, file.contacts, [event.what for event in file.events]) for file in files])
            _settle_the_waiting(store)
    assert stories[0] == stories[1]


def test_what_was_done_is_told_by_revision(old_url: str) -> None:
    migration = migrate(old_url)
    assert migration.came_from is not None
    newest = NEWEST.stem.removeprefix("schema_")
    revisions = [revision for revision, _ in migration.revisions]
    assert revisions == sorted(revisions)
    assert (revisions[-1:] == [newest]) is (migration.came_from != newest)
    assert migration.seconds >= sum(seconds for _, seconds in migration.revisions) >= 0
    assert migrate(old_url).revisions == ()


def _settle_the_waiting(store: Store) -> None:
    waiting = store.arrivals.claim("worker", minutes(60))
    assert waiting is not None
    assert store.cases.record(waiting, judgement(), {}, NOW) == "2026-000005"
