"""Tasks beside the rest: one for as long as a block lasts, a look that is repeated whatever happens, and their end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

_SECONDS_TO_END: Final = 10.0
"""So long a cancelled task may put in order what it leaves; then it is cancelled once more."""


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
