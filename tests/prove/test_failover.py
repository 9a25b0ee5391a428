import os
from pathlib import Path

import pytest

from tests.prove.calls import FIRST_NIGHT
from tests.prove.failover import Length, prove_failover, taken_over
from tests.prove.program import chance
from tests.store.postgresql import programs

SHORT = Length(
    messages=120, kills=2, pauses=1, lease=4.0, heartbeat=1.0, pause_seconds=9.0, mailbox=0,
    calls_seconds=25.0, calls_until=FIRST_NIGHT,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _postgresql() -> None:
    if programs() is None:
        reason = "PostgreSQL's server programs (initdb, pg_ctl) are not installed"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


async def test_what_a_daemon_held_that_is_gone_is_done_by_others_and_once(tmp_path: Path) -> None:
    outcome = await prove_failover(tmp_path, SHORT, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())


@pytest.mark.parametrize(
    ("followers", "is_taken_over"),
    [
        ({"timers": "d1@old", "figures": "d2@a"}, False),
        ({"figures": "d2@a"}, False),
        ({"timers": "d2@a", "figures": "d3@b"}, True),
        # It has stood still, has come back, and was the first to ask.
        ({"timers": "d1@new", "figures": "d2@a"}, True),
    ],
)
def test_a_channel_is_taken_over_by_another_incarnation(followers: dict[str, str], *, is_taken_over: bool) -> None:
    assert taken_over({"timers": "d1@old", "figures": "d1@old"}, followers) == is_taken_over
