from pathlib import Path

from tests.prove.program import chance
from tests.prove.retention import prove_retention, unresumable_pass, without_overwriting


def test_a_pass_that_is_killed_leaves_nothing_half_and_ends_the_same(tmp_path: Path) -> None:
    outcome = prove_retention(tmp_path, 80, 3, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
    assert outcome.killed > 0


def test_the_proof_catches_a_pass_that_goes_table_by_table(tmp_path: Path) -> None:
    assert prove_retention(tmp_path, 60, 3, chance(2), run=unresumable_pass).faults


def test_the_proof_catches_octets_that_are_not_overwritten(tmp_path: Path) -> None:
    outcome = prove_retention(tmp_path, 60, 1, chance(3), run=without_overwriting)
    assert not outcome.sound
    assert outcome.octets_found > outcome.planted / 4
