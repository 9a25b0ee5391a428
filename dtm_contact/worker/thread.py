"""The store's blocking calls, off the event loop and in one order."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dtm_contact.store import Store

Result = TypeVar("Result")


class StoreThread:
    """A store whose calls run in one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def run(self, call: Callable[[Store], Result]) -> Result:
        """Return what `call` returns of the store; a caller that is cancelled does not stop it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)

    def close(self) -> None:
        """Return once what was begun is done."""
        self._thread.shutdown(wait=True)
