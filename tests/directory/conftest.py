"""Directories that the tests of this folder ask."""

from pathlib import Path

import pytest

from dtm_contact.directory import Directory, Records, read_export
from tests.directory.samples import FULL_SIZE, GOOD
from tests.directory.wrong_exports import reduced


@pytest.fixture(scope="session")
def full_size() -> Records:
    """The directory of the full size."""
    return read_export(FULL_SIZE)[0]


@pytest.fixture(scope="session")
def small() -> Directory:
    """The good directory of a few lines."""
    return Directory(read_export(Path(GOOD))[0])


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a dozen residences with some 3,000 people."""
    return reduced(FULL_SIZE, 12, tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="session")
def right(estate: Path) -> Records:
    """The directory of those residences."""
    return read_export(estate)[0]
