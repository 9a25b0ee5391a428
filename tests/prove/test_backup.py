from pathlib import Path

import pytest

from tests.prove.backup import prove_backup
from tests.prove.database import PLACES
from tests.prove.program import chance


@pytest.mark.parametrize("database", PLACES)
async def test_backups_under_load_and_a_journal_bring_all_back(tmp_path: Path, database: str) -> None:
    outcome = await prove_backup(tmp_path, 2, 20, chance(1), PLACES[database])
    assert outcome.sound, "\n".join(outcome.lines())
    assert outcome.sent >= 20


async def test_without_the_journal_the_window_is_lost(tmp_path: Path) -> None:
    outcome = await prove_backup(tmp_path, 1, 5, chance(2), journal=False)
    assert outcome.lost >= 5
    assert outcome.again == 0, "\n".join(outcome.lines())
