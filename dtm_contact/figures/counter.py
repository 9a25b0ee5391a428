"""The process that counts days for the daemon: it reads the store, writes what it counted to its output, and ends.

Counting a night's days takes seconds of a processor: the daemon, which has one interpreter, takes mail in meanwhile.
Both ends are this program, over pipes that nobody else holds: that is what pickle is safe for.
"""

import asyncio
import os
import pickle
import sys
from dataclasses import dataclass
from datetime import date
from typing import Final

from dtm_contact.background import cancel_and_wait, give_way
from dtm_contact.errors import DtmContactError
from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.counting import CountingContext, count_days
from dtm_contact.store import open_store

_NICENESS: Final = 10


class CountingFailedError(DtmContactError):
    """The process that counts figures ended before it had counted them."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be counted: the days from one to another of a store."""

    url: str
    first: date
    last: date
    grounds: CountingContext


async def count_apart(task: Task) -> dict[date, FigureCells]:
    """Count days in a process of its own, which gives way to all others; it is ended with the caller.

    Raises:
        CountingFailedError: it ended with something else than the counts.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    talking = asyncio.ensure_future(process.communicate(pickle.dumps(task)))
    try:
        counted, _ = await asyncio.shield(talking)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await cancel_and_wait(talking)
    if process.returncode != 0:
        raise CountingFailedError(f"status {process.returncode}")
    found: dict[date, FigureCells] = pickle.loads(counted)  # noqa: S301 - our own child wrote it
    return found


def main() -> None:
    """Count what the standard input asks for."""
    give_way(_NICENESS)
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    with open_store(task.url, read_only=True) as store:
        found = count_days(store, task.first, task.last, task.grounds)
    pickle.dump(found, sys.stdout.buffer)


if __name__ == "__main__":
    main()
