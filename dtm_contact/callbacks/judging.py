"""From a call to a decision: whose it is, whether it needs a call-back, who makes it. The same for all uses of it."""

from dataclasses import dataclass

from dtm_contact.callbacks.standing import standing_of
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.matching.index import CallerIndex, CallerLine
from dtm_contact.model import (
    Call,
    CallBacks,
    Channel,
    Contact,
    History,
    Judgement,
    Mailbox,
    Match,
    NotedHistory,
    Standing,
    Understanding,
)
from dtm_contact.pipeline import Grounds
from dtm_contact.rules import decide, with_unheard_voice


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
    """Judge one call as of its end, when it became one that needs a call-back, or none.

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
    automated = not line.known and _is_automated(call, grounds)
    standing = standing_of(call, line.household, line.homes, call_backs, automated=automated)
    matched = Match() if standing.party is None else grounds.callers.match(line, on)
    return _decided(call, standing, matched, grounds.grounds, noted, trace=trace)


def _decided(
    call: Call, standing: Standing, matched: Match, grounds: Grounds, history: NotedHistory, *, trace: bool
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
