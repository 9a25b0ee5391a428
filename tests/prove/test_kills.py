from pathlib import Path

import pytest

from tests.prove.kills import lost_by_early_answers, prove_kills
from tests.prove.program import chance


async def test_a_killed_daemon_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    outcome = await prove_kills(tmp_path, 2, chance(1))
    assert outcome.audit.sound, "\n".join(outcome.lines())
    assert outcome.ledger.answered == outcome.ledger.sent
    assert outcome.judges is not None
    assert outcome.judges.at_work > 0


async def test_the_proof_catches_a_daemon_that_answers_too_early(tmp_path: Path) -> None:
    for seed in range(3):
        place = tmp_path / f"seed{seed}"
        place.mkdir()
        if (await lost_by_early_answers(place, 1, chance(seed))).messages > 0:
            return
    pytest.fail("it lost nothing in three kills")
