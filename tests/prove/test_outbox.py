from pathlib import Path

from tests.prove.outbox import prove_outbox
from tests.prove.program import chance


async def test_each_answer_goes_out_once_or_ends_with_its_reason(tmp_path: Path) -> None:
    outcome = await prove_outbox(tmp_path, 14, 1, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
    assert {"sent", "refused", "no_such_address"} <= outcome.states.keys()
