"""Drafts on their way to the daemon: what several people type at the same time is kept together."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dtm_contact.errors import NotFoundError
from dtm_contact.model import DraftKind

PAUSE_SECONDS: Final = 0.5
"""From one commit of drafts to the next, at the least: so long whoever types waits for "Brouillon enregistré"."""
_MOST_TOGETHER: Final = 100
_MOST_OCTETS: Final = 512 * 1024
"""Of one call; the daemon takes a line of twice as much. One draft has less."""


@dataclass(frozen=True, slots=True)
class TypedDraft:
    """What somebody has typed.

    Attributes:
        who: the name of their account.
        kind: what it becomes.
        about: the number of the case; of a case by hand the id that the page gave it.
        fields: what stands in the form; None where nothing new does, but somebody is still at it.
        page: the mark of the page on which it is written (`WritingPage`).
    """

    who: str
    kind: DraftKind
    about: str
    fields: Mapping[str, str] | None
    page: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the procedure `save_drafts` takes it."""
        fields = None if self.fields is None else dict(self.fields)
        return {"who": self.who, "kind": self.kind.value, "about": self.about, "fields": fields, "page": self.page}


class DraftSaver:
    """Has the daemon keep drafts: each second that many people type is two commits, not one for each of them.

    The first draft after a pause goes at once. Those that come within the pause, or while a call is on its way, go
    together into the next; whoever handed one over hears once it is on the disk, so that nobody is told "enregistré" of
    what a power cut would take. Belongs to one event loop.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        """Take what calls a procedure of the daemon, and blocks."""
        self._call = call
        self._gathered: list[tuple[TypedDraft, int, asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._next_at = 0.0

    async def save(self, draft: TypedDraft) -> int:
        """Have a draft kept; return its revision, 0 where nothing is written in it any more, `ENDED` where it is over.

        Raises:
            NotFoundError: they may not write there, or there is no such case.
            StoreUnavailableError: it is not known to be kept.
        """
        outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._gathered.append((draft, len(json.dumps(draft.as_json())), outcome))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="drafts")
        return await outcome

    async def _write(self) -> None:
        """Have all that was gathered kept, and what is gathered meanwhile."""
        loop = asyncio.get_running_loop()
        while self._gathered:
            await asyncio.sleep(self._next_at - loop.time())
            self._next_at = loop.time() + PAUSE_SECONDS
            together = self._next_together()
            try:
                drafts = [draft.as_json() for draft, _octets, _outcome in together]
                revisions = await asyncio.to_thread(self._call, "save_drafts", drafts=drafts)
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
                for _draft, _octets, outcome in together:
                    _settle(outcome, error)
            else:
                for (_draft, _octets, outcome), revision in zip(together, revisions, strict=True):
                    _settle(outcome, NotFoundError("draft") if revision is None else revision)

    def _next_together(self) -> list[tuple[TypedDraft, int, asyncio.Future[int]]]:
        count, octets = 0, 0
        for _draft, size, _outcome in self._gathered[:_MOST_TOGETHER]:
            octets += size
            if count and octets > _MOST_OCTETS:
                break
            count += 1
        together, self._gathered = self._gathered[:count], self._gathered[count:]
        return together


def _settle(outcome: asyncio.Future[int], came: int | Exception) -> None:
    # Whoever waited may be gone.
    if outcome.done():
        return
    if isinstance(came, Exception):
        outcome.set_exception(came)
    else:
        outcome.set_result(came)
