from pathlib import Path

import pytest

from tests.prove.backup import prove_backup
from tests.prove.database import PLACES
from tests.prove.program import chance


@pytest.mark.parametrize("database", PLACES)
async def test_backups_under_load_and_a_journal_bring_all_back(tmp_path: Path, database: str) -> None:
    outcome = await prove_backup(tmp_path, 1, 20, chance(1), PLACES[database])
    assert outcome.sound, "\n".join(outcome.lines())
    assert outcome.sent >= 20
    assert outcome.window == 20, "without the journal they would be lost"
