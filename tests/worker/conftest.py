"""A store with the small sample directory, and settings that point to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.directory import read_export
from dtm_contact.settings import JudgeSettings, RulesSettings, Settings, StoreSettings
from dtm_contact.store import Store, open_store
from tests.store.fresh import fresh_store

ROOT = Path(__file__).parents[2]
SMALL_DIRECTORY = ROOT / "tests" / "directory" / "good"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"),
        rules=RulesSettings(dir=ROOT / "rules"),
        judge=JudgeSettings(processes=1, seconds=60, attempts=3, pause=2),
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    fresh_store(settings.store.url)
    with open_store(settings.store.url) as opened:
        records, _warnings = read_export(SMALL_DIRECTORY)
        opened.directory.save(records, "import", datetime.now(UTC))
        yield opened
