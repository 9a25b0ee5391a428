"""Recognising scanned letters beside all judging: those that wait are taken one after the other, few at a time.

Judging asks for what was recognised (`StoredScanReader`) and puts a letter off where nobody has recognised it yet; the
store holds what waits, so that a daemon that ends loses nothing, and any daemon on the store may take it. What is
judged meanwhile waits for none of it: recognition has processes of its own, which give way to all others (nice(2)).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from dtm_contact import metrics
from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import AwaitsRecognitionError
from dtm_contact.log import get_log
from dtm_contact.model import Attachment, FileOutcome, Recognition
from dtm_contact.recognition.reader import Recogniser
from dtm_contact.settings import RecognitionSettings
from dtm_contact.store import Store

_LOOK_AGAIN_SECONDS: Final = 10.0
"""Work that another daemon left, or that was put in by hand, is seen this late at the most."""
_PAUSE_SECONDS: Final = 5.0
_TIMES_THE_BOUND: Final = 2

_log = get_log("recognition")


class StoredScanReader:
    """A `ScanReader` that knows what the store keeps."""

    def __init__(self, store: Store) -> None:
        """Take the store; it is only read."""
        self._store = store

    def __call__(self, _raw: bytes, files: Sequence[Attachment]) -> Sequence[Recognition]:
        """Return what was recognised in files.

        Raises:
            AwaitsRecognitionError: some of them nobody has recognised.
        """
        found = self._store.recognitions.recognised_in([file.sha256 for file in files])
        missing = [file.sha256 for file in files if file.sha256 not in found]
        if missing:
            raise AwaitsRecognitionError(missing)
        return [found[file.sha256] for file in files]


class RecognitionQueue:
    """Has scans recognised that wait in the store."""

    def __init__(self, settings: RecognitionSettings, store: Store, clock: Callable[[], datetime]) -> None:
        """Take the bounds, the store, and the clock that claims count by."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._recogniser = Recogniser(settings)
        self._waiting = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, recognised: Callable[[], None]) -> None:
        """Begin; `recognised` is called whenever a letter can be judged."""
        self._tasks = [
            asyncio.create_task(self._run(recognised), name="recognition") for _ in range(self._settings.processes)
        ]

    def wake(self) -> None:
        """Say that a letter waits."""
        self._waiting.set()

    async def stop(self) -> None:
        """End what is being recognised; it is begun again by whoever takes it next."""
        await asyncio.to_thread(self._recogniser.close)
        await cancel_and_wait(*self._tasks)

    async def _run(self, recognised: Callable[[], None]) -> None:
        while True:
            self._waiting.clear()
            try:
                is_found = await asyncio.to_thread(self._recognise_next)
            except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
                # The letters wait, and at the end of their time a person reads them.
                _log.warning("a scan could not be recognised", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if is_found:
                recognised()
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.wait(), _LOOK_AGAIN_SECONDS)

    def _recognise_next(self) -> bool:
        """Recognise the scan that waits longest; return false where none does."""
        longest = timedelta(seconds=_TIMES_THE_BOUND * self._settings.seconds)
        scan = self._store.recognitions.begin(self._clock(), longest)
        if scan is None:
            return False
        begun = time.monotonic()
        found = self._recogniser.recognise(scan.raw, scan.sha256)
        seconds = time.monotonic() - begun
        if self._recogniser.is_closed and found.outcome is FileOutcome.COSTLY:
            # We ended it ourselves: that says nothing of the letter.
            return False
        self._store.recognitions.keep(scan, found)
        metrics.RECOGNISED.labels(found.outcome.value).inc()
        metrics.RECOGNITION_SECONDS.observe(seconds)
        _log.info(
            "recognised",
            arrival=scan.arrival_id,
            outcome=found.outcome.value,
            pages=len(found.pages),
            words=found.words,
            confidence=round(found.confidence),
            seconds=round(seconds, 1),
        )
        return True
