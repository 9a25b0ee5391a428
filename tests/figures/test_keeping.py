"""The daemon counts the present day, the last weeks once a night, and leaves alone what can be counted no more."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.counter import CountingFailedError, Task, count_apart
from dtm_contact.figures.counting import count_days
from dtm_contact.figures.keeping import FigureKeeper, Pace, grounds_of, keep_counts
from dtm_contact.settings import FiguresSettings, Settings, StoreSettings
from dtm_contact.store import Store
from tests.cases.conftest import RULES
from tests.rules.cast import DIRECTORY
from tests.rules.once import load_once
from tests.store.samples import NOW, daemon, judgement, open_case

TODAY = NOW.date()
_DAY = timedelta(days=1)


class Counted:
    """Counts in this process, and remembers what was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked = list[tuple[date, date]]()

    async def __call__(self, task: Task) -> dict[date, FigureCells]:
        self.asked.append((task.first, task.last))
        return count_days(self._store, task.first, task.last, task.grounds)


def keeper(store: Store, clock: list[datetime], count: Counted, days: int = 7) -> FigureKeeper:
    settings = Settings(store=StoreSettings(url=str(store.database.url)), figures=FiguresSettings(days=days))
    rules = load_once(RULES)
    return FigureKeeper(settings, store, lambda: DIRECTORY, rules=lambda: rules, clock=lambda: clock[0], count=count)


def opened(store: Store, day: date) -> int:
    (period,) = store.figures.periods("day", day, day)
    cells = FigureCells.unpack(period.keys, period.measures, period.cells)
    return cells.whole()["opened"]


def test_an_empty_store_is_not_counted(store: Store) -> None:
    count = Counted(store)
    assert asyncio.run(keeper(store, [NOW], count).look()) == 0
    assert count.asked == []


def test_all_is_counted_at_first_then_the_day_and_once_a_night_the_last_days(store: Store) -> None:
    open_case(store, "one", judgement(), NOW - 30 * _DAY)
    clock, count = [NOW], Counted(store)
    kept = keeper(store, clock, count)
    asyncio.run(kept.look())
    assert count.asked == [(TODAY - 30 * _DAY, TODAY)]
    clock[0] = NOW + timedelta(minutes=5)
    open_case(store, "two", judgement(), NOW)
    asyncio.run(kept.look())
    assert count.asked[1:] == [(TODAY, TODAY)]
    assert opened(store, TODAY) == 1
    clock[0] = NOW + _DAY
    asyncio.run(kept.look())
    asyncio.run(kept.look())
    assert count.asked[2:] == [(TODAY + _DAY - 7 * _DAY, TODAY + _DAY), (TODAY + _DAY, TODAY + _DAY)]


def test_days_that_no_daemon_counted_are_made_up_for(store: Store) -> None:
    open_case(store, "one", judgement(), NOW)
    clock, count = [NOW], Counted(store)
    kept = keeper(store, clock, count)
    asyncio.run(kept.look())
    clock[0] = NOW + 20 * _DAY
    asyncio.run(kept.look())
    assert count.asked[-1] == (TODAY, TODAY + 20 * _DAY)


def test_another_daemon_counts_nothing_meanwhile(store: Store) -> None:
    open_case(store, "one", judgement(), NOW)
    settings, rules, count = (
        Settings(store=StoreSettings(url=str(store.database.url))),
        load_once(RULES),
        Counted(store),
    )
    for name in ("d1", "d2"):
        store.leases.register(daemon(name), 60)

    def of(name: str) -> FigureKeeper:
        return FigureKeeper(
            settings, store, lambda: DIRECTORY, rules=lambda: rules, clock=lambda: NOW, holder=lambda: name, count=count
        )

    made = [of("d1"), of("d2")]
    assert [asyncio.run(each.look()) > 0 for each in made] == [True, False]
    made[0].leave()
    assert asyncio.run(made[1].look()) > 0


def test_whose_it_is_is_asked_more_often_than_counted_and_who_takes_over_counts_at_once() -> None:
    clock = [0.0]
    pace = Pace(300, lambda: clock[0])
    assert (pace.is_due(), pace.is_due()) == (True, False)
    clock[0] = 299.9
    assert not pace.is_due()
    pace.restart()
    assert pace.is_due()
    clock[0] = 599.8
    assert not pace.is_due()
    clock[0] = 599.9
    assert pace.is_due()


def test_a_process_of_its_own_counts_the_same(sqlite_store: Store) -> None:
    open_case(sqlite_store, "one", judgement(), NOW)
    grounds = grounds_of(Settings.defaults(), load_once(RULES), DIRECTORY, NOW + _DAY)
    url = sqlite_store.database.url.render_as_string(hide_password=False)
    apart = asyncio.run(count_apart(Task(url, TODAY, TODAY, grounds)))
    here = count_days(sqlite_store, TODAY, TODAY, grounds)
    assert apart[TODAY].octets == here[TODAY].octets


def test_a_process_that_fails_is_told(tmp_path: Path) -> None:
    grounds = grounds_of(Settings.defaults(), load_once(RULES), DIRECTORY, NOW)
    with pytest.raises(CountingFailedError):
        asyncio.run(count_apart(Task(f"sqlite:///{tmp_path}/nowhere.db", TODAY, TODAY, grounds)))


def test_what_was_erased_keeps_its_figures_unless_forced(store: Store) -> None:
    open_case(store, "one", judgement(), NOW)
    grounds = grounds_of(Settings.defaults(), load_once(RULES), DIRECTORY, NOW + _DAY)
    keep_counts(store, count_days(store, TODAY, TODAY, grounds), NOW, guarded_before=None)
    with store.database.writing() as connection:
        for table in ("judgements", "events", "contacts", "cases"):
            connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - our own tables
    again = count_days(store, TODAY, TODAY, grounds)
    rebuilt = keep_counts(store, again, NOW, guarded_before=TODAY + _DAY)
    assert (rebuilt.days, rebuilt.kept, opened(store, TODAY)) == (0, (TODAY,), 1)
    assert keep_counts(store, again, NOW, guarded_before=None).days == 1
    assert opened(store, TODAY) == 0
