"""Which daemons share the store, and what an admin may take from one that is gone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.store import Store, open_store
from dtm_contact.store.system_schema import daemons
from tests.cli.conftest import Program
from tests.store.fresh import fresh_store
from tests.store.samples import NOW, arrival, daemon


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    with open_store(url) as opened:
        for name in ("d1", "d2"):
            opened.leases.register(daemon(name), 600)
        opened.arrivals.accept([arrival()])
        assert opened.arrivals.claim("d2", NOW) is not None
        yield opened


def test_they_are_listed_with_what_they_hold(program: Program, store: Store) -> None:
    assert len(store.leases.listing()) == 2
    shown = program("daemons").stdout
    assert [line.split()[0] for line in shown.splitlines() if "machine" in line] == ["d1", "d2"]
    told = [json.loads(line) for line in program("daemons", "--json").stdout.splitlines()]
    assert [(each["name"], each["alive"], each["arrivals"]) for each in told] == [("d1", True, 0), ("d2", True, 1)]


def test_an_arrival_of_a_daemon_that_lives_is_left_to_it_and_of_one_that_is_gone_is_judged_again(
    program: Program, store: Store
) -> None:
    refused = program("arrivals", "retry", "1")
    assert refused.returncode == 1
    assert "arrival 1 is being judged by d2 (host machine, process 1" in refused.stderr
    past = datetime.now(UTC) - timedelta(minutes=1)
    with store.database.writing() as connection:
        connection.execute(sa.update(daemons).where(daemons.c.name == "d2").values(until=past, renewed_at=past))
    assert "(over)" in program("daemons").stdout
    assert program("arrivals", "retry", "1").stdout == "arrival 1 will be judged again\n"
    assert store.arrivals.claim("d1", NOW) is not None
