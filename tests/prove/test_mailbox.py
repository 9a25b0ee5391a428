import os
from pathlib import Path

import pytest

from tests.ingest.mailbox.dovecot import program
from tests.prove.mailbox import prove_mailbox
from tests.prove.program import chance


async def test_every_message_of_a_mailbox_is_taken_once_and_filed(tmp_path: Path) -> None:
    if program() is None or os.geteuid() != 0:
        why = "Dovecot is not installed, or one is not root, as its server wants"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    outcome = await prove_mailbox(tmp_path, 30, 1, chance(1))
    assert outcome.sound, "\n".join(outcome.lines())
