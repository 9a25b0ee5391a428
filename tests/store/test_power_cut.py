"""What was said to be stored is on the disk: a power cut loses nothing of it.

A file system in a file stands for the disk. Its file, copied while the writer runs, holds what had been written through
by then; mounted again it is what a machine finds after the power comes back.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtm_contact.store import migrate, open_store

ROOT = Path(__file__).parents[2]
SAID = 40


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[None]:
    folder.mkdir()
    subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A file system in a file."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("mounting a file system in a file needs root and mkfs.ext4")
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    try:
        with mounted(image, tmp_path / "trial"):
            pass
    except subprocess.CalledProcessError:
        pytest.skip("this machine does not let us mount a file system in a file")
    return image


def what_survives(disk: Path, how: str, folder: Path) -> tuple[set[str], set[str]]:
    """Write to a store until the power is cut; return what was said to be stored, and what is found afterwards."""
    before, after = folder / "before", folder / "after"
    with mounted(disk, before):
        url = f"sqlite:///{before}/store.db"
        migrate(url)
        os.sync()
        command = [sys.executable, "-m", "tests.store.crasher", url, how]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = {process.stdout.readline().strip() for _ in range(SAID)}
            process.send_signal(signal.SIGSTOP)
            left = shutil.copy(disk, folder / "left")
            process.kill()
    with mounted(Path(left), after), open_store(f"sqlite:///{after}/store.db") as store:
        return said, {line.external_id for line in store.arrivals.listing(limit=100_000)}


def test_a_power_cut_loses_nothing_that_was_answered(disk: Path, tmp_path: Path) -> None:
    said, found = what_survives(disk, "many", tmp_path)
    assert len(said) == SAID
    assert said <= found


def test_without_waiting_for_the_disk_a_power_cut_would_lose_some(disk: Path, tmp_path: Path) -> None:
    said, found = what_survives(disk, "hasty", tmp_path)
    assert len(said) == SAID
    assert said - found
