"""From a call to a decision: whose it is, which call-back it opens, joins or closes, and who makes that."""

from collections.abc import Sequence
from dataclasses import dataclass

from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.matching.index import CallerIndex, CallerLine
from dtm_contact.model import (
    RECENT_KEPT,
    Call,
    CallBack,
    CallBacks,
    CallBackState,
    Channel,
    Contact,
    History,
    Judgement,
    Mailbox,
    Match,
    NotedHistory,
    Outcome,
    Understanding,
)
from dtm_contact.pipeline import Grounds
from dtm_contact.rules import decide, with_unheard_voice

_WITHOUT_CALL_BACK = frozenset({Outcome.INTERNAL, Outcome.OTHER_DID})


def party_of(call: Call, household: str | None) -> str:
    """Return whose call-back it is.

    Args:
        call: the call.
        household: the one dwelling that its number tells, or None.

    Returns:
        The household; else the number; a withheld caller is a party of their own each time.
    """
    if household is not None:
        return household_party(household)
    return f"number:{call.key}" if call.key is not None else f"call:{call.id}"


def household_party(dwelling_id: str) -> str:
    """Return the party that the people of a dwelling are."""
    return f"household:{dwelling_id}"


def standing_of(
    call: Call, household: str | None, homes: Sequence[str], call_backs: CallBacks, *, automated: bool = False
) -> CallBackState:
    """Return which call-back a call opens, joins or closes.

    Args:
        call: the call.
        household: the one dwelling that its number tells, or None.
        homes: all dwellings of the people who have the number: an answered call closes what one of them waits for.
        call_backs: what is open.
        automated: the caller is a machine that nobody has to call.
    """
    if call.outcome in _WITHOUT_CALL_BACK:
        return CallBackState()
    party = party_of(call, household)
    if automated:
        return CallBackState(party=party, automated=True)
    if call.outcome.spoke:
        return _closing(party, homes, call_backs)
    if not call.outcome.needs_call_back:
        return CallBackState(party=party)
    joined = call_backs.open_call_back(party)
    if joined is None:
        return CallBackState(party=party, count=1, recent=(call.started_at,))
    recent = (*joined.recent, call.started_at)[-RECENT_KEPT:]
    return CallBackState(party=party, joins=joined.opened_by, count=joined.count + 1, recent=recent)


def call_back_after(call: Call, standing: CallBackState) -> CallBack | None:
    """Return the call-back that stands open once a call is dealt with; None where the call opened and joined none.

    Args:
        call: the call.
        standing: what `standing_of` decided of it.
    """
    if standing.automated or standing.party is None or standing.count is None or standing.closes is not None:
        return None
    return CallBack(standing.joins or call.id, standing.party, standing.count, standing.recent)


def _closing(party: str, homes: Sequence[str], call_backs: CallBacks) -> CallBackState:
    for waiting in dict.fromkeys((party, *map(household_party, homes))):
        found = call_backs.open_call_back(waiting)
        if found is not None:
            return CallBackState(party=waiting, closes=found.opened_by, count=found.count, recent=found.recent)
    return CallBackState(party=party)


class OpenCallBacks:
    """Open call-backs by party; one a party. What is closed is forgotten, so is a withheld caller: nothing can join."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_party: dict[str, CallBack] = {}

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the open call-back of a party, or None."""
        return self._by_party.get(party)

    def record(self, call: Call, standing: CallBackState) -> None:
        """Take into account what a call opened, joined or closed."""
        if standing.party is None:
            return
        if standing.closes is not None:
            self._by_party.pop(standing.party, None)
            return
        after = call_back_after(call, standing)
        if after is not None and call.key is not None:
            self._by_party[standing.party] = after

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._by_party)


class AsBefore:
    """Answers what was answered when the call was judged first: what happened since does not move it."""

    def __init__(self, standing: CallBackState) -> None:
        """Take where the call stood."""
        self._standing = standing

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the call-back that the call had joined or closed, as it was before that; None for any other party."""
        before = self._standing
        if party != before.party or before.count is None:
            return None
        if before.closes is not None:
            return CallBack(before.closes, party, before.count, before.recent)
        if before.joins is not None:
            return CallBack(before.joins, party, before.count - 1, before.recent[:-1])
        return None


def same_consequence(call: Call, before: Outcome) -> bool:
    """Return whether a call asks for the same as by its outcome before: a call-back, none, or the end of one."""
    return (call.outcome.needs_call_back, call.outcome.spoke) == (before.needs_call_back, before.spoke)


@dataclass(frozen=True, slots=True)
class CallGrounds:
    """What judging calls rests on, made ready once.

    Attributes:
        grounds: directory, rules, settings.
        callers: the directory's numbers.
    """

    grounds: Grounds
    callers: CallerIndex

    @classmethod
    def build(cls, grounds: Grounds) -> "CallGrounds":
        """Make the look-up of numbers beside the other grounds."""
        return cls(grounds, CallerIndex(grounds.directory))


def judge_call(
    call: Call, grounds: CallGrounds, history: History, call_backs: CallBacks, *, trace: bool = False
) -> Judgement:
    """Judge one call, at the time when it ended: whether it needs a call-back, and which one it opens, joins or closes.

    Args:
        call: what became of it; calls are judged in the order in which they end.
        grounds: directory and rules.
        history: what agents confirmed.
        call_backs: what is open; what the call changes there is in the judgement's `contact.standing`.
        trace: also evaluate every rule and keep what each saw.
    """
    on = call.ended_at.astimezone(grounds.grounds.settings.zone).date()
    noted = NotedHistory(history)
    line = CallerLine("") if call.key is None else grounds.callers.line(call.key, on, noted)
    automated = not line.is_known and _is_automated(call, grounds)
    standing = standing_of(call, line.household, line.homes, call_backs, automated=automated)
    matched = Match() if standing.party is None else grounds.callers.match(line, on)
    return _decided(call, standing, matched, grounds.grounds, noted, trace=trace)


def _decided(
    call: Call, standing: CallBackState, matched: Match, grounds: Grounds, history: NotedHistory, *, trace: bool
) -> Judgement:
    contact = Contact(
        channel=Channel.PHONE,
        at=call.started_at,
        sender=Mailbox(name=call.name),
        subject=OUTCOMES[call.outcome],
        call=call,
        standing=standing,
    )
    waiting = call.outcome.needs_call_back and not standing.automated
    understanding = Understanding.of_call(waits=waiting, equipment=matched.equipment is not None)
    understanding = with_unheard_voice(contact, matched, understanding, call.ended_at, grounds.rules, grounds.directory)
    decision = decide(
        contact,
        matched,
        understanding,
        call.ended_at,
        grounds.rules,
        grounds.directory,
        history=history,
        trace=trace,
    )
    return Judgement(call.id, contact, matched, understanding, decision, history.answers())


def _is_automated(call: Call, grounds: CallGrounds) -> bool:
    prefixes = grounds.grounds.settings.switchboard.automated_prefixes
    return call.number is not None and call.number.startswith(prefixes)
