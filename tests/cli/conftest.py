"""The program, each time in a process of its own, on a store of its own, with the small sample directory."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import forked

ROOT = Path(__file__).parents[2]

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DTM_")},
        "DTM_CONFIG": "",
        "DTM_STORE_URL": f"sqlite:///{tmp_path}/store.db",
        "DTM_SMTP_PORT": "0",
        "DTM_DESK_PORT": "0",
    }


@pytest.fixture
def program(environment: dict[str, str]) -> Program:
    def run(*arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
        return forked.run(arguments, ROOT, {**environment, **more}, given)

    return run
