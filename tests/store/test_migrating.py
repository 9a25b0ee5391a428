import ast
import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dtm_contact.errors import StoreUnavailableError, UnknownSchemaError
from dtm_contact.store import Store, migrate, migrations, open_store
from dtm_contact.store.schema import SCHEMA_VERSION, metadata
from dtm_contact.store.system_schema import DIRECTORY_TABLES
from tests.store.samples import arrival

VERSIONS = Path(migrations.__file__).parent / "versions"


def set_version(url: str, version: str) -> None:
    with open_store(url) as store, store.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_migrations_make_the_tables_that_the_program_knows(store: Store) -> None:
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_program_knows_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", "dtm_contact.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_every_line_type_of_the_directory_has_its_table() -> None:
    assert {part.table.name for part in DIRECTORY_TABLES} <= set(metadata.tables)


def test_a_store_that_is_not_there_is_refused_and_not_made(empty_url: str) -> None:
    with pytest.raises(UnknownSchemaError, match="store migrate"):
        open_store(empty_url)
    path = sa.make_url(empty_url).database or ""
    assert not Path(path).exists()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("version", ["0000", "9999"])
def test_another_versions_tables_are_refused(url: str, version: str, *, read_only: bool) -> None:
    set_version(url, version)
    with pytest.raises(UnknownSchemaError, match=f"found {version}, this version knows {SCHEMA_VERSION}"):
        open_store(url, read_only=read_only)


def test_a_later_versions_tables_are_not_migrated(url: str) -> None:
    set_version(url, "9999")
    with pytest.raises(UnknownSchemaError, match="found 9999"):
        migrate(url)


def test_migrating_again_changes_nothing(url: str) -> None:
    with open_store(url) as store:
        store.arrivals.accept([arrival()])
    migrate(url)
    with open_store(url) as store:
        assert store.arrivals.waiting() == 1


def test_several_may_migrate_at_once(empty_url: str) -> None:
    faults: list[Exception] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except Exception as error:  # noqa: BLE001 - told by the assertion
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    open_store(empty_url).close()


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_values: object) -> None:
        raise RuntimeError("cut short")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.create_index", fail)
        with pytest.raises(RuntimeError, match="cut short"):
            migrate(empty_url)
    with pytest.raises(UnknownSchemaError, match="found none"):
        open_store(empty_url)
    migrate(empty_url)
    open_store(empty_url).close()


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on the way #1?.db"
    migrate(f"sqlite:///{str(path).replace('?', '%3F')}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o007 == 0


def test_a_file_that_is_no_store_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Chère Madame, " * 100)
    before = path.read_bytes()
    for opening in (open_store, migrate):
        with pytest.raises(StoreUnavailableError, match="SQLITE_NOTADB"):
            opening(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.parametrize("unknown", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(unknown: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH or postgresql://"):
        open_store(unknown)


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreUnavailableError) as raised:
        open_store("postgresql://dtm:geheim@/x?host=/nowhere")
    assert "geheim" not in str(raised.value)


GROWING = {"arrivals", "arrival_bodies", "contacts", "judgements", "cases", "events", "outbox", "audit_trail", "timers"}
COPIES = {"drop_column", "alter_column", "batch_alter_table"}


def copies_of_tables(revision: str) -> list[str]:
    """Return the operations of a revision by which SQLite writes every row of a table that grows anew."""
    small = metadata.tables.keys() - GROWING
    calls = [node for node in ast.walk(ast.parse(revision)) if isinstance(node, ast.Call)]
    copying = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in COPIES]
    named = [{each.value for each in call.args if isinstance(each, ast.Constant)} for call in copying]
    return [ast.unparse(call) for call, names in zip(copying, named, strict=True) if small.isdisjoint(names)]


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("v[0-9]*.py")), ids=lambda path: path.stem)
def test_a_new_revision_writes_no_table_anew_that_grows(path: Path) -> None:
    """See docs/decisions/migrations-in-moments.md."""
    copies = copies_of_tables(path.read_text(encoding="utf-8"))
    if path.stem[1:5] > "0024":
        assert copies == []
    elif path.stem[1:5] == "0017":
        assert copies == ["op.drop_column('arrivals', 'urgent')"]
