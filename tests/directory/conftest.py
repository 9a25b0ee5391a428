"""Directories that the tests of this folder ask."""

from pathlib import Path

import pytest

from dtm_contact.directory import Directory, Records, read_export
from tests.directory.samples import FULL_SIZE, GOOD


@pytest.fixture(scope="session")
def full_size() -> Records:
    """The directory of the full size."""
    return read_export(FULL_SIZE)[0]


@pytest.fixture(scope="session")
def small() -> Directory:
    """The good directory of a few lines."""
    return Directory(read_export(Path(GOOD))[0])
