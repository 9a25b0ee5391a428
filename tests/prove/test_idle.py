from pathlib import Path

from tests.prove.idle import prove_idle
from tests.prove.program import chance


async def test_idle_connections_keep_nobody_from_handing_over_mail(tmp_path: Path) -> None:
    outcome = await prove_idle(tmp_path, 100, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
