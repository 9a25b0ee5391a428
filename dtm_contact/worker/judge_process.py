"""One judge process as the daemon sees it: started, asked, ended when it takes too long, started again."""

from asyncio import CancelledError
from collections.abc import Mapping
from pathlib import Path

from dtm_contact.errors import JudgeDiedError, JudgeTimeoutError
from dtm_contact.settings import Settings
from dtm_contact.worker.ipc import (
    AwaitsRecognition,
    Child,
    JudgeFailure,
    JudgeReply,
    JudgeRequest,
    LoadRules,
    Look,
    Looked,
    Ready,
    Request,
    StartJudge,
)

_SECONDS_TO_START = 60.0
FRUGAL = {
    # Judging has a processor to itself: threads for matrices would take the others' and each its own memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # What loading took goes back to the system (mallopt(3)): the process lives for months.
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


class JudgeProcess:
    """A judge in a process of its own; ending it leaves the others' work alone. One request at a time."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings that the process is to work by; it starts with the first request, or by `launch`."""
        self._settings = settings
        self._child: Child | None = None
        self._ready = False
        self._loaded = settings.rules.dir

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._child.pid if self._child else None

    def use_rules_of(self, settings: Settings) -> None:
        """Have the rules of other settings judge from the next request on."""
        self._settings = settings

    async def launch(self) -> None:
        """Start the process; it loads its directory and rules while we do other things."""
        self._ready = False
        self._loaded = self._settings.rules.dir
        self._child = await Child.start(StartJudge(self._settings), FRUGAL)

    async def ready(self) -> None:
        """Return once the process has its directory and the rules in force; launch it where there is none.

        Raises:
            JudgeDiedError: it ended before that; its own words stand in the log.
            JudgeTimeoutError: it took too long.
        """
        if self._child is None:
            await self.launch()
        if not self._ready:
            if not isinstance(await self._answer(_SECONDS_TO_START), Ready):
                raise JudgeDiedError("it did not come up")
            self._ready = True
        if self._loaded != self._settings.rules.dir:
            await self._load_rules(self._settings.rules.dir)

    async def _load_rules(self, folder: Path) -> None:
        if isinstance(await self._answer(_SECONDS_TO_START, LoadRules(folder)), Ready):
            self._loaded = folder
            return
        # Loaded from the start it may do better; if not, that is reported as a judge that does not come up.
        await self.kill()
        raise JudgeDiedError("it did not take up the new rules")

    async def judge(self, request: JudgeRequest) -> JudgeReply | AwaitsRecognition | JudgeFailure:
        """Have one arrival judged.

        Raises:
            JudgeTimeoutError: it took longer than the setting allows; the process was ended.
            JudgeDiedError: the process ended before it answered.
        """
        await self.ready()
        answer = await self._answer(self._settings.judge.seconds, request)
        if not isinstance(answer, JudgeReply | AwaitsRecognition | JudgeFailure):
            raise JudgeDiedError("it answered out of turn")
        await self._replace_if_worn(answer)
        return answer

    async def look(self, look: Look) -> Mapping[int, int]:
        """Have arrivals that wait glanced at; return the score of danger of each by its number, none where it failed.

        Raises:
            JudgeTimeoutError, JudgeDiedError: as of `judge`.
        """
        await self.ready()
        answer = await self._answer(self._settings.judge.seconds, look)
        await self._replace_if_worn(answer)
        return answer.scores if isinstance(answer, Looked) else {}

    async def _replace_if_worn(self, answer: object) -> None:
        if isinstance(answer, JudgeFailure) and answer.is_worn:
            await self.kill()
            await self.launch()

    async def _answer(self, seconds: float, request: Request | None = None) -> object:
        child = self._child
        if child is None:
            raise JudgeDiedError("it is not running")
        try:
            return await child.answer(seconds, request)
        except (TimeoutError, EOFError, ConnectionError, CancelledError) as error:
            # The child was killed with it.
            if self._child is child:
                self._child = None
            if isinstance(error, CancelledError):
                raise
            if isinstance(error, TimeoutError):
                raise JudgeTimeoutError(f"{seconds:g} s") from error
            raise JudgeDiedError(f"exit status {await child.kill()}") from error

    async def kill(self) -> None:
        """End the process at once: it keeps nothing. The next request starts a new one."""
        child, self._child = self._child, None
        if child is not None:
            await child.kill()
