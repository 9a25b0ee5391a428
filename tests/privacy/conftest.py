"""Stores and sites of these tests, on both databases."""

from tests.backup.conftest import (  # noqa: F401 - the fixtures of sites around a store
    create_database,
    new_url,
    postgresql_admin,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    site,
    sqlite_site,
    sqlite_store,
    sqlite_template,
    sqlite_url,
    store,
    url,
)
