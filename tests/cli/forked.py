"""The program in a process of its own, forked from one that has imported it already.

What a command does in its process is what it does when started by hand; only the second that Python takes to read the
program is spent once. `python -m dtm_contact` itself is what `test_demo.py` starts.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from dtm_contact.cli import main
from tests.forks import FORKS

_SECONDS = 120


@dataclass(frozen=True)
class _Call:
    """How the program is called: its arguments, in which folder, and all of its environment."""

    arguments: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end.

    Args:
        arguments: what stands behind its name.
        folder: where it runs.
        environment: all of its environment.
        given: what it reads on standard input.

    Returns:
        Its exit status, and what it wrote on standard output and standard error.

    Raises:
        subprocess.TimeoutExpired: it ran for two minutes.
    """
    call = _Call(tuple(arguments), folder, dict(environment))
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        status = _forked(call, (stdin, stdout, stderr))
        return subprocess.CompletedProcess(call.arguments, status, _written(stdout), _written(stderr))


def _forked(call: _Call, streams: Sequence[IO[bytes]]) -> int:
    names = [f"/proc/{os.getpid()}/fd/{stream.fileno()}" for stream in streams]
    process = FORKS.Process(target=_command, args=(call, names))
    process.start()
    process.join(_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise subprocess.TimeoutExpired(call.arguments, _SECONDS)
    return process.exitcode


def _command(call: _Call, names: Sequence[str]) -> None:
    """Become the program: its streams, its folder, its environment and its name."""
    for number, name in enumerate(names):
        os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY), number)
    sys.stdin = os.fdopen(0, closefd=False)
    os.chdir(call.folder)
    os.environ.clear()
    os.environ.update(call.environment)
    sys.argv = ["dtm-contact", *call.arguments]
    main()


def _written(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()
