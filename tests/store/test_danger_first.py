"""What seems to tell of danger is claimed first, the likeliest before the rest; and nothing starves by it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from dtm_contact.store import Store, migrate, open_store
from dtm_contact.store.database import Database
from dtm_contact.store.migrating import _create_file
from dtm_contact.store.schema import arrivals
from tests.store.samples import NOW, arrival, minutes

URGENT = {"new": None, "harmless": False, "danger": True}
"""What a glance of revision 0016 said: nothing yet, no, yes."""
STATES = ("waiting", "claimed", "judged", "set_aside", "parked")


def waiting(store: Store, count: int) -> None:
    """Fill a store with arrivals whose numbers, from 1, are in the order of their ages."""
    store.arrivals.accept([arrival(str(number), minutes(number)) for number in range(count)])


def claimed(store: Store, *, danger_first: bool = True) -> list[int]:
    """Claim all that waits; return the numbers."""
    order = []
    while found := store.arrivals.claim("worker", minutes(60), danger_first=danger_first):
        order.append(found.id)
    return order


def scores(store: Store) -> dict[int, int | None]:
    with store.database.reading() as connection:
        found = connection.execute(sa.select(arrivals.c.id, arrivals.c.danger_score))
        return {row.id: row.danger_score for row in found}


def test_the_likeliest_is_claimed_first_then_what_was_stored_first_then_the_oldest(store: Store) -> None:
    waiting(store, 8)
    store.arrivals.looked_at({2: 0, 3: 140, 4: 999, 5: 140, 6: 1_000, 7: 1_000})
    assert claimed(store) == [6, 7, 4, 3, 5, 1, 2, 8]


def test_by_age_no_score_counts(store: Store) -> None:
    waiting(store, 4)
    store.arrivals.looked_at({2: 140, 4: 1_000})
    first = store.arrivals.claim("worker", minutes(60), danger_first=False)
    assert first is not None
    assert (first.id, first.danger_score) == (1, None)
    assert claimed(store, danger_first=False) == [2, 3, 4]


def test_a_claim_tells_the_score(store: Store) -> None:
    waiting(store, 2)
    store.arrivals.looked_at({1: 0, 2: 938})
    found = [store.arrivals.claim("worker", minutes(60)) for _ in range(2)]
    assert [each and each.danger_score for each in found] == [938, 0]


def test_what_was_put_off_keeps_its_score_and_waits_for_its_time(store: Store) -> None:
    waiting(store, 2)
    store.arrivals.looked_at({2: 1_000})
    danger = store.arrivals.claim("worker", NOW)
    assert danger is not None
    store.arrivals.retry_later(danger, "JudgeDiedError", minutes(5))
    early = store.arrivals.claim("worker", minutes(4))
    assert early is not None
    assert early.id == 1
    again = store.arrivals.claim("worker", minutes(5))
    assert again is not None
    assert (again.id, again.danger_score) == (2, 1_000)


def test_only_those_are_glanced_at_that_nobody_has_glanced_at_and_the_first_score_stays(store: Store) -> None:
    waiting(store, 6)
    found = store.arrivals.not_looked_at(0, 4, 10)
    assert [glance.id for glance in found] == [1, 2, 3, 4]
    assert {len(glance.head) for glance in found} == {10}
    store.arrivals.looked_at({4: 700, 3: 0, 1: 0, 2: 0})
    assert [glance.id for glance in store.arrivals.not_looked_at(0, 10, 10)] == [5, 6]
    assert [glance.id for glance in store.arrivals.not_looked_at(5, 10, 10)] == [6]
    store.arrivals.looked_at({4: 0, 5: 1})
    assert scores(store) == {1: 0, 2: 0, 3: 0, 4: 700, 5: 1, 6: None}


def test_claims_and_glances_at_once_lose_and_double_nothing(store: Store, url: str) -> None:
    waiting(store, 60)

    def work(number: int) -> list[int]:
        with open_store(url) as mine:
            mine.arrivals.looked_at({each: 100 * number + each for each in range(1, 61)})
            return claimed(mine)

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(work, range(3)))
    assert sorted(each for some in found for each in some) == list(range(1, 61))
    # Each took the likeliest of what was left, whichever of the scores came first.
    assert all(some == sorted(some, reverse=True) for some in found if some)


@pytest.fixture
def earlier_url(empty_url: str) -> str:
    """The URL of a store of revision 0016 with arrivals of each state, glanced at and not."""
    database = Database(empty_url)
    if database.sqlite_path is not None:
        _create_file(database.sqlite_path)
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", "dtm_contact.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0016")
        for state in STATES:
            for name, urgent in URGENT.items():
                connection.execute(
                    sa.text(
                        "INSERT INTO arrivals (channel, external_id, received_at, media_type, size, state, urgent)"
                        " VALUES ('smtp', :id, '2026-11-24 09:30:00', 'message/rfc822', 1, :state, :urgent)"
                    ).bindparams(sa.bindparam("urgent", type_=sa.Boolean)),
                    {"id": f"{state}-{name}", "state": state, "urgent": urgent},
                )
        connection.execute(sa.text("INSERT INTO arrival_bodies SELECT id, :raw FROM arrivals"), {"raw": b"x"})
    database.close()
    return empty_url


def test_what_waits_in_an_earlier_store_keeps_its_no_and_is_glanced_at_again_after_a_yes(earlier_url: str) -> None:
    migrate(earlier_url)
    with open_store(earlier_url) as store:
        lines = {line.id: (line.external_id, line.state) for line in store.arrivals.listing()}
        assert sorted(lines.values()) == sorted((f"{state}-{name}", state) for state in STATES for name in URGENT)
        for number, score in scores(store).items():
            assert score == (0 if lines[number][0].endswith("harmless") else None)
        again = [lines[glance.id][0] for glance in store.arrivals.not_looked_at(0, 100, 10)]
        assert again == ["waiting-new", "waiting-danger"]
        store.arrivals.looked_at({number: 999 for number, (name, _) in lines.items() if name == "waiting-danger"})
        assert [lines[number][0] for number in claimed(store)] == ["waiting-danger", "waiting-new", "waiting-harmless"]
