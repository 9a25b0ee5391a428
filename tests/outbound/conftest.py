"""What the tests of what is sent share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outbound.engine import Engine, engine


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path) as made:
        yield made
