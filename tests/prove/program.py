"""The daemon as what it is, a program with children: started, killed without warning, stopped, started again."""

import asyncio
import json
import os
import select
import signal
import sys
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.forking import is_server
from tests.prove.database import ROOT, Database

REAL = ("-m", "dtm_contact", "run")
# So long that only what hangs is ended by them: a machine with much other work starts a daemon in minutes.
_SECONDS_TO_START = 600.0
_SECONDS_TO_END = 600.0
_LINES_KEPT = 200


class Program:
    """A daemon in a process of its own, with its own judge processes, on one store.

    Attributes:
        database: its store.
        log: its last lines of log.
        said: how often it said each thing in its log.
        address: where it takes mail, or took it last.
        addresses: where it takes what comes in by each way, or took it last, by the receiver's name.
        environment: its settings.
        dark: its machine has no power: what it still says is heard by nobody.
    """

    def __init__(
        self, database: Database, command: Sequence[str] = REAL, environment: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; `command` are the arguments of the interpreter, `environment` adds to the settings given here."""
        self.database = database
        self.dark = False
        self.log: deque[str] = deque(maxlen=_LINES_KEPT)
        self.said: Counter[str] = Counter()
        self.address = ("127.0.0.1", 0)
        self.addresses: dict[str, str] = {}
        self._command = (sys.executable, *command)
        self.environment = _environment(database) | dict(environment or {})
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._takes_mail = False

    @property
    def pid(self) -> int:
        """The daemon's process id; 0 while there is none."""
        return self._process.pid if self._process else 0

    def judges(self) -> list[int]:
        """Return the process ids of its judges."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except FileNotFoundError:
            return []
        return [int(pid) for pid in children if not is_server(int(pid))]

    async def launch(self) -> None:
        """Start the process, and return without waiting until it works."""
        self._started.clear()
        self._takes_mail = False
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, env=self.environment, stderr=asyncio.subprocess.PIPE
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def started(self) -> None:
        """Return once it takes mail.

        Raises:
            RuntimeError: it ended before that.
            TimeoutError: it took too long.
        """
        if self._process is None:
            await self.launch()
        async with asyncio.timeout(_SECONDS_TO_START):
            await self._started.wait()
        if not self._takes_mail:
            raise RuntimeError("the daemon did not come up:\n" + "\n".join(self.log))

    async def kill(self) -> None:
        """Send SIGKILL to the daemon and to all its judges, and wait until none is left."""
        if self._process is None or self._listening is None:
            return
        judges = [os.pidfd_open(pid) for pid in self.judges()]
        with suppress(ProcessLookupError):
            self._process.kill()
        for judge in judges:
            signal.pidfd_send_signal(judge, signal.SIGKILL)
        await self._ended()
        for judge in judges:
            await asyncio.to_thread(select.select, [judge], [], [], _SECONDS_TO_END)
            os.close(judge)

    async def stop(self) -> int:
        """Stop it by SIGTERM, as an init system does; return its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        return await self._ended()

    async def _ended(self) -> int:
        process, listening = self._process, self._listening
        if process is None or listening is None:
            return 0
        async with asyncio.timeout(_SECONDS_TO_END):
            status = await process.wait()
        # A judge that outlives the daemon still holds its standard error.
        listening.cancel()
        await asyncio.wait((listening,))
        self._process = None
        return status

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr and (line := await process.stderr.readline()):
            text = line.decode(errors="replace").rstrip()
            self.log.append(text)
            with suppress(ValueError):
                self.said[json.loads(text)["event"]] += 1
            if '"event": "started"' in text:
                self.addresses = json.loads(text)
                host, _, port = self.addresses["smtp"].rpartition(":")
                self.address = (host, int(port))
                self._takes_mail = True
                self._started.set()
        self._started.set()


def chance(seed: int) -> Random:
    """Return what decides all that is left to chance in a proof; the same for the same seed."""
    return Random(seed)  # noqa: S311 - no secret


def _environment(database: Database) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "DTM_STORE_URL": database.url,
        "DTM_RULES_DIR": str(ROOT / "rules"),
        "DTM_SMTP_PORT": "0",
        "DTM_MONITOR_PORT": "0",
        "DTM_LOG_JSON_LINES": "true",
        "DTM_JUDGE_PAUSE": "0.1",
        "DTM_JUDGE_PROCESSES": os.environ.get("DTM_JUDGE_PROCESSES", "2"),
    }
