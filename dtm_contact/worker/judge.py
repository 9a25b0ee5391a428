"""One judge process as the daemon sees it: started, asked, ended when it takes too long, started again."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dtm_contact.errors import JudgeDiedError, JudgeTimeoutError
from dtm_contact.settings import Settings
from dtm_contact.worker.frames import pack, receive, send
from dtm_contact.worker.messages import Judged, Look, Looked, Ready, Refused, TakeUp, Task

_STREAM_LIMIT = 1 << 20
_SECONDS_TO_START = 60.0
FRUGAL = {
    # Judging has a processor to itself: threads for matrices would take the others' and each its own memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # What loading took goes back to the system (mallopt(3)): the process lives for months.
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


class JudgeProcess:
    """A judge in a process of its own; ending it leaves the others' work alone. One task at a time."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings that the process is to work by; it starts with the first task, or by `launch`."""
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._loaded = settings.rules.dir

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._process.pid if self._process else None

    def take_up(self, settings: Settings) -> None:
        """Have the rules of other settings judge from the next task on."""
        self._settings = settings

    async def launch(self) -> None:
        """Start the process; it loads its directory and rules while we do other things."""
        self._ready = False
        self._loaded = self._settings.rules.dir
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dtm_contact.worker.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_STREAM_LIMIT,
            start_new_session=True,
            env={**os.environ, **FRUGAL},
        )
        if self._process.stdin is not None:
            self._process.stdin.write(pack(self._settings))

    async def ready(self) -> None:
        """Return once the process has its directory and the rules in force; launches it where there is none.

        Raises:
            JudgeDiedError: it ended before that; its own words stand in the log.
            JudgeTimeoutError: it took too long.
        """
        if self._process is None:
            await self.launch()
        if not self._ready:
            if not isinstance(await self._answer(_SECONDS_TO_START), Ready):
                raise JudgeDiedError("it did not come up")
            self._ready = True
        if self._loaded != self._settings.rules.dir:
            await self._follow_rules(self._settings.rules.dir)

    async def _follow_rules(self, folder: Path) -> None:
        if isinstance(await self._answer(_SECONDS_TO_START, TakeUp(folder)), Ready):
            self._loaded = folder
            return
        # Loaded from the start it may do better; if not, that is told as a judge that does not come up.
        await self.kill()
        raise JudgeDiedError("it did not take up the new rules")

    async def judge(self, task: Task) -> Judged | Refused:
        """Have one arrival judged.

        Raises:
            JudgeTimeoutError: it took longer than the setting allows; the process was ended.
            JudgeDiedError: the process ended before it answered.
        """
        await self.ready()
        answer = await self._answer(self._settings.judge.seconds, task)
        if not isinstance(answer, Judged | Refused):
            raise JudgeDiedError("it answered out of turn")
        if isinstance(answer, Refused) and answer.worn:
            await self.kill()
            await self.launch()
        return answer

    async def look(self, look: Look) -> Mapping[int, int]:
        """Have arrivals that wait glanced at; return the score of danger of each by its number, none where it failed.

        Raises:
            JudgeTimeoutError, JudgeDiedError: as of `judge`.
        """
        await self.ready()
        answer = await self._answer(self._settings.judge.seconds, look)
        if isinstance(answer, Refused) and answer.worn:
            await self.kill()
            await self.launch()
        return answer.scores if isinstance(answer, Looked) else {}

    async def _answer(self, seconds: float, task: Task | TakeUp | Look | None = None) -> object:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise JudgeDiedError("it is not running")
        try:
            async with asyncio.timeout(seconds):
                if task is not None:
                    await send(process.stdin, task)
                return await receive(process.stdout)
        except TimeoutError as error:
            await self.kill()
            raise JudgeTimeoutError(f"{seconds:g} s") from error
        except (EOFError, ConnectionError) as error:
            await self.kill()
            raise JudgeDiedError(f"exit status {process.returncode}") from error
        except asyncio.CancelledError:
            # Its answer would be taken for that of the next task.
            await self.kill()
            raise

    async def kill(self) -> None:
        """End the process at once: it keeps nothing. The next task starts a new one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
