"""A machine that is restored by a clock a day behind or ahead: what it does, and that it is told."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.backup import make_backup, restore
from dtm_contact.cli.output import clock_behind
from dtm_contact.journal import Journal, arrivals_of, files_of
from dtm_contact.settings import Settings
from dtm_contact.store import Daemon, Store, open_store
from dtm_contact.store.system_schema import daemons
from tests.backup.conftest import at
from tests.backup.test_told_again import NOW, after, burnt
from tests.store.samples import arrival

DAY = 24 * 60
OFF = [pytest.param(-DAY, id="behind"), pytest.param(DAY, id="ahead")]


@pytest.mark.parametrize("minutes", OFF)
def test_what_a_daemon_held_in_the_backup_is_free_at_once(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, minutes: int
) -> None:
    """Leases go by the machine's own clock, so theirs are off here: as long after, or before, as the clock is."""
    sqlite_store.leases.register(Daemon.here("daemon"), 30)
    sqlite_store.arrivals.accept([arrival("one")])
    (line,) = sqlite_store.leases.listing()
    assert sqlite_store.arrivals.claim(line.incarnation, NOW) is not None
    moment = datetime.now(UTC) - timedelta(minutes=minutes)
    with sqlite_store.database.writing() as connection:
        until = moment + timedelta(seconds=30)
        connection.execute(sa.update(daemons).values(started_at=moment, renewed_at=moment, until=until))
    with open_store(sqlite_site.store.url, read_only=True) as store:
        path = make_backup(sqlite_site, store, tmp_path / "b", moment, keep=9, secrets=False, check=False).path
    place = at(sqlite_site, f"sqlite:///{tmp_path}/new/store.db")
    restore(place, path, datetime.now(UTC))
    with open_store(place.store.url) as back:
        assert back.leases.listing() == []
        assert not back.leases.held_beyond(), "or the doctor would call it a fault before the first start"
        assert back.arrivals.claim("another", NOW) is not None


def _told(clock: datetime) -> datetime:
    return clock


@pytest.mark.parametrize("minutes", OFF)
def test_a_journal_goes_on_whatever_the_clock_says(tmp_path: Path, minutes: int) -> None:
    for clock, name in ((NOW, "before"), (after(minutes), "since")):
        with closing(Journal(tmp_path, 14, partial(_told, clock))) as journal:
            journal.append_arrivals([arrival(name, clock)])
            assert journal.erase_old() == 0
    assert len(files_of(tmp_path)) == 2
    assert {each.external_id for each in arrivals_of(tmp_path, lambda *_: True)} == {"before", "since"}


@pytest.mark.parametrize("minutes", OFF)
def test_due_times_go_by_when_a_message_came_and_not_by_the_clock_of_the_restored_machine(
    tmp_path: Path, minutes: int
) -> None:
    with burnt(tmp_path, clock=after(60 + minutes)) as (running, before, lost, done):
        assert done is not None
        assert done.newest == after(7)
        number = running.judge_next(after(62 + minutes))
        assert number not in {None, before, lost}
        case = running.store.cases.get(lost).case
        assert case.due == after(5) + (running.store.cases.get(before).case.due - NOW)


@pytest.mark.parametrize(("seconds", "told"), [(86_400, True), (6, True), (4, False), (-86_400, False)])
def test_a_clock_that_is_behind_what_was_written_is_told(seconds: int, *, told: bool) -> None:
    found = clock_behind("the backup was made at", NOW + timedelta(seconds=seconds), NOW, UTC)
    assert (found is not None) is told
    if found is not None:
        assert "this machine's clock says 24/11/2026 22:30:00: it is behind" in found
    assert clock_behind("the journal's last record is of", None, NOW, UTC) is None
