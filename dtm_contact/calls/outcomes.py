"""What became of a call, and whose number it gives; read from its lines as an arrival keeps them."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeGuard

from dtm_contact.calls.grouping import EVENT, RECORD, WANTED, Ended, QuietCall
from dtm_contact.calls.log_lines import Faults, FileLine
from dtm_contact.calls.queue_log import OUTCOME_EVENTS, TRANSFERS, QueueEvent, parse_event
from dtm_contact.calls.records import Record, RecordReader
from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.model import Call, LogLine, Outcome
from dtm_contact.settings import Settings, SwitchboardSettings
from dtm_contact.text import find_phones, fold, phone_key

_LONGEST = 512  # characters of a field that are looked at
_NAME_AND_NUMBER = re.compile(r'\s*"?([^"<]*)"?\s*<([^<>]*)>')
_BETWEEN_NUMBERS = re.compile(r"[,;&|/]|\s{2,}|\s+(?=[+0])")
_WORDS = re.compile(r"[^a-z0-9]+")
_HIDDEN = frozenset(
    """
    anonymous anonyme anonymized restricted restreint private prive masque masked withheld blocked hidden
    confidentiel
    """.split()  # noqa: SIM905 - a list of words reads better than one of quotations
)
"""Words by which a caller, or their network at their wish, keeps the number back."""
_UNAVAILABLE = frozenset(
    "unknown unavailable inconnu indisponible none null na nobody asterisk device s p o u".split()  # noqa: SIM905
)
"""Words that stand where no number came along."""
_AROUND = frozenset(
    """
    numero number no num appel appelant call caller callerid cid id identity identite de du le user utilisateur
    invalid not available non communique transmis out of area address adresse sip sips tel anonymous
    """.split()  # noqa: SIM905
)
"""Words that may stand beside those."""
_DIGITS = re.compile(r"[0-9]{2,20}")
_OVERSEAS = {"+262", "+590", "+594", "+596"}
_SHORTEST_NUMBER = 9  # digits of a number that a provider delivers; shorter ones are the dialplan's own
MEDIA_TYPE = "application/x-asterisk-call"
_MARKS = {RECORD: b"R", EVENT: b"Q"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls or is called.

    Attributes:
        number: in national form, as in the directory; None where there is none.
        key: of the subscriber; digits that no numbering plan knows are a key of their own. None where there is none.
        withheld: the caller keeps it back, or no number came along.
        name: the name that came along, empty where that is none.
    """

    number: str | None
    key: str | None
    withheld: bool
    name: str = ""


def national(key: str) -> str:
    """Return a subscriber's key as the directory writes it: 0612345678, 0690123456; a foreign one as it is."""
    if key.startswith("+33"):
        return f"0{key[3:]}"
    if key[:4] in _OVERSEAS:
        return f"0{key[4:]}"
    return f"0508{key[4:]}" if key.startswith("+508") else key


def dialled(field: str) -> Caller:
    """Return the number that a field holds: alone, as a SIP address, with a name, or with a second number."""
    key = _key(field)
    return Caller(national(key) if key else None, key, withheld=False)


@lru_cache(maxsize=8_192)
def caller_of(source: str, caller_id: str) -> Caller:
    """Return who calls, by a record's `src` and `clid` (`"Name" <number>`).

    A number stands there even where its presentation is restricted; then the name, or the other field, says so.
    """
    name, number = _split(caller_id)
    own_name, source = _split(source)
    if any(_says(text, _HIDDEN) for text in (name, own_name, number, source)):
        return Caller(None, None, withheld=True)
    key = _key(source) or _key(number)
    shown = "" if _says(name, _UNAVAILABLE) or _key(name) else name
    if key is None:
        return Caller(None, None, withheld=True, name=shown)
    return Caller(national(key), key, withheld=False, name=shown)


def _split(field: str) -> tuple[str, str]:
    """Return the name and the number of a field; a field without <…> is a number."""
    found = _NAME_AND_NUMBER.match(field[:_LONGEST])
    return (found[1].strip(), found[2].strip()) if found else ("", field[:_LONGEST].strip())


def _says(text: str, words: frozenset[str]) -> bool:
    """Return whether a text is one of these words, alone or among those that stand beside them."""
    found = [word for word in _WORDS.split(fold(text).partition("@")[0]) if word]
    return any(word in words for word in found) and all(word in words or word in _AROUND for word in found)


