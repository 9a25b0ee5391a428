"""Stores and sites of these tests, on both databases."""

from tests.backup.conftest import new_url, site, sqlite_site  # noqa: F401 - the fixtures of sites around a store
