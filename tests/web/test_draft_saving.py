"""Drafts that are typed at the same time are kept together; whoever waits hears of their own."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dtm_contact.errors import NotFoundError, StoreUnavailableError
from dtm_contact.model import DraftKind
from dtm_contact.web.draft_saving import DraftSaver, TypedDraft


def typed(who: str, words: str = "Bonjour") -> TypedDraft:
    return TypedDraft(who, DraftKind.NOTE, "2026-000001", {"texte": words})


class Daemon:
    """Stands for the daemon: notes who was in each call, and holds the first until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.holds, self.let_go = threading.Event(), threading.Event()

    def __call__(self, name: str, *, drafts: list[Mapping[str, Any]]) -> list[int | None]:
        assert name == "save_drafts"
        self.calls.append([draft["who"] for draft in drafts])
        self.holds.set()
        assert self.let_go.wait(60)
        if drafts[0]["who"] == "trouble":
            raise StoreUnavailableError("away")
        return [None if draft["who"] == "nobody" else len(self.calls) for draft in drafts]


def test_what_is_typed_while_one_is_kept_goes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.web.draft_saving.PAUSE_SECONDS", 0.0)
    daemon = Daemon()

    async def several() -> list[int | BaseException]:
        saver = DraftSaver(daemon)
        first = asyncio.create_task(saver.save(typed("anne")))
        await asyncio.to_thread(daemon.holds.wait, 60)
        others = [asyncio.create_task(saver.save(typed(who))) for who in ("paul", "nobody", "lea")]
        await asyncio.sleep(0)
        daemon.let_go.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    came = asyncio.run(several())
    assert daemon.calls == [["anne"], ["paul", "nobody", "lea"]]
    assert [came[0], came[1], came[3]] == [1, 2, 2]
    assert isinstance(came[2], NotFoundError)


def test_of_a_call_that_fails_all_hear_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.web.draft_saving.PAUSE_SECONDS", 0.0)
    daemon = Daemon()
    daemon.let_go.set()

    async def both() -> tuple[Sequence[int | BaseException], int]:
        saver = DraftSaver(daemon)
        failed = await asyncio.gather(saver.save(typed("trouble")), saver.save(typed("anne")), return_exceptions=True)
        return failed, await saver.save(typed("paul"))

    failed, later = asyncio.run(both())
    assert all(isinstance(each, StoreUnavailableError) for each in failed)
    assert (later, len(daemon.calls)) == (2, 2)


def test_one_call_holds_so_many_octets_as_a_line_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.web.draft_saving.PAUSE_SECONDS", 0.0)
    daemon = Daemon()
    daemon.let_go.set()

    async def long_ones() -> None:
        saver = DraftSaver(daemon)
        await asyncio.gather(*(saver.save(typed(f"{number}", "é" * 40_000)) for number in range(4)))

    asyncio.run(long_ones())
    assert daemon.calls == [["0", "1"], ["2", "3"]]
