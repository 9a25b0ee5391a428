"""Alarms: an error in the log, a metric, and a notice to the admins, once for each cause."""

from collections.abc import Callable

from dtm_contact import metrics
from dtm_contact.log import get_log

Notice = Callable[[str, str], None]

AGAIN_SECONDS = 3600.0
"""After how many seconds something that happens again and again is told again."""

_log = get_log("alarm")


class Alarms:
    """The alarms of one program: states that last (`sound`, `over`) and things that happen (`happened`)."""

    def __init__(self, notice: Notice, clock: Callable[[], float]) -> None:
        """Take what tells the admins the cause and a sentence, without blocking, and a clock in seconds."""
        self._notice = notice
        self._clock = clock
        self._lasting: set[str] = set()
        self._told_at: dict[str, float] = {}

    def sound(self, cause: str, told: str) -> None:
        """Say that something is wrong and lasts, unless the same cause was told already and is not over.

        Args:
            cause: a word for it, the same each time ("intake").
            told: what is wrong and what to do, in a sentence without a person's data.
        """
        if cause not in self._lasting:
            self._lasting.add(cause)
            metrics.ALARMING.labels(cause).set(1)
            self._tell(cause, told)

    def over(self, cause: str) -> None:
        """Say that what lasted is over: the next time it is told again."""
        if cause in self._lasting:
            self._lasting.discard(cause)
            metrics.ALARMING.labels(cause).set(0)
            _log.info("over", cause=cause)

    def happened(self, cause: str, told: str) -> None:
        """Say that something happened that a person must look at; the same cause is told once an hour at the most.

        What is not told stands in the log all the same: it may be another case each time.

        Args:
            cause: a word for it, the same each time ("parked").
            told: what happened and what to do, in a sentence without a person's data.
        """
        now = self._clock()
        last = self._told_at.get(cause)
        if last is None or now - last >= AGAIN_SECONDS:
            self._told_at[cause] = now
            self._tell(cause, told)
        else:
            _log.warning(told, cause=cause)

    @property
    def lasting(self) -> tuple[str, ...]:
        """The causes that last."""
        return tuple(sorted(self._lasting))

    def _tell(self, cause: str, told: str) -> None:
        metrics.ALARMS.labels(cause).inc()
        _log.error(told, cause=cause)
        self._notice(cause, told)
