"""Alarms: an error in the log, a metric, and a notice to the admins, once for each cause until it is over."""

from collections.abc import Callable

from dtm_contact import metrics
from dtm_contact.log import get_log

Notice = Callable[[str, str], None]

_log = get_log("alarm")


class Alarms:
    """The alarms of one program."""

    def __init__(self, notice: Notice) -> None:
        """Take what tells the admins: it is given the cause and a sentence, and must not block."""
        self._notice = notice
        self._lasting: set[str] = set()

    def sound(self, cause: str, told: str) -> None:
        """Say that something needs a person, unless the same cause was told already and is not over.

        Args:
            cause: a word for it, the same each time ("store", "parked").
            told: what happened and what to do, in a sentence without a person's data.
        """
        if cause in self._lasting:
            return
        self._lasting.add(cause)
        metrics.ALARMS.labels(cause).inc()
        metrics.ALARMING.labels(cause).set(1)
        _log.error(told, cause=cause)
        self._notice(cause, told)

    def over(self, cause: str) -> None:
        """Say that a cause is over: the next time it is told again."""
        if cause in self._lasting:
            self._lasting.discard(cause)
            metrics.ALARMING.labels(cause).set(0)
            _log.info("over", cause=cause)

    @property
    def lasting(self) -> tuple[str, ...]:
        """The causes that are not over."""
        return tuple(sorted(self._lasting))
