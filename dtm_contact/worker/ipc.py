"""The protocol between the daemon and its child processes, in which arrivals are judged and new rules are tried.

A child is `python -m dtm_contact.worker.child`. Requests go to its standard input and answers come from its standard
output, one answer for each request, in order. Each is one frame: its length in eight octets, then a pickle. Both ends
are this program, of the same version, over pipes that nobody else holds: that is what pickle is safe for.

The first request decides what the child is for:

    StartJudge(settings)   answered by Ready, or the child ends. Then, as often as wanted:
        JudgeRequest       answered by JudgeReply, AwaitsRecognition or JudgeFailure
        Look               answered by Looked or JudgeFailure
        LoadRules          answered by Ready or JudgeFailure
    TryRules(settings)     answered by TrialResult; then the child ends.
"""

import asyncio
import os
import pickle
import struct
import sys
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from dtm_contact.model import Arrival, Judgement, Problem, Severity
from dtm_contact.settings import Settings
from dtm_contact.store import Glance

_LENGTH: Final = struct.Struct("!Q")
_CHUNK: Final = 256 * 1024
_STREAM_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StartJudge:
    """Load the rules and the directory that these settings name, and judge from then on."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class TryRules:
    """Load the rules that these settings name, check them, and run their own tests."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has its directory and rules and waits for requests."""


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """Judge this arrival as of `now`.

    Attributes:
        as_case: a person said that it is one.
        unrecognised: a scanned letter that nobody has recognised is judged unread; it has waited long enough.
    """

    arrival: Arrival
    now: datetime
    as_case: bool = False
    unrecognised: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Say how likely each of these arrivals is to tell of danger; answered by `Looked`."""

    glances: tuple[Glance, ...]

    @property
    def octets(self) -> int:
        """How many octets there are to look at."""
        return sum(len(glance.head) for glance in self.glances)


@dataclass(frozen=True, slots=True)
class Looked:
    """The score of danger of each arrival, from 0 to 1,000, by its number."""

    scores: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class LoadRules:
    """Judge by the rules of this folder from now on; where they cannot be loaded, the old ones stay."""

    folder: Path


@dataclass(frozen=True, slots=True)
class JudgeReply:
    """What was judged of an arrival."""

    judgement: Judgement


@dataclass(frozen=True, slots=True)
class AwaitsRecognition:
    """It is a scanned letter, and these of its files, by their digests, are to be recognised before it is judged."""

    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgeFailure:
    """The request could not be fulfilled.

    Attributes:
        reason: the error's class and where it was raised, without a person's data.
        retry: whether another attempt may do better.
        is_worn: a bound was hit on the way, so that the process is not to be trusted with another request.
    """

    reason: str
    retry: bool
    is_worn: bool = False

    @property
    def name(self) -> str:
        """The error's class alone."""
        return self.reason.split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What trying rules showed: the version that was loaded, None where none could be; all problems with it."""

    version: str | None
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the rules may take effect."""
        return self.version is not None and not self.errors

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the rules from taking effect."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


FirstRequest = StartJudge | TryRules
Request = JudgeRequest | Look | LoadRules
Answer = Ready | JudgeReply | AwaitsRecognition | Looked | JudgeFailure


class Child:
    """A child process as the daemon sees it; one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, first: FirstRequest, environment: Mapping[str, str] | None = None) -> "Child":
        """Start a child and hand it its first request, whose answer is still to be received.

        Args:
            first: what the child is for.
            environment: variables that it gets beside our own.

        Raises:
            OSError: no process can be started.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dtm_contact.worker.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_STREAM_LIMIT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        if process.stdin is not None:
            process.stdin.write(pack(first))
        return cls(process)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def answer(self, seconds: float, request: Request | None = None) -> object:
        """Return the answer to a request, or to the first one, which was sent already.

        A child that does not answer is killed: a late answer would be taken for that of the next request.

        Args:
            seconds: how long to wait.
            request: what is asked; None for the answer to the first request.

        Raises:
            TimeoutError: it took longer.
            EOFError, ConnectionError: the child has ended.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        try:
            async with asyncio.timeout(seconds):
                if request is not None:
                    await send(stdin, request)
                return await receive(stdout)
        except (TimeoutError, EOFError, ConnectionError, asyncio.CancelledError):
            await self.kill()
            raise

    async def kill(self) -> int:
        """End the process at once, and return its exit status."""
        if self._process.returncode is None:
            self._process.kill()
        return await self._process.wait()


def pack(value: Any) -> bytes:
    """Return `value` as one frame."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> Any:
    """Read one frame from a blocking stream.

    Raises:
        EOFError: the other end is gone.
    """
    body = _read_exactly(stream, *_LENGTH.unpack(_read_exactly(stream, _LENGTH.size)))
    return pickle.loads(body)  # noqa: S301 - our own parent wrote it


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    octets = stream.read(size)
    if len(octets) < size:
        raise EOFError
    return octets


async def send(stream: StreamWriter, value: Any) -> None:
    """Write one frame to an asyncio stream, piece by piece: a large one is not copied as a whole on its way.

    Raises:
        ConnectionError: the other end is gone.
    """
    body = memoryview(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    stream.write(_LENGTH.pack(len(body)))
    for start in range(0, len(body), _CHUNK):
        stream.write(body[start : start + _CHUNK])
        await stream.drain()


async def receive(stream: StreamReader) -> Any:
    """Read one frame from an asyncio stream.

    Raises:
        EOFError: the other end is gone.
    """
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        return pickle.loads(await stream.readexactly(length))  # noqa: S301 - our own child wrote it
    except IncompleteReadError as error:
        raise EOFError from error
