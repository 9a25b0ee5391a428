from pathlib import Path

from tests.backup.conftest import needs
from tests.prove.fire import prove_fire
from tests.prove.program import chance


async def test_the_day_the_machine_burns_by_the_commands_of_the_manual(tmp_path: Path) -> None:
    needs("age-keygen")
    outcome = await prove_fire(tmp_path, 8, 7, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
