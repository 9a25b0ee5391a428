"""What was said to be stored is there after a SIGKILL; what was not committed is gone, and the store works on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dtm_contact.store import Store, open_store
from tests.store.samples import arrival

ROOT = Path(__file__).parents[2]


def crashing(url: str, how: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.store.crasher", url, how]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def stored(store: Store) -> set[str]:
    return {line.external_id for line in store.arrivals.listing(limit=100_000)}


@pytest.mark.parametrize(("how", "survives"), [("after", True), ("before", False)])
def test_a_crash_loses_nothing_that_was_committed(url: str, how: str, *, survives: bool) -> None:
    process = crashing(url, how)
    said = process.communicate()[0].split()
    assert process.returncode == -signal.SIGKILL
    assert said == [how]
    with open_store(url) as store:
        assert (how in stored(store)) is survives
        store.arrivals.accept([arrival("next")])
        assert "next" in stored(store)


def test_a_kill_at_any_moment_loses_nothing_that_was_answered(url: str) -> None:
    process = crashing(url, "many")
    assert process.stdout is not None
    said = {process.stdout.readline().strip() for _ in range(50)}
    process.kill()
    said |= set(process.communicate()[0].split())
    assert len(said) >= 50
    with open_store(url) as store:
        assert said <= stored(store)
