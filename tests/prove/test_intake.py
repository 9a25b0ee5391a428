from pathlib import Path

from tests.prove.intake import lost_by_early_answers, prove_intake
from tests.prove.program import chance


async def test_a_killed_daemon_loses_no_request_and_no_file_and_doubles_none(tmp_path: Path) -> None:
    outcome = await prove_intake(tmp_path, 1, chance(1), pause=0.3)
    assert outcome.sound, "\n".join(outcome.lines())
    assert outcome.ledger.answered == outcome.ledger.sent.keys()


async def test_the_proof_catches_a_daemon_that_answers_too_early(tmp_path: Path) -> None:
    requests, files = await lost_by_early_answers(tmp_path, 1, chance(1))
    assert requests > 0, f"it lost no request, and {files} files"
