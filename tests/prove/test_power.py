from pathlib import Path

from tests.prove.power import lost_after_a_kill_within_a_commit, lost_by_not_waiting, prove_power_cuts
from tests.prove.program import chance


async def test_a_power_cut_loses_nothing_that_was_answered(place: Path) -> None:
    outcome = await prove_power_cuts(place, 1, chance(1))
    assert outcome.audit.sound, "\n".join(outcome.lines())
    assert outcome.ledger.answered == outcome.ledger.sent


async def test_the_proof_catches_a_daemon_that_does_not_wait_for_the_disk(place: Path) -> None:
    assert (await lost_by_not_waiting(place, 1, chance(1))).messages > 0


async def test_what_a_killed_daemon_had_not_synced_is_synced_before_it_is_answered_again(place: Path) -> None:
    lost = await lost_after_a_kill_within_a_commit(place, chance(1))
    assert (lost.messages, lost.of) == (0, 1)
