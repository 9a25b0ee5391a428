from pathlib import Path

import pytest

from tests.prove.hostile import SHORT, prove_hostile
from tests.prove.program import chance

# The judges' bounds of memory are those of processes that begin with nothing.
pytestmark = pytest.mark.usefixtures("fresh_interpreter")


async def test_hostile_messages_end_in_a_queue_and_harm_nobody(tmp_path: Path) -> None:
    outcome = await prove_hostile(tmp_path, SHORT, chance(1), seconds=0.2)
    assert outcome.sound, "\n".join(outcome.lines())
