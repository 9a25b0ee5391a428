"""Stores and sites of these tests, on both databases."""

from tests.backup.conftest import new_url, site, sqlite_site  # noqa: F401 - the fixtures of sites around a store
from tests.store.conftest import (  # noqa: F401 - the fixtures of the store
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
