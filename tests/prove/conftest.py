"""What a proof needs of the machine."""

import os
from pathlib import Path

import pytest

from tests.prove.disk import why_not


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