@lru_cache(maxsize=16_384)
def _key(field: str) -> str | None:
    field = _split(field)[1]
    for candidate in _candidates(field):
        key = phone_key(candidate)
        if key is not None:
            return key
    found = find_phones(field)
    if found:
        return found[0][0]
    digits = re.sub(r"[ ().+-]", "", field.partition("@")[0].removeprefix("sip:"))
    return digits if _DIGITS.fullmatch(digits) and digits.strip("0") else None


def _candidates(field: str) -> Iterator[str]:
    yield field
    yield from (piece for piece in _BETWEEN_NUMBERS.split(field) if piece.strip())


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

    def interpret(self, ended: Ended, events: tuple[QueueEvent, ...]) -> Call:
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


def pack(call: QuietCall) -> bytes:
    """Return a call's lines as the bytes of an arrival: a line of JSON, then each line after a letter for its log."""
    head = json.dumps({"id": call.id, "revision": call.revision}).encode()
    return b"\n".join((head, *(_MARKS[line.kind] + line.raw for line in call.lines)))


def external_id(call: QuietCall) -> str:
    """Return what makes the arrival the same when it is handed over twice: the linkedid, and which revision it is."""
    return call.id if call.revision == 0 else f"{call.id}#{call.revision}"


def call_id_of(external: str) -> str:
    """Return the linkedid of an arrival's external id."""
    return external.rpartition("#")[0] or external


def line_of(raw: bytes) -> FileLine:
    """Return a kept log line in the form in which a line just read from the file is, so that it can be parsed again.

    Args:
        raw: its octets without the line's end. Where it stood in the file is not kept: both offsets are 0.
    """
    return FileLine(0, 0, raw, len(raw), ended=True)


class PartReader:
    """Reads kept lines again; what is wrong in them was told when they came."""

    def __init__(self, switchboard: SwitchboardSettings) -> None:
        """Take how the switchboard writes.

        Raises:
            ColumnsError: the declared columns are not those of call records.
        """
        self._faults = Faults()
        self._records = RecordReader("", switchboard.zone, self._faults, switchboard.columns)

    def read(self, lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, Record | QueueEvent]]:
        """Yield each line with what it says; lines that say nothing any more, the settings being others, are left."""
        for line in lines:
            part = self.part(line.kind, line.raw)
            if part is not None:
                yield line, part

    def part(self, kind: str, raw: bytes) -> Record | QueueEvent | None:
        """Return the record or the queue event of a line, or None."""
        if kind == RECORD:
            return self._records.read(line_of(raw))
        return parse_event(line_of(raw), "", self._faults, WANTED)


class StoredCalls:
    """Tells calls of the bytes of arrivals."""

    def __init__(self, settings: Settings) -> None:
        """Take what the switchboard's contexts and applications are called, and the numbers that are ours."""
        self._queues = frozenset(settings.switchboard.queues)
        self._switchboard = settings.switchboard
        self._interpreter = CallInterpreter(settings.switchboard, settings.numbers)

    def call(self, raw: bytes) -> Call:
        """Return the call.

        Raises:
            UnreadableArrivalError: the bytes hold no record.
        """
        head, *lines = raw.split(b"\n")
        try:
            call_id = str(json.loads(head)["id"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableArrivalError("no call") from None
        records, events = self._parts(lines)
        if not records:
            raise UnreadableArrivalError("a call without a record")
        end = max(record.end for record in records)
        return self._interpreter.interpret(Ended(call_id, tuple(records), end, 0), tuple(events))

    def _parts(self, lines: Iterable[bytes]) -> tuple[list[Record], list[QueueEvent]]:
        reader = PartReader(self._switchboard)
        kinds = {mark: kind for kind, mark in _MARKS.items()}
        parts = [reader.part(kinds.get(line[:1], EVENT), line[1:]) for line in lines]
        records = sorted((part for part in parts if isinstance(part, Record)), key=lambda record: record.start)
        events = sorted((part for part in parts if self._counts(part)), key=lambda event: event.at)
        return records, events

    def _counts(self, part: Record | QueueEvent | None) -> TypeGuard[QueueEvent]:
        return (
            isinstance(part, QueueEvent)
            and part.event in OUTCOME_EVENTS
            and (not self._queues or part.queue in self._queues)
        )
