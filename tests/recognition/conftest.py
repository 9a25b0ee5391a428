"""Recognition is tried with the real programs."""

import os

import pytest

from tests.recognition.letters import missing


@pytest.fixture(scope="session", autouse=True)
def _programs() -> None:
    """Skip where a program or font is not installed; CI must have them."""
    if why := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
