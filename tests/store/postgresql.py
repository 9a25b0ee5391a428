"""A PostgreSQL server of the tests' own: a fresh cluster in a folder of its own, reached by a unix socket only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OWNER = "postgres"
_MEMORY = Path("/dev/shm")  # noqa: S108 - each cluster has a folder of its own there
_ROOM = 2**30
"""Octets that a cluster may grow to: what a container is given as memory's folder is often smaller."""
# No power is cut in these tests, so nothing needs to reach the disk.
_SERVER_OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200"


def programs() -> Path | None:
    """Return the folder of the newest installed server's programs, or None."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    return installed[-1].parent if installed else None


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.folder}"


def _memory() -> Path | None:
    """Return a folder in memory that has room for a cluster, or None."""
    try:
        has_room = shutil.disk_usage(_MEMORY).free > _ROOM
    except OSError:
        return None
    return _MEMORY if has_room else None


@contextmanager
def running_server(bin_folder: Path, *, in_memory: bool = False) -> Iterator[Server]:
    """Start a server and stop it afterwards; as root it runs as `postgres`, since it refuses to run as root.

    Args:
        bin_folder: where its programs are.
        in_memory: keep its files in memory where there is room. A disk's file system looks for a free place again and
            again where hundreds of files come and go with each database.
    """
    folder = Path(tempfile.mkdtemp(prefix="dtm-pg-", dir=_memory() if in_memory else None))
    is_root = os.geteuid() == 0
    if is_root:
        shutil.chown(folder, _OWNER, _OWNER)

    def run(program: str, *arguments: str) -> None:
        owner: dict[str, Any] = {"user": _OWNER, "group": _OWNER, "extra_groups": ()} if is_root else {}
        subprocess.run(
            [bin_folder / program, "-D", f"{folder}/data", *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **owner,
        )

    try:
        run("initdb", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} {_SERVER_OPTIONS}", "start")
        try:
            yield Server(folder, _OWNER)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
