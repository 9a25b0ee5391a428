from pathlib import Path

from tests.prove.calls import FIRST_NIGHT, prove_calls
from tests.prove.database import SMALL_DIRECTORY
from tests.prove.program import chance


async def test_a_killed_daemon_makes_the_same_call_backs_of_growing_logs(tmp_path: Path) -> None:
    outcome = await prove_calls(
        tmp_path, 2, chance(1), speed=8_000.0, directory=SMALL_DIRECTORY, until=FIRST_NIGHT, quiet=3.0
    )
    assert outcome.sound, "\n".join(outcome.lines())
    assert outcome.call_backs > 50
    assert outcome.rotations == 2
