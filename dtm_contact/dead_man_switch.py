"""The dead-man's switch: a sign every minute while all is well, so that its silence is an alarm somewhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from dtm_contact import metrics
from dtm_contact.background import beside, repeat
from dtm_contact.errors import DtmContactError, described
from dtm_contact.log import get_log
from dtm_contact.monitor import HealthReport
from dtm_contact.settings import HeartbeatSettings
from dtm_contact.webcall import webcall

_SECONDS: Final = 60.0
_MOST_SECONDS: Final = 20.0
_log = get_log("dead-man's switch")


class DeadManSwitch:
    """Calls a URL or touches a file every minute while the daemon is well.

    A call that fails is logged and no more: whoever monitors the URL or the file notices that it stays away.
    """

    def __init__(self, settings: HeartbeatSettings, report: Callable[[], HealthReport]) -> None:
        """Take where the sign goes, and what looks whether all is well, which may block."""
        self._settings = settings
        self._report = report

    async def sign(self) -> bool:
        """Give the sign if all is well; return whether it was given, in all ways that the settings name."""
        report = await asyncio.to_thread(self._report)
        if not report.well:
            wrong = ", ".join(name for name, told in report.checks.items() if told)
            _log.warning("no sign of life is given", wrong=wrong)
            metrics.SIGNS_OF_LIFE.labels("withheld").inc()
            return False
        given = [await self._touch(), await self._call()]
        metrics.SIGNS_OF_LIFE.labels("given" if all(given) else "failed").inc()
        return all(given)

    async def _touch(self) -> bool:
        path = self._settings.file
        if path is None:
            return True
        try:
            await asyncio.to_thread(path.touch, mode=0o644)
        except OSError as error:
            _log.warning("the file of DTM_HEARTBEAT_FILE cannot be touched", error=described(error))
            return False
        return True

    async def _call(self) -> bool:
        url = self._settings.url
        if url is None:
            return True
        try:
            await webcall(url, authority=self._settings.authority, seconds=_MOST_SECONDS)
        except (OSError, DtmContactError) as error:
            # The address may be secret.
            _log.warning("the address of DTM_HEARTBEAT_URL does not take the sign", error=described(error))
            return False
        return True


@asynccontextmanager
async def signing(switch: DeadManSwitch, settings: HeartbeatSettings) -> AsyncIterator[None]:
    """Give the sign now and every minute until the block ends, where the settings name where."""
    if settings.url is None and settings.file is None:
        yield
        return

    def trouble(error: Exception) -> None:
        _log.error("no sign of life can be given", error=described(error))

    async with beside(repeat(switch.sign, _SECONDS, trouble), "dead-man's switch"):
        yield
