"""What became of a call: the outcomes of the decision's contract, in its order; the first that holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dtm_contact.calls.grouping import Ended
from dtm_contact.calls.numbers import Caller, caller_of, dialled
from dtm_contact.calls.queue_log import TRANSFERS, QueueEvent
from dtm_contact.calls.records import Record
from dtm_contact.model import Call, Outcome
from dtm_contact.settings import SwitchboardSettings
from dtm_contact.text import phone_key

_SHORTEST_NUMBER = 9  # digits of a number that a provider delivers; shorter ones are the dialplan's own

_NOBODY = Caller(None, None, withheld=False)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A call's records and what the queue log says of it."""

    first: Record
    legs: tuple[Record, ...]
    events: tuple[str, ...]

    @property
    def in_queue_log(self) -> bool:
        return bool(self.events)


class CallInterpreter:
    """Tells what became of calls, by the names that the switchboard gives its contexts and applications."""

    def __init__(self, switchboard: SwitchboardSettings, own_numbers: Iterable[str]) -> None:
        """Take the names, and the numbers that are ours, in any form."""
        self._internal = frozenset(switchboard.internal_contexts)
        self._closed = frozenset(switchboard.closed_contexts)
        self._queueing = frozenset(name.lower() for name in switchboard.queue_applications)
        self._voicemail = frozenset(name.lower() for name in switchboard.voicemail_applications)
        self._extension_digits = switchboard.extension_digits
        self._own = frozenset(filter(None, map(phone_key, own_numbers)))

    def tell(self, ended: Ended, events: tuple[QueueEvent, ...]) -> Call:
        """Return the call.

        Args:
            ended: its records.
            events: what the queue log says of its channels, in order; empty without a queue log, or where it does not
                know the call: then the records alone have to tell.
        """
        legs = ended.records
        first = next((leg for leg in legs if leg.uniqueid == ended.id), legs[0])
        outcome = self._outcome(_Evidence(first, legs, tuple(event.event for event in events)))
        party = self._other_side(first, outcome)
        return Call(
            id=ended.id,
            outcome=outcome,
            started_at=datetime.fromtimestamp(min(leg.start for leg in legs), UTC),
            ended_at=datetime.fromtimestamp(ended.end, UTC),
            number=party.number,
            key=party.key,
            withheld=party.withheld,
            name=party.name,
        )

    def waited(self, ended: Ended) -> bool:
        """Return whether a call was in a queue, so that the queue log should know of it."""
        return any(self._is_queue(leg) for leg in ended.records)

    def _other_side(self, first: Record, outcome: Outcome) -> Caller:
        match outcome:
            case Outcome.INTERNAL:
                return _NOBODY
            case Outcome.OUTBOUND_ANSWERED | Outcome.OUTBOUND_UNANSWERED:
                return dialled(first.destination)
            case _:
                return caller_of(first.source, first.caller_id)

    def _outcome(self, call: _Evidence) -> Outcome:
        if self._from_inside(call.first):
            return self._outcome_from_inside(call)
        if self._other_number(call.first.destination):
            return Outcome.OTHER_DID
        if self._somebody_answered(call):
            return Outcome.TRANSFER_UNANSWERED if self._left_after_transfer(call) else Outcome.ANSWERED
        if any(leg.application.lower() in self._voicemail for leg in call.legs):
            return Outcome.VOICEMAIL
        return self._unheard(call)

    def _other_number(self, destination: str) -> bool:
        """Return whether a number was dialled that is none of ours; an extension or a name of the dialplan is none."""
        key = dialled(destination).key
        return key is not None and len(key) >= _SHORTEST_NUMBER and key not in self._own

    def _unheard(self, call: _Evidence) -> Outcome:
        """Return what became of a caller who spoke to nobody and left no message."""
        if "ABANDON" in call.events:
            return Outcome.ABANDONED
        if "EXITWITHTIMEOUT" in call.events or "EXITEMPTY" in call.events:
            return Outcome.TIMEOUT
        heard = [leg for leg in call.legs if leg.answered]
        if heard and all(leg.context in self._closed for leg in heard):
            return Outcome.OUT_OF_HOURS
        # Without a queue log nothing says that a caller left the queue, but that they were in it and spoke to nobody.
        return Outcome.ABANDONED if any(self._is_queue(leg) for leg in heard) else Outcome.BEFORE_ANSWER

    def _outcome_from_inside(self, call: _Evidence) -> Outcome:
        if not self._goes_outside(call.first):
            return Outcome.INTERNAL
        answered = any(leg.answered for leg in call.legs if leg.uniqueid == call.first.uniqueid)
        return Outcome.OUTBOUND_ANSWERED if answered else Outcome.OUTBOUND_UNANSWERED

    def _from_inside(self, first: Record) -> bool:
        """Return whether the first leg comes from one of our extensions.

        The leg of a caller who was transferred runs in the internal context on their own channel; where its begin is
        missing from the log, it must not pass for a call of ours.
        """
        if first.context not in self._internal:
            return False
        return first.uniqueid == first.call_id or self._is_extension(first.channel)

    def _goes_outside(self, leg: Record) -> bool:
        if phone_key(leg.destination) is not None:
            return True
        number = leg.destination.strip()
        return bool(leg.answering_channel) and not self._is_extension(leg.answering_channel) and number.isdigit()

    def _somebody_answered(self, call: _Evidence) -> bool:
        return "CONNECT" in call.events or any(self._by_extension(leg, call) for leg in call.legs)

    def _by_extension(self, leg: Record, call: _Evidence) -> bool:
        """Return whether one of our extensions answered a leg.

        Of a caller who hung up in the queue Asterisk says ANSWERED, at times with the channel of the agent that rang
        last: of queues the queue log tells, where it knows the call.
        """
        if not leg.answered or leg.application.lower() in self._voicemail:
            return False
        if call.in_queue_log and (self._is_queue(leg) or self._is_transfer(leg, call)):
            return False
        return self._is_extension(leg.answering_channel)

    def _left_after_transfer(self, call: _Evidence) -> bool:
        """Return whether the caller was transferred, at last to a leg that nobody answered."""
        transferred = max((number for number, event in enumerate(call.events) if event in TRANSFERS), default=-1)
        if "CONNECT" in call.events[transferred + 1 :] and transferred >= 0:
            return False
        legs = [leg for leg in call.legs if self._is_transfer(leg, call)]
        last = max((leg.start for leg in legs), default=0.0)
        return bool(legs) and not any(self._by_somebody(leg, call) for leg in legs if leg.start == last)

    def _by_somebody(self, leg: Record, call: _Evidence) -> bool:
        if call.in_queue_log and self._is_queue(leg):
            return False
        return leg.answered and bool(leg.answering_channel) and leg.application.lower() not in self._voicemail

    def _is_transfer(self, leg: Record, call: _Evidence) -> bool:
        """Return whether a leg is one that the caller was transferred to: they go on through the internal context.

        A leg on another channel is the agent's own, who may only have asked a colleague: the queue log tells.
        """
        if leg.context not in self._internal or leg.start < call.first.start or leg is call.first:
            return False
        if leg.channel == call.first.channel or not call.in_queue_log:
            return True
        return not TRANSFERS.isdisjoint(call.events)

    def _is_queue(self, leg: Record) -> bool:
        return leg.application.lower() in self._queueing

    def _is_extension(self, channel: str) -> bool:
        """Return whether a channel (`PJSIP/205-0000001c`, `Local/302@from-internal-01;1`) is one of our extensions."""
        _technology, _slash, rest = channel.partition("/")
        device = rest.rpartition("-")[0] or rest
        name = device.partition("@")[0]
        return name.isascii() and name.isdigit() and len(name) <= self._extension_digits
