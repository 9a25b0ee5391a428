"""Rules tried before they take effect, in a process of its own: loaded, checked, and held to their own tests."""

import asyncio
import sys
from dataclasses import dataclass

from dtm_contact.model import Problem, Severity
from dtm_contact.settings import Settings
from dtm_contact.worker.frames import receive, send


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: the version that was loaded, or None; all that is to be said of it."""

    version: str | None
    problems: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        """Whether the rules may take effect."""
        return self.version is not None and not self.errors

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps them from it."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


async def tried(settings: Settings) -> Tried:
    """Try the rules of the settings' folder, as the directory is now; whatever goes wrong is told as a problem."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dtm_contact.worker.rules_trial_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(settings.rules.trial_seconds):
            return await _asked(process, settings)
    except TimeoutError:
        return _failed(f"they could not be tried within {settings.rules.trial_seconds:g} s")
    except (EOFError, ConnectionError):
        return _failed("the process that tried them ended")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _asked(process: asyncio.subprocess.Process, settings: Settings) -> Tried:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    await send(process.stdin, settings)
    found: Tried = await receive(process.stdout)
    return found


def _failed(message: str) -> Tried:
    return Tried(None, (Problem("routing.yaml", 0, 0, message, "look at the log of the daemon"),))
