"""The queue of scanned letters goes on whatever befalls one of them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from dtm_contact.settings import RecognitionSettings
from dtm_contact.worker import recognition_queue
from dtm_contact.worker.recognition_queue import RecognitionQueue
from tests.worker.test_worker import until


async def test_the_next_one_follows_whether_a_letter_was_recognised_or_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    recognised: list[int] = []

    def next_one() -> bool:
        looks.append(len(looks))
        if len(looks) == 1:
            raise OSError("the store is busy")
        return len(looks) == 2

    monkeypatch.setattr(recognition_queue, "_PAUSE_SECONDS", 0)
    queue = RecognitionQueue(RecognitionSettings(processes=1), SimpleNamespace(), lambda: datetime.now(UTC))  # type: ignore[arg-type]
    monkeypatch.setattr(queue, "_recognise_next", next_one)
    queue.start(lambda: recognised.append(len(looks)))
    try:
        await until(lambda: len(looks) > 2)
    finally:
        await queue.stop()
    assert recognised == [2]


async def test_a_letter_that_begins_to_wait_is_looked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    monkeypatch.setattr(recognition_queue, "_LOOK_AGAIN_SECONDS", 3_600)
    store = SimpleNamespace(recognitions=SimpleNamespace(begin=lambda *given: looks.append(given)))
    queue = RecognitionQueue(RecognitionSettings(processes=1), store, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    queue.start(lambda: None)
    try:
        await until(lambda: len(looks) == 1)
        queue.wake()
        await until(lambda: len(looks) == 2)
    finally:
        await queue.stop()
