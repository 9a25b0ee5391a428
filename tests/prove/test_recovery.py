from pathlib import Path

import pytest

from tests.prove.database import PLACES
from tests.prove.program import chance
from tests.prove.recovery import prove_recovery


@pytest.mark.parametrize("database", PLACES)
async def test_a_daemon_killed_amid_mail_and_without_its_database_comes_back_by_the_commands(
    tmp_path: Path, database: str
) -> None:
    outcome = await prove_recovery(tmp_path, 24, chance(1), PLACES[database])
    assert outcome.sound, "\n".join(outcome.lines())


async def test_without_its_journal_it_loses_what_came_after_the_backup(tmp_path: Path) -> None:
    outcome = await prove_recovery(tmp_path, 24, chance(1), journal=False)
    assert outcome.audit.lost > 0, "\n".join(outcome.lines())
