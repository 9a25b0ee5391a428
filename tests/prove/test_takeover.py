import os
from pathlib import Path

import pytest

from tests.ingest.mailbox.dovecot import program
from tests.prove.program import chance
from tests.prove.takeover import LOUD, prove_takeover


async def test_a_file_of_old_mail_is_taken_over_in_silence_and_given_back(tmp_path: Path) -> None:
    outcome = await prove_takeover(tmp_path, 40, 1, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())


async def test_a_folder_of_a_real_server_is_taken_over_in_silence_and_given_back(tmp_path: Path) -> None:
    if program() is None or os.geteuid() != 0:
        why = "Dovecot is not installed, or one is not root, as its server wants"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    outcome = await prove_takeover(tmp_path, 45, 1, chance(2), by_imap=True)
    assert outcome.sound, "\n".join(outcome.lines())


async def test_an_import_that_is_not_quiet_is_caught(tmp_path: Path) -> None:
    outcome = await prove_takeover(tmp_path, 30, 0, chance(3), command=LOUD)
    assert not outcome.quiet
    assert outcome.sent > 0
    assert outcome.planned > 0
