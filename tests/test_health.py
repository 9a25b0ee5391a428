"""When a mailbox that nobody looks at any more makes the daemon unwell, and a directory that is too old an alarm."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from dtm_contact import metrics
from dtm_contact.directory import Records
from dtm_contact.health import _count_store, _mailboxes_looked_at, look_at_directory, watching_directory
from dtm_contact.settings import Directory, Imap, Settings
from dtm_contact.store import Origin, Store, migrate, open_store
from tests.heard import made_alarms

AT = 1_800_000_000.0
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channels", "looked", "unwell"),
    [
        (("smtp", "imap"), AT - 299.0, None),
        (("smtp", "imap"), AT - 1_200.0, "imap was not looked at for 20 min"),
        (("smtp",), AT - 1_200.0, None),
        (("imap",), 0.0, None),
    ],
)
def test_a_mailbox_that_is_not_looked_at(channels: tuple[str, ...], looked: float, unwell: str | None) -> None:
    settings = Settings(channels=channels, imap=Imap(poll_seconds=300.0))
    metrics.CHANNEL_LOOKED.labels("imap").set(looked)
    try:
        assert _mailboxes_looked_at(settings, lambda: AT) == unwell
    finally:
        metrics.CHANNEL_LOOKED.clear()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    return open_store(url)


def test_a_directory_too_old_is_an_alarm_until_a_young_one_is_imported(store: Store) -> None:
    told: list[tuple[str, str]] = []
    alarms = made_alarms(lambda cause, said: told.append((cause, said)))
    settings = Settings(directory=Directory(max_age_days=8.0))
    look_at_directory(settings, store, alarms, NOW)
    store.directory.save(Records(), "import", NOW, Origin("d", exported_at=NOW - timedelta(days=1)))

    for days in (0, 7, 8, 30):
        look_at_directory(settings, store, alarms, NOW + timedelta(days=days))
        assert alarms.lasting == (("directory-age",) if days > 7 else ())
    (cause, said) = told[0]
    assert {cause for cause, _ in told} == {"directory-age"}
    assert "exported 9 days ago (2026-11-29)" in said
    assert "DTM_DIRECTORY_MAX_AGE_DAYS" in said

    store.directory.seen_again("d", NOW + timedelta(days=30))
    look_at_directory(settings, store, alarms, NOW + timedelta(days=30))
    assert alarms.lasting == ()


def test_the_age_may_be_no_matter(store: Store) -> None:
    alarms = made_alarms()
    store.directory.save(Records(), "import", NOW)
    look_at_directory(Settings(directory=Directory(max_age_days=0)), store, alarms, NOW + timedelta(days=999))
    assert alarms.lasting == ()


def test_the_age_is_a_metric(store: Store) -> None:
    store.directory.save(Records(), "import", datetime.now(UTC) - timedelta(days=3))
    _count_store(store, datetime.now(UTC))
    assert REGISTRY.get_sample_value("dtm_directory_age_seconds") == pytest.approx(3 * 86_400, abs=600)


async def test_the_daemon_looks_at_the_age_from_the_start(store: Store) -> None:
    sounded = asyncio.Event()
    loop = asyncio.get_running_loop()

    def notice(_cause: str, _said: str) -> None:
        loop.call_soon_threadsafe(sounded.set)

    alarms = made_alarms(notice)
    store.directory.save(Records(), "import", NOW)
    async with watching_directory(Settings(), store, alarms, lambda: NOW + timedelta(days=9)):
        async with asyncio.timeout(60):
            await sounded.wait()
    assert alarms.lasting == ("directory-age",)
