"""The program, each time in a process of its own, on a store of its own, with the small sample directory."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_SECONDS = 120
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
        done = subprocess.run(
            [sys.executable, "-m", "dtm_contact", *arguments],
            cwd=ROOT, env={**environment, **more}, input=given, capture_output=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
