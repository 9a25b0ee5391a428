"""The indexes that the tests of matching share; building one takes half a second."""

from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex
from dtm_contact.settings import Settings
from tests.matching.placed import placed_estate

FIXTURES = Path(__file__).parents[2] / "fixtures"


def _settings() -> Settings:
    return Settings(domains=("bailleur.example", "parishabitat.fr", "parishabitat.example"))


@pytest.fixture(scope="session")
def placed() -> MatchIndex:
    return MatchIndex.build(Directory(placed_estate()), _settings())


@pytest.fixture(scope="session")
def fixture_index() -> MatchIndex:
    records, _problems = read_export(FIXTURES / "directory")
    return MatchIndex.build(Directory(records), _settings())
