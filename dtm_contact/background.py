"""What runs beside the rest: a task for as long as a block lasts, and a look that is repeated whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, Any], name: str) -> AsyncIterator[None]:
    """Run `work` as a task of that name until the block ends, then cancel it and wait until it is gone."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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
