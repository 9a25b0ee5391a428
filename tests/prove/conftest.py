"""What a proof needs of the machine."""

import os
from pathlib import Path

import pytest

from tests.prove.disk import why_not

SEVERAL_JUDGES = {"test_kills", "test_reload"}


@pytest.fixture(autouse=True)
def _one_judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start one judge a daemon where the proof is not of judges; at full length each has its two."""
    if request.path.stem not in SEVERAL_JUDGES:
        monkeypatch.setenv("DTM_JUDGE_PROCESSES", "1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder in which a disk can be made whose power can be cut."""
    trial = tmp_path / "trial"
    trial.mkdir()
    if reason := why_not(trial):
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return tmp_path
