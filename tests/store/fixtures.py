"""Stores for all tests, on both databases: `url` is a fresh store's, `store` is it opened.

One server of PostgreSQL and one migrated template of each database serve the whole run (`pytest_plugins`).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.store import Store, migrate, open_store
from tests.store.fresh import fresh_store
from tests.store.postgresql import Server, programs, running_server

_numbers = count(1)
_CHOOSES_STRATEGY = (15,)
"""The version of PostgreSQL from which on it is asked how to copy."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    fresh_store(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    folder = programs()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL's server programs are not installed, and CI must test on it")
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    with running_server(folder, in_memory=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_admin(postgresql_server: Server) -> Iterator[sa.Engine]:
    """Who creates and drops databases."""
    url = sa.make_url(postgresql_server.url("postgres")).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield admin
    admin.dispose()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Server, postgresql_admin: sa.Engine) -> str:
    name = _created(postgresql_admin, "template0")
    migrate(postgresql_server.url(name))
    return name


def _created(admin: sa.Engine, template: str) -> str:
    name = f"store{next(_numbers)}"
    with admin.connect() as connection:
        # Whose files are in memory copies them for less than it writes their pages to its log.
        how = "STRATEGY file_copy" if (connection.dialect.server_version_info or ()) >= _CHOOSES_STRATEGY else ""
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template} {how}"))
    return name


@pytest.fixture
def create_database(postgresql_server: Server, postgresql_admin: sa.Engine) -> Iterator[Callable[[str], str]]:
    """Create a database from another one; return its URL. It is dropped with the test, before it reaches the disk."""
    created: list[str] = []

    def create(template: str) -> str:
        created.append(_created(postgresql_admin, template))
        return postgresql_server.url(created[-1])

    yield create
    with postgresql_admin.connect() as connection:
        for name in created:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/store.db"
    create: Callable[[str], str] = request.getfixturevalue("create_database")
    return create("template0")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "store.db")
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def postgresql_url(create_database: Callable[[str], str], postgresql_template: str) -> str:
    return create_database(postgresql_template)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh store, its tables made."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url) as opened:
        yield opened
