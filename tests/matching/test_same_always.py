"""The same contact over the same directory gets the same answer, to the last digit, in every process."""

import os
import subprocess
import sys
from pathlib import Path

from fixtures.hard_contacts.estate.making import Estate

ROOT = Path(__file__).parents[2]


def test_no_answer_hangs_on_the_process(tmp_path: Path) -> None:
    """Python hashes texts anew in each process, and so orders sets of them."""
    Estate(1_500, seed=20).write(tmp_path)
    command = [sys.executable, "-m", "tests.matching.told", str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE)
        for seed in ("1", "2")
    ]
    one, other = (each.communicate(timeout=120)[0].decode().splitlines() for each in started)
    assert [each.returncode for each in started] == [0, 0]
    assert len(one) == 80
    assert one == other
