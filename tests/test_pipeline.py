from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Alarm, AlarmLevel, Arrival, CaseKind, Envelope, NoHistory, Priority, Unread
from dtm_contact.pipeline import Grounds, decide_again, judge, understand_again
from dtm_contact.settings import Settings
from tests.rules.once import load_once
from tests.store.test_voice_notices import notice
from tests.vouched import vouched

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", directory.offices), Settings.defaults())


def arrival(raw: str, mail_from: str) -> Arrival:
    envelope = Envelope(mail_from, ("metropole@parishabitat.fr",), "127.0.0.1")
    return Arrival("smtp", "one", AT, "message/rfc822", envelope, raw.encode())


def known_address(grounds: Grounds) -> str:
    return next(lease.email for lease in grounds.directory.records.leases if lease.email and lease.lease_end is None)


def test_judging_twice_says_the_same(grounds: Grounds) -> None:
    sender = known_address(grounds)
    leak = arrival(f"From: {sender}\nSubject: Fuite\n\nGrosse fuite d'eau dans la cuisine.\n", sender)
    first, again = (judge(leak, AT, grounds, NoHistory()) for _ in range(2))
    assert first == again
    assert as_json(first)["topic"] == "water_leak"
    assert first.match.residence is not None
    assert first.decision.office_id == grounds.directory.residences[first.match.residence.id].office_id


def test_what_is_set_aside_concerns_no_caretaker_unless_somebody_releases_it(grounds: Grounds) -> None:
    sender = known_address(grounds)
    absence = arrival(f"From: {sender}\nSubject: Absence\nAuto-Submitted: auto-replied\n\nAbsent jusqu'au 3.\n", sender)
    aside = judge(absence, AT, grounds, NoHistory())
    assert (aside.decision.kind, aside.decision.queue, aside.match.caretakers) == (CaseKind.AUTOMATIC, None, ())
    released = judge(absence, AT, grounds, NoHistory(), as_case=True)
    assert released.decision.kind is CaseKind.CASE
    assert released.decision.queue is not None
    assert not {"automatic", "spam"} & set(released.understanding.topics)
    assert released.match.caretakers
    assert released.understanding.priority is Priority.P3


def test_the_trace_is_made_on_demand_and_changes_nothing(grounds: Grounds) -> None:
    message = arrival("From: x@free.example\nSubject: Gaz\n\nForte odeur de gaz dans le hall\n", "x@free.example")
    plain, traced = judge(message, AT, grounds, NoHistory()), judge(message, AT, grounds, NoHistory(), trace=True)
    assert plain.decision.trace == ()
    assert next(rule.rule for rule in traced.decision.trace if rule.held) == plain.decision.rule
    assert (traced.decision.queue, traced.decision.due) == (plain.decision.queue, plain.decision.due)


OURS = "From: Votre bailleur <metropole@parishabitat.fr>\nTo: {to}\nSubject: Odeur de gaz\nMessage-ID: <{id}>\n{more}\n"


@pytest.mark.parametrize(
    ("channel", "more"), [("smtp", ""), ("smtp", "Auto-Submitted: auto-replied\n"), ("imap_sent", "")]
)
def test_what_we_wrote_ourselves_asks_for_nothing(grounds: Grounds, channel: str, more: str) -> None:
    message_id = (
        grounds.mail_identity.tokens.message_id("2026-000007", "1") if channel == "smtp" else "outlook@x.example"
    )
    raw = OURS.format(to="n@free.example", id=message_id, more=more) + "Forte odeur de gaz dans le hall.\n"
    sent = replace(arrival("", "metropole@parishabitat.fr"), channel=channel, raw=vouched(raw.encode()))
    judged = judge(sent, AT, grounds, NoHistory())
    assert (judged.decision.kind, judged.decision.queue, judged.decision.notify) == (CaseKind.NONE, None, ())
    assert judged.joining.ours
    released = judge(sent, AT, grounds, NoHistory(), as_case=True)
    assert released.decision.kind is CaseKind.CASE


def test_replay_makes_no_case_of_what_we_wrote_ourselves(grounds: Grounds) -> None:
    raw = OURS.format(to="n@free.example", id="outlook@x.example", more="") + "Forte odeur de gaz dans le hall.\n"
    judged = judge(replace(arrival(raw, ""), channel="imap_sent"), AT, grounds, NoHistory())
    understood = understand_again(judged, AT, grounds.rules, grounds.directory, NoHistory(), as_case=False)
    assert understood == judged.understanding
    assert decide_again(judged, understood, AT, grounds.rules, grounds.directory, NoHistory()).kind is CaseKind.NONE


def test_rules_that_make_a_case_of_everything_make_none_of_what_we_wrote_ourselves(grounds: Grounds) -> None:
    everything = replace(grounds.rules.default, when=None)
    greedy = replace(grounds, rules=replace(grounds.rules, rules=(everything,)))
    raw = OURS.format(to="n@free.example", id="outlook@x.example", more="") + "Nous passons mardi.\n"
    sent = replace(arrival(raw, ""), channel="imap_sent")
    decision = judge(sent, AT, greedy, NoHistory()).decision
    assert judge(sent, AT, greedy, NoHistory(), as_case=True).decision.queue is not None
    assert (decision.kind, decision.queue, decision.office_id, decision.due) == (CaseKind.NONE, None, None, None)
    assert (decision.notify, decision.answer, decision.join, decision.alarm) == ((), None, None, Alarm())


def test_a_time_without_an_offset_is_of_the_offices_wall_clock(grounds: Grounds) -> None:
    overseas = replace(grounds, settings=grounds.settings.model_copy(update={"timezone": "Indian/Reunion"}))
    message = arrival("From: x@free.example\nDate: Tue, 24 Nov 2026 08:00:00\n\nBonjour\n", "x@free.example")
    assert judge(message, AT, overseas, NoHistory()).contact.at == datetime(2026, 11, 24, 4, tzinfo=UTC)


def test_a_voice_message_that_nobody_heard_may_be_a_danger_for_other_rules_too(grounds: Grounds) -> None:
    night = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
    judged = judge(notice("0639980001", at=night), night, grounds, NoHistory())
    again = understand_again(judged, night, grounds.rules, grounds.directory, NoHistory(), as_case=False)
    assert (again.unread, again.alarm.level) == (Unread.VOICE, AlarmLevel.POSSIBLE)
    assert again == judged.understanding
