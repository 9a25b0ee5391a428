"""Messages at rest, judged in order of time: each sees those of the same run that came before it."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime

from dtm_contact.model import Judgement
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal.at_rest import MessageAtRest, found_at_rest
from dtm_contact.rehearsal.judged_so_far import JudgedSoFar


def judge_messages(
    paths: Iterable[str], now: datetime, grounds: Grounds, *, at: datetime | None = None, trace: bool = False
) -> Iterator[Judgement]:
    """Yield the judgement of each message, in the order given; they are judged in the order of their own times.

    Each is read twice, the first time for its time alone, so that a large mailbox need not fit into memory.

    Args:
        paths: as `messages_at_rest` takes them.
        now: the time of a message that bears none, aware.
        grounds: directory and rules.
        at: judge all as of this time, not each as of its own.
        trace: also evaluate every rule and keep what each saw.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
        UnreadableArrivalError: a message exceeds what reading can bear.
    """
    with ExitStack() as boxes:
        messages = list(found_at_rest(paths, boxes))
        times = [message.arrival(now).received_at for message in messages]
        order = sorted(range(len(messages)), key=times.__getitem__)
        judged = _judged([messages[place] for place in order], now, grounds, at, trace=trace)
        yield from _as_given(zip(order, judged, strict=True))


def _judged(
    messages: Iterable[MessageAtRest], now: datetime, grounds: Grounds, at: datetime | None, *, trace: bool
) -> Iterator[Judgement]:
    history = JudgedSoFar()
    for message in messages:
        arrival = message.arrival(now)
        judged_at = at or arrival.received_at
        judgement = judge(arrival, judged_at, grounds, history, trace=trace)
        history.record(judgement, judged_at)
        yield judgement


def _as_given(judged: Iterable[tuple[int, Judgement]]) -> Iterator[Judgement]:
    """Yield each as soon as all that stand before it were; the places are 0, 1, 2 … in any order."""
    waiting: dict[int, Judgement] = {}
    following = 0
    for place, judgement in judged:
        waiting[place] = judgement
        while following in waiting:
            yield waiting.pop(following)
            following += 1
