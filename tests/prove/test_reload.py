from pathlib import Path

from tests.prove.program import chance
from tests.prove.reload import prove_reload


async def test_rules_that_change_under_load_judge_whole_or_not_at_all(tmp_path: Path) -> None:
    outcome = await prove_reload(tmp_path, 3, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
    assert (outcome.changes, outcome.broken) == (3, 1)
    assert outcome.ledger.answered == outcome.ledger.sent
