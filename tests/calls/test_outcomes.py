"""What became of a call: each outcome of the contract, and what looks like it and is another."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dtm_contact.calls.grouping import Ended
from dtm_contact.calls.log_lines import Faults, FileLine
from dtm_contact.calls.outcomes import CallInterpreter
from dtm_contact.calls.queue_log import QueueEvent
from dtm_contact.calls.records import RecordReader
from dtm_contact.model import Call, Outcome
from dtm_contact.settings import SwitchboardSettings
from tests.calls.logs import MONDAY_NIGHT, record

AGENT = "PJSIP/205-0000000a"
QUEUE: dict[str, Any] = {"context": "dtm-accueil", "application": "Queue"}
TRANSFER: dict[str, Any] = {"at": 100, "call": 0, "context": "from-internal", "application": "Dial", "dialled": "302"}
COLLEAGUE = "PJSIP/302-0000000b"


@dataclass(frozen=True)
class Case:
    name: str
    right: Outcome
    records: list[str]
    events: list[str] = field(default_factory=list)


def told(records: list[str], events: list[str], own: tuple[str, ...] = ("0179616460",)) -> Call:
    switchboard = SwitchboardSettings()
    reader = RecordReader("Master.csv", switchboard.zone, Faults())
    read = [reader.read(FileLine(number, 0, line.encode(), 1, ended=True)) for number, line in enumerate(records, 1)]
    legs = tuple(sorted((leg for leg in read if leg), key=lambda leg: leg.start))
    ended = Ended(legs[0].call_id, legs, max(leg.end for leg in legs), 0)
    seen = tuple(QueueEvent(MONDAY_NIGHT + at, ended.id, "dtm-accueil", name) for at, name in enumerate(events))
    return CallInterpreter(switchboard, own).interpret(ended, seen)


CASES = [
    Case("voice message", Outcome.VOICEMAIL, [record(at=0)]),
    Case("closed announcement", Outcome.OUT_OF_HOURS, [record(at=0, application="Playback")]),
    Case(
        "rang while closed, hung up before the announcement",
        Outcome.BEFORE_ANSWER,
        [record(at=0, application="Ringing", answered=False)],
    ),
    Case(
        "closed announcement after the queue",
        Outcome.ABANDONED,
        [record(at=0, **QUEUE), record(at=60, call=0, application="Playback")],
    ),
    Case(
        "rang, nothing more",
        Outcome.BEFORE_ANSWER,
        [record(at=0, context="from-trunk", application="Ringing", answered=False)],
    ),
    Case("answered", Outcome.ANSWERED, [record(at=0, answering=AGENT, **QUEUE)], ["ENTERQUEUE", "CONNECT"]),
    Case("answered, no queue log", Outcome.ANSWERED, [record(at=0, answering=AGENT, **QUEUE)]),
    Case(
        "hung up in the queue, the agent that rang last in the row",
        Outcome.ABANDONED,
        [record(at=0, answering=AGENT, **QUEUE)],
        ["ENTERQUEUE", "ABANDON"],
    ),
    Case("timed out", Outcome.TIMEOUT, [record(at=0, **QUEUE)], ["ENTERQUEUE", "EXITWITHTIMEOUT"]),
    Case("no agent there", Outcome.TIMEOUT, [record(at=0, **QUEUE)], ["ENTERQUEUE", "EXITEMPTY"]),
    Case(
        "timed out, then left a message",
        Outcome.VOICEMAIL,
        [record(at=0, context="dtm-accueil")],
        ["ENTERQUEUE", "EXITWITHTIMEOUT"],
    ),
    Case("direct call to an extension", Outcome.ANSWERED, [record(at=0, application="Dial", answering=AGENT)]),
    Case(
        "waited, then an extension answered outside the queue",
        Outcome.ANSWERED,
        [record(at=0, **QUEUE), record(at=40, call=0, context="dtm-accueil", application="Dial", answering=AGENT)],
        ["ENTERQUEUE", "EXITWITHTIMEOUT"],
    ),
    Case(
        "blind transfer, nobody there",
        Outcome.TRANSFER_UNANSWERED,
        [record(at=0, answering=AGENT, **QUEUE), record(answering=COLLEAGUE, answered=False, leg="1.9", **TRANSFER)],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"],
    ),
    Case(
        "blind transfer, nobody there, no queue log",
        Outcome.TRANSFER_UNANSWERED,
        [record(at=0, answering=AGENT, **QUEUE), record(answering=COLLEAGUE, answered=False, leg="1.9", **TRANSFER)],
    ),
    Case(
        "blind transfer on the caller's own channel and uniqueid",
        Outcome.TRANSFER_UNANSWERED,
        [record(at=0, answering=AGENT, **QUEUE), record(answering=COLLEAGUE, answered=False, **TRANSFER)],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"],
    ),
    Case(
        "transfer answered",
        Outcome.ANSWERED,
        [record(at=0, answering=AGENT, **QUEUE), record(answering=COLLEAGUE, leg="1.9", **TRANSFER)],
        ["ENTERQUEUE", "CONNECT", "ATTENDEDTRANSFER"],
    ),
    Case(
        "transfer to a voice mailbox",
        Outcome.TRANSFER_UNANSWERED,
        [record(at=0, answering=AGENT, **QUEUE), record(leg="1.9", **{**TRANSFER, "application": "VoiceMail"})],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"],
    ),
    Case(
        "the second transfer answered",
        Outcome.ANSWERED,
        [
            record(at=0, answering=AGENT, **QUEUE),
            record(answering=COLLEAGUE, answered=False, leg="1.9", **TRANSFER),
            record(answering="PJSIP/303-0000000c", leg="1.10", **{**TRANSFER, "at": 160, "dialled": "303"}),
        ],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"],
    ),
    Case(
        "the second transfer unanswered",
        Outcome.TRANSFER_UNANSWERED,
        [
            record(at=0, answering=AGENT, **QUEUE),
            record(answering=COLLEAGUE, leg="1.9", **TRANSFER),
            record(answered=False, leg="1.10", **{**TRANSFER, "at": 160, "dialled": "303"}),
        ],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"],
    ),
    Case(
        "transferred back into the queue and answered there",
        Outcome.ANSWERED,
        [
            record(at=0, answering=AGENT, **QUEUE),
            record(leg="1.9", **{**TRANSFER, "application": "Queue"}, answering=AGENT),
        ],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER", "ENTERQUEUE", "CONNECT"],
    ),
    Case(
        "transferred back into the queue, gave up there",
        Outcome.TRANSFER_UNANSWERED,
        [
            record(at=0, answering=AGENT, **QUEUE),
            record(leg="1.9", **{**TRANSFER, "application": "Queue"}, answering=AGENT),
        ],
        ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER", "ENTERQUEUE", "ABANDON"],
    ),
    Case(
        "the agent asked a colleague who was away, and went on",
        Outcome.ANSWERED,
        [
            record(at=0, answering=AGENT, seconds=300, **QUEUE),
            record(answered=False, channel=AGENT, number="205", leg="1.9", **TRANSFER),
        ],
        ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"],
    ),
    Case("another number of the house", Outcome.OTHER_DID, [record(at=0, dialled="0144000000", answering=AGENT)]),
    Case("another number, in another form", Outcome.OTHER_DID, [record(at=0, dialled="+33144000000")]),
    *(
        Case(f"our number as {form}", Outcome.VOICEMAIL, [record(at=0, dialled=form)])
        for form in ("+33179616460", "0033179616460", "33179616460", "179616460", "01 79 61 64 60", "s", "6460")
    ),
    Case(
        "called out, answered",
        Outcome.OUTBOUND_ANSWERED,
        [
            record(
                at=0,
                context="from-internal",
                number="210",
                channel="PJSIP/210-1",
                dialled="0639980001",
                application="Dial",
                answering="PJSIP/trunk-ovh-2",
            )
        ],
    ),
    Case(
        "called out, busy",
        Outcome.OUTBOUND_UNANSWERED,
        [
            record(
                at=0,
                context="from-internal",
                number="210",
                channel="PJSIP/210-1",
                dialled="0639980001",
                application="Dial",
                answering="PJSIP/trunk-ovh-2",
                answered=False,
            )
        ],
    ),
    Case(
        "from desk to desk",
        Outcome.INTERNAL,
        [record(at=0, context="from-internal", number="210", channel="PJSIP/210-1", dialled="213", answering=AGENT)],
    ),
    Case(
        "only the leg of a transfer is left in the log",
        Outcome.BEFORE_ANSWER,
        [record(answered=False, leg="1.9", **TRANSFER)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(case: Case) -> None:
    assert told(case.records, case.events).outcome is case.right


def test_the_number_is_the_callers_or_the_one_called() -> None:
    out = record(at=0, context="from-internal", number="210", channel="PJSIP/210-1", dialled="0033639980002")
    inside = record(at=0, context="from-internal", number="210", channel="PJSIP/210-1", dialled="213")
    assert told([record(at=0, number="+33639980001")], []).number == "0639980001"
    assert told([out], []).number == "0639980002"
    assert told([inside], []).number is None


def test_the_names_are_settings() -> None:
    switchboard = SwitchboardSettings(closed_contexts=("nuit",), voicemail_applications=("Record",))
    reader = RecordReader("x", switchboard.zone, Faults())
    leg = reader.read(FileLine(1, 0, record(at=0, context="nuit", application="Playback").encode(), 1, ended=True))
    assert leg is not None
    ended = Ended(leg.call_id, (leg,), leg.end, 0)
    assert CallInterpreter(switchboard, ("0179616460",)).interpret(ended, ()).outcome is Outcome.OUT_OF_HOURS
    assert CallInterpreter(SwitchboardSettings(), ("0179616460",)).interpret(ended, ()).outcome is Outcome.BEFORE_ANSWER


def test_every_outcome_is_tried() -> None:
    assert {case.right for case in CASES} == set(Outcome)
