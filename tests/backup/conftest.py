"""The stores of these tests, on both databases, and the settings of a site around one."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dtm_contact.settings import BackupSettings, RulesSettings, Settings, StoreSettings

RULES = Path(__file__).parents[2] / "rules"


def needs(program: str) -> None:
    """Skip a test where a program that it runs is not installed; CI must have it."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{program} is not installed")


@pytest.fixture
def new_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Callable[[], str]:
    """Return the URLs of empty places for a store, of the same kind as `url`."""
    numbers = iter(range(100))

    def made() -> str:
        if url.startswith("sqlite"):
            return f"sqlite:///{tmp_path}/place{next(numbers)}/store.db"
        create: Callable[[str], str] = request.getfixturevalue("create_database")
        return create("template0")

    return made


@pytest.fixture
def site(url: str, new_url: Callable[[], str]) -> Settings:
    """The settings of a site whose store is at `url`, with a database to try backups in."""
    scratch = "" if url.startswith("sqlite") else new_url()
    return Settings.defaults().model_copy(
        update={
            "store": StoreSettings(url=url),
            "rules": RulesSettings(dir=RULES),
            "backup": BackupSettings(scratch_url=scratch),
        }
    )


@pytest.fixture
def sqlite_site(sqlite_url: str) -> Settings:
    """The settings of a site on SQLite."""
    return Settings.defaults().model_copy(
        update={"store": StoreSettings(url=sqlite_url), "rules": RulesSettings(dir=RULES)}
    )


def at(settings: Settings, store_url: str, **backup: object) -> Settings:
    """Return the settings with the store elsewhere, and other ones for backups."""
    changed = settings.backup.model_copy(update=backup)
    return settings.model_copy(update={"store": StoreSettings(url=store_url), "backup": changed})
