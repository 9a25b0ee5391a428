"""The alarms of one program: an error in the log, a metric, and a word to whoever notifies the admins."""

import threading
from collections.abc import Callable
from typing import Protocol

from dtm_contact import metrics
from dtm_contact.alarms.causes import cause_of
from dtm_contact.log import get_log

AGAIN_SECONDS = 3600.0
"""After how many seconds something that happens again and again is reported again."""

_log = get_log("alarm")


class Listener(Protocol):
    """Who notifies the admins. Its methods return at once, and may be called from any thread."""

    def sounds(self, cause: str, sentence: str) -> None:
        """Hear that something is wrong and lasts; once more where its sentence has changed."""
        ...

    def ends(self, cause: str) -> None:
        """Hear that what lasted is over."""
        ...

    def happened(self, cause: str, sentence: str) -> None:
        """Hear that something happened which a person must look at."""
        ...


class Alarms:
    """The alarms of one program: states that last (`sound`, `over`) and things that happen (`happened`).

    May be used from several threads.
    """

    def __init__(self, listener: Listener, clock: Callable[[], float]) -> None:
        """Take who notifies the admins, and a clock in seconds."""
        self._listener = listener
        self._clock = clock
        self._lasting: dict[str, str] = {}
        self._reported_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def sound(self, cause: str, sentence: str) -> None:
        """Say that something is wrong and lasts; reported once until it is over, and anew where the sentence changed.

        Args:
            cause: a word for it, the same each time ("intake"); one of `CAUSES`.
            sentence: what is wrong, with its cause in detail, in a sentence without a person's data.
        """
        with self._lock:
            before = self._lasting.get(cause)
            self._lasting[cause] = sentence
        if before is None:
            metrics.ALARMING.labels(cause).set(1)
            self._log(cause, sentence)
        if before != sentence:
            self._listener.sounds(cause, sentence)

    def over(self, cause: str) -> None:
        """Say that what lasted is over: the next time it is reported again."""
        with self._lock:
            ended = self._lasting.pop(cause, None) is not None
        if ended:
            metrics.ALARMING.labels(cause).set(0)
            _log.info("over", cause=cause)
            self._listener.ends(cause)

    def happened(self, cause: str, sentence: str) -> None:
        """Say that something happened that a person must look at; the same cause is reported once an hour at the most.

        What is not reported stands in the log all the same: it may be another case each time.

        Args:
            cause: a word for it, the same each time ("parked-…"); one of `CAUSES`.
            sentence: what happened, in a sentence without a person's data.
        """
        now = self._clock()
        with self._lock:
            last = self._reported_at.get(cause)
            again = last is None or now - last >= AGAIN_SECONDS
            if again:
                self._reported_at[cause] = now
        if again:
            self._log(cause, sentence)
            self._listener.happened(cause, sentence)
        else:
            _log.warning(sentence, cause=cause)

    @property
    def lasting(self) -> tuple[str, ...]:
        """The causes that last."""
        with self._lock:
            return tuple(sorted(self._lasting))

    def illness(self) -> dict[str, str]:
        """Return what lasts of that with which the daemon does not do its work, by its cause."""
        with self._lock:
            return {cause: sentence for cause, sentence in sorted(self._lasting.items()) if cause_of(cause).ill}

    def troubles(self) -> dict[str, str]:
        """Return what lasts of that with which it still does, by its cause."""
        with self._lock:
            return {cause: sentence for cause, sentence in sorted(self._lasting.items()) if not cause_of(cause).ill}

    @staticmethod
    def _log(cause: str, sentence: str) -> None:
        metrics.ALARMS.labels(cause).inc()
        _log.error(sentence, cause=cause)
