"""Stores of both databases."""

from tests.store.conftest import (  # noqa: F401 - fixtures
    create_database,
    postgresql_admin,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_store,
    sqlite_template,
    sqlite_url,
    store,
    url,
)
