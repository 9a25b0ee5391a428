"""Calls at rest, judged one after the other: each sees the call-backs that those before it left open."""

from collections.abc import Iterable, Iterator

from dtm_contact.callbacks import CallGrounds, OpenCallBacks, judge_call
from dtm_contact.model import Call, History, Judgement, NoHistory
from dtm_contact.pipeline import Grounds


class JudgedCalls:
    """Judges calls in their order.

    Attributes:
        open: the call-backs that are open after the calls judged so far.
    """

    def __init__(self, grounds: Grounds, history: History | None = None) -> None:
        """Make the grounds ready; without a history nothing is confirmed."""
        self.open = OpenCallBacks()
        self._grounds = CallGrounds.build(grounds)
        self._history = history or NoHistory()

    def judge(self, calls: Iterable[Call], *, trace: bool = False) -> Iterator[Judgement]:
        """Yield the judgement of each call, in the order in which they ended."""
        for call in calls:
            judgement = judge_call(call, self._grounds, self._history, self.open, trace=trace)
            if judgement.contact.standing is not None:
                self.open.record(call, judgement.contact.standing)
            yield judgement
