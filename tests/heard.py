"""Who hears of alarms in tests."""

from collections.abc import Callable
from typing import Any

from dtm_contact.alarms import Alarms


class Heard:
    """Keeps what alarms say: `told` each sentence with its cause, `over` the causes that ended."""

    def __init__(self, notice: Callable[[str, str], Any] = lambda _cause, _told: None) -> None:
        self._notice = notice
        self.told: list[tuple[str, str]] = []
        self.ended: list[str] = []

    def sounds(self, cause: str, told: str) -> None:
        self.told.append((cause, told))
        self._notice(cause, told)

    happened = sounds

    def ends(self, cause: str) -> None:
        self.ended.append(cause)


def made_alarms(notice: Callable[[str, str], Any] = lambda _cause, _told: None) -> Alarms:
    """Return alarms by a clock that stands still."""
    return Alarms(Heard(notice), lambda: 0.0)
