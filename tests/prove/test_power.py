from pathlib import Path

from tests.prove.power import lost_by_not_waiting, prove_power_cuts
from tests.prove.program import chance


async def test_a_power_cut_loses_nothing_that_was_answered(place: Path) -> None:
    outcome = await prove_power_cuts(place, 2, chance(1))
    assert outcome.audit.sound, "\n".join(outcome.lines())
    assert outcome.ledger.answered == outcome.ledger.sent


async def test_the_proof_catches_a_daemon_that_does_not_wait_for_the_disk(place: Path) -> None:
    assert (await lost_by_not_waiting(place, 1, chance(1))).messages > 0
