"""How arrivals are judged, by their media type: a module each; a new kind is a new file with one decorated function."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Final

from dtm_contact.model import Judgement
from dtm_contact.pipeline import Grounds
from dtm_contact.store import Store
from dtm_contact.worker.messages import Task

Judge = Callable[[Task, Store], Judgement]
"""Judges one arrival; opens the store's history by itself."""

Prepare = Callable[[Grounds], Judge]
"""Makes ready what judging a kind needs; once for a directory and its rules."""

KINDS: Final[dict[str, Prepare]] = {}
MESSAGE: Final = "message/rfc822"


def judges(media_type: str) -> Callable[[Prepare], Prepare]:
    """Register what makes the judge of arrivals of `media_type`."""

    def register(prepare: Prepare) -> Prepare:
        KINDS[media_type] = prepare
        return prepare

    return register


class Judges:
    """The judges of one directory and its rules, each made ready when its first arrival comes."""

    def __init__(self, grounds: Grounds) -> None:
        """Take what judging rests on."""
        self._grounds = grounds
        self._ready: dict[str, Judge] = {}

    def of(self, media_type: str) -> Judge:
        """Return the judge of a media type; where there is none, that of messages, which refuses what is none."""
        kind = media_type if media_type in KINDS else MESSAGE
        if kind not in self._ready:
            self._ready[kind] = KINDS[kind](self._grounds)
        return self._ready[kind]


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
