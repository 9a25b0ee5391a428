import os
from pathlib import Path

import pytest

from tests.prove.fsync import TRUSTING, prove_failing_syncs, why_not
from tests.prove.program import chance


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if reason := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


async def test_nothing_that_was_answered_is_lost_when_syncs_fail(tmp_path: Path) -> None:
    found = await prove_failing_syncs(tmp_path, 1, chance(1))
    assert found.sound, "\n".join(found.lines())


async def test_the_proof_catches_a_daemon_that_trusts_the_first_success(tmp_path: Path) -> None:
    found = await prove_failing_syncs(tmp_path, 1, chance(1), TRUSTING)
    assert sum(found.lost) > 0, "\n".join(found.lines())
