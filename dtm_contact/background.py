"""Tasks beside the rest: one for as long as a block lasts, a look that is repeated whatever happens, and their end.

And processes beside it, which give way to it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn

_SECONDS_TO_END: Final = 10.0
"""So long a cancelled task may put in order what it leaves; then it is cancelled once more."""
_GROUP_NICENESS: Final = Path("/proc/self/autogroup")
_REAL_TIME: Final = (os.SCHED_FIFO, os.SCHED_RR)


def give_way(niceness: int) -> None:
    """Let the intake and the judges go before this process where the processor is short, and before all it starts.

    In real time no niceness counts: what a daemon starts that runs there is taken out of it. Where Linux shares the
    processor out by sessions (sched(7), autogroups), one of its own would get as much as the daemon's whatever is said
    of its process: there it has to be said of the session too.

    Args:
        niceness: how much lower its priority is than that of whoever started it.
    """
    if os.sched_getscheduler(0) in _REAL_TIME:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _GROUP_NICENESS.write_text(str(niceness))


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, Any], name: str) -> AsyncIterator[None]:
    """Run `work` as a task of that name until the block ends, then cancel it and wait until it is gone."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await cancel_and_wait(task)


async def cancel_and_wait(*tasks: asyncio.Future[Any], patience: float = _SECONDS_TO_END) -> None:
    """Cancel tasks and return once all have ended, whatever they ended with.

    A task that goes on is cancelled again: `asyncio.wait_for` forgets a cancellation where what it waits for ends in
    the same turn of the loop (Python 3.11), and libraries use it, so that once might not be enough.

    Args:
        tasks: those to end.
        patience: seconds after which what has not ended is cancelled again.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=patience)
    # What they raised is heard of: nobody else asks.
    await asyncio.gather(*tasks, return_exceptions=True)


async def repeat(
    look: Callable[[], Awaitable[Any]],
    seconds: float,
    trouble: Callable[[Exception], None],
    *,
    at_once: bool = True,
) -> NoReturn:
    """Look until cancelled; a look that fails is told to `trouble`, and is no reason not to look again.

    Args:
        look: one look.
        seconds: the pause between the end of one and the next.
        trouble: takes what a look raised.
        at_once: whether the first look comes before the first pause.
    """
    if not at_once:
        await asyncio.sleep(seconds)
    while True:
        try:
            await look()
        except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
            trouble(error)
        await asyncio.sleep(seconds)
