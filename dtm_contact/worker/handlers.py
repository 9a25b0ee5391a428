"""How arrivals are judged, by their media type; a further type is one more decorated function here.

A handler is made ready once for a directory and its rules, and then judges one arrival after the other.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from dtm_contact.calls.call_backs import AsBefore, CallGrounds, judge_call, same_consequence
from dtm_contact.calls.outcomes import MEDIA_TYPE as CALL
from dtm_contact.calls.outcomes import StoredCalls, call_id_of
from dtm_contact.model import Arrival, Call, Channel, Judgement
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import all_formats
from dtm_contact.store import Store, StoredHistory
from dtm_contact.worker.ipc import JudgeRequest

Handler = Callable[[JudgeRequest, Store], Judgement]
"""Judges one arrival; opens the store's history by itself."""

HandlerFactory = Callable[[Grounds], Handler]
"""Makes a handler ready for a directory and its rules."""

MESSAGE: Final = "message/rfc822"
HANDLERS: Final[dict[str, HandlerFactory]] = {}
_CHANNELS: Final[dict[str, Channel]] = {name: each.channel for name, each in all_formats().items()}


def handles(media_type: str, channel: Channel) -> Callable[[HandlerFactory], HandlerFactory]:
    """Register what makes the handler of arrivals of `media_type`, all of which are contacts by one channel."""

    def register(factory: HandlerFactory) -> HandlerFactory:
        HANDLERS[media_type] = factory
        _CHANNELS[media_type] = channel
        return factory

    return register


def channel_of(media_type: str) -> Channel:
    """Return the channel of an arrival of which only the media type is known; mail where that is known to nobody."""
    return _CHANNELS.get(media_type.lower(), Channel.EMAIL)


class Handlers:
    """The handlers for one directory and its rules, each made ready when its first arrival comes."""

    def __init__(self, grounds: Grounds) -> None:
        """Take what judging rests on."""
        self._grounds = grounds
        self._ready: dict[str, Handler] = {}

    def of(self, media_type: str) -> Handler:
        """Return the handler of a media type; where there is none, that of messages, which refuses what is none."""
        kind = media_type if media_type in HANDLERS else MESSAGE
        if kind not in self._ready:
            self._ready[kind] = HANDLERS[kind](self._grounds)
        return self._ready[kind]


@handles(MESSAGE, Channel.EMAIL)
def message_handler(grounds: Grounds) -> Handler:
    """Judge a message as `route` does, with what the store knows of the party."""

    def judge_message(request: JudgeRequest, store: Store) -> Judgement:
        with store.history(request.arrival) as history:
            used = replace(grounds, scans=None) if request.unrecognised else grounds
            return judge(request.arrival, request.now, used, history, as_case=request.as_case)

    return judge_message


@handles(CALL, Channel.PHONE)
def call_handler(grounds: Grounds) -> Handler:
    """Judge a call that the channel `asterisk_cdr` put together, with the call-backs that are open in the store."""
    stored = StoredCalls(grounds.settings)
    call_grounds = CallGrounds.build(grounds)

    def judge_arrival(request: JudgeRequest, store: Store) -> Judgement:
        call = stored.call(request.arrival.raw)
        # What an earlier arrival of the same call left is no history of it.
        first = replace(request.arrival, external_id=call_id_of(request.arrival.external_id))
        with store.history(first) as history:
            return _judge_call(call, first, call_grounds, history)

    return judge_arrival


def _judge_call(call: Call, first: Arrival, grounds: CallGrounds, history: StoredHistory) -> Judgement:
    """Judge a call; one that came before and asks for the same stands where it stood."""
    before = history.earlier_call(first)
    if before is not None and before.standing is not None and before.outcome is not None:
        judgement = judge_call(call, grounds, history, AsBefore(before.standing))
        standing = judgement.contact.standing
        same_party = standing is not None and standing.party == before.standing.party
        if same_party and same_consequence(call, before.outcome):
            return judgement
    own_contact = None if before is None else before.contact_id
    return judge_call(call, grounds, history, history.call_backs(call.ended_at, own_contact))
