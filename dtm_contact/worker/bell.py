"""What wakes the lanes."""

import asyncio

# Work that another process put in (a retry, a release), or whose pause is over, is seen this late at the most.
_LOOK_AGAIN_SECONDS = 1.0


class Bell:
    """Rung when something has arrived; every lane that waits wakes. Belongs to one event loop."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all that wait."""
        self._rung.set()
        self._rung = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Return what to wait for; taken before looking whether there is work, so that no ring is missed in between."""
        return self._rung

    async def wait(self, rung: asyncio.Event) -> None:
        """Return when the bell was rung since `listen`, or after a second: not all that is to be done rings it."""
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                await rung.wait()
        except TimeoutError:
            return
