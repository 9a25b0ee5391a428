"""A store is made anew only where no earlier one was lost, and says so where it lacks what the journal holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.alarms import Alarms
from dtm_contact.backup import replay
from dtm_contact.beginning import LostStoreError, MissingArrivals, lost_store, make_store
from dtm_contact.daemon import run
from dtm_contact.journal import Journal
from dtm_contact.settings import BackupSettings, DangerSettings, JournalSettings, Settings, StoreSettings
from dtm_contact.store import migrate, open_store
from tests.heard import Heard
from tests.store.samples import NOW, arrival


@pytest.fixture
def site(new_url: Callable[[], str], tmp_path: Path) -> Settings:
    """A site that keeps all that is to outlast its store, of which nothing is there yet."""
    folders = {name: tmp_path / name for name in ("backups", "journal", "danger")}
    for folder in folders.values():
        folder.mkdir()
    return Settings.defaults().model_copy(
        update={
            "store": StoreSettings(url=new_url()),
            "backup": BackupSettings(dir=folders["backups"]),
            "journal": JournalSettings(dir=folders["journal"]),
            "danger": DangerSettings(folder=folders["danger"]),
        }
    )


def backed_up(site: Settings, at: datetime = NOW) -> None:
    assert site.backup.dir is not None
    (site.backup.dir / f"dtm-contact-{at:%Y%m%dT%H%M%SZ}.tar").write_bytes(b"a backup")


def journalled(site: Settings, *names: str) -> None:
    assert site.journal.dir is not None
    journal = Journal(site.journal.dir, 14, lambda: NOW)
    journal.append_arrivals(map(arrival, names))
    journal.close()


def page_written(site: Settings) -> None:
    assert site.danger.folder is not None
    (site.danger.folder / "danger.html").write_text("the open P1")


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (backed_up, "1 backup in"),
        (lambda site: journalled(site, "one", "two"), "arrivals in the intake journal"),
        (page_written, "the page of open P1"),
    ],
)
def test_where_an_earlier_store_has_left_something_none_is_made(
    site: Settings, leave: Callable[[Settings], None], told: str
) -> None:
    leave(site)
    with pytest.raises(LostStoreError, match=told) as refused:
        make_store(site)
    assert "dtm-contact restore" in str(refused.value)
    assert "store migrate --new" in str(refused.value)
    assert site.store.sqlite_path is None or not site.store.sqlite_path.exists()
    make_store(site, anew=True)
    make_store(site)
    assert lost_store(site) is None


def test_a_new_site_begins_and_its_own_backups_are_no_earlier_ones(site: Settings) -> None:
    assert make_store(site).came_from is None
    backed_up(site, datetime.now(UTC))
    assert lost_store(site) is None


def test_an_empty_store_that_an_earlier_program_made_is_a_lost_one_and_one_at_work_is_not(site: Settings) -> None:
    migrate(site.store.url)
    backed_up(site)
    lost = lost_store(site)
    assert lost is not None
    assert "--replace" in lost.remedy
    with open_store(site.store.url) as store:
        store.arrivals.accept([arrival("one")])
    assert lost_store(site) is None


async def test_the_daemon_makes_no_empty_store_in_place_of_a_lost_one(site: Settings) -> None:
    backed_up(site)
    with pytest.raises(LostStoreError):
        await run(site)


def test_a_store_that_lacks_what_the_journal_holds_is_an_alarm_until_it_is_taken_in(site: Settings) -> None:
    journalled(site, "one", "two")
    migrate(site.store.url)
    heard = Heard()
    alarms = Alarms(heard, lambda: 0.0)
    with open_store(site.store.url) as store:
        store.arrivals.accept([arrival("two"), arrival("of the new store")])
        watch = MissingArrivals(site, store, alarms)
        watch.look()
        assert [cause for cause, _told in heard.told] == ["arrivals-missing"]
        assert "arrivals-missing" in alarms.illness()
        assert site.journal.dir is not None
        replay(store, site.journal.dir, NOW + timedelta(hours=1))
        watch.look()
        assert heard.ended == ["arrivals-missing"]


def test_a_store_that_has_all_or_was_begun_anew_on_purpose_is_well(site: Settings) -> None:
    heard = Heard()
    journalled(site, "one")
    make_store(site, anew=True)
    with open_store(site.store.url) as store:
        MissingArrivals(site, store, Alarms(heard, lambda: 0.0)).look()
    assert heard.told == []
