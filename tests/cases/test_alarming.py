"""An agent's word on a danger: what it changes, whom it wakes, and the label that is kept of it."""

from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import pytest

from dtm_contact.cases import WrongArgumentError
from dtm_contact.explain.names import Names
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, CodedText, Judgement, OutgoingKind, Priority
from dtm_contact.outbound.notices import place_words
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import OutboundSettings
from tests.cases.conftest import Desk
from tests.store.samples import NOW, judgement, minutes

MAYBE = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.41, 0.7)
CERTAIN = replace(MAYBE, level=AlarmLevel.CERTAIN)
SENDS = OutboundSettings(host="relay.example", sender="metropole@bailleur.example", answers=True)


@pytest.fixture
def sending(desk: Desk, grounds: Grounds) -> Desk:
    desk.grounds = replace(grounds, settings=grounds.settings.model_copy(update={"outbound": SENDS}))
    return desk


def alarming(alarm: Alarm, topic: str = "gas") -> Judgement:
    judged = judgement(queue="bagnolet", priority=Priority.P2)
    understanding = replace(judged.understanding, topics=(topic,), alarm=alarm)
    return replace(judged, understanding=understanding, decision=replace(judged.decision, alarm=alarm))


def labels(desk: Desk) -> list[tuple[Any, ...]]:
    return [(each.act, each.who, each.before.level, each.danger) for each in desk.store.alarm_labels.all()]


def test_the_case_keeps_the_alarm_as_it_was_judged(desk: Desk) -> None:
    case = desk.case(desk.take_in("one", alarming(MAYBE)))
    assert (case.priority, case.alarm) == (Priority.P2, MAYBE)


def test_a_possible_danger_that_is_one_wakes_those_on_call_and_tells_the_writer_what_to_do(sending: Desk) -> None:
    number = sending.take_in("one", alarming(MAYBE))
    done = sending.do(number, "danger", reason="elle entend siffler le tuyau")
    case = sending.case(number)
    assert (case.priority, case.alarm) == (Priority.P1, replace(CERTAIN, raised_by=AlarmSource.AGENT))
    assert case.due == minutes(15)
    sent = [sending.store.outbox.claim("s", NOW) for _ in range(2)]
    kinds = {each.outgoing.kind: each for each in sent if each is not None}
    assert set(kinds) == {OutgoingKind.NOTICE, OutgoingKind.ANSWER}
    notice = message_from_bytes(kinds[OutgoingKind.NOTICE].outgoing.raw, policy=policy.default)
    assert notice["Subject"].startswith("[P1]")
    assert number in notice["Subject"]
    assert done.events[0].data["told"] == [kinds[OutgoingKind.NOTICE].outgoing.to]
    assert kinds[OutgoingKind.ANSWER].outgoing.reason == "urgence-gaz"
    assert labels(sending) == [("danger", "paul", AlarmLevel.POSSIBLE, True)]


def test_whoever_was_told_a_wrong_place_of_a_danger_hears_where_it_is(sending: Desk) -> None:
    number = sending.take_in("one", alarming(MAYBE))
    sending.do(number, "danger")
    first = notices_sent(sending)
    neighbour = sending.with_neighbour()
    sending.do(number, "tenant", tenant="T01")
    notices_sent(sending)
    sending.do(number, "tenant", tenant=neighbour)
    told, names = notices_sent(sending), Names(sending.grounds.directory, {}, sending.grounds.settings.zone)
    here, there = place_words(names, "L01", "R01"), place_words(names, "L02", "R01")
    assert set(first) <= set(told)
    for subject, text in told.values():
        assert "Adresse corrigée" in subject
        assert text.startswith(f"Adresse corrigée : {there}\nCe n'est pas : {here}\n")
    # What is taken back is a correction, too.
    sending.do(number, "undo")
    assert {text.splitlines()[0] for _subject, text in notices_sent(sending).values()} == {f"Adresse corrigée : {here}"}
    # Those on call are on call by a correction, too: where it reaches nobody, the next of them is notified at once.
    reasons = [each.reason for each in sending.store.outbox.entries(case_number=number)]
    assert [reason.startswith("on_call:") for reason in reasons].count(True) == 4


def test_where_no_danger_is_nobody_hears_of_another_place(sending: Desk) -> None:
    number = sending.take_in("one", alarming(MAYBE))
    sending.do(number, "tenant", tenant="T01")
    assert notices_sent(sending) == {}


def test_a_possible_danger_is_closed_by_saying_why_there_is_none(desk: Desk) -> None:
    number = desk.take_in("one", alarming(MAYBE))
    whys: tuple[dict[str, Any], ...] = ({"reason": "doublon"}, {"spoke": True})
    for arguments in whys:
        with pytest.raises(WrongArgumentError, match="Un danger possible n'est clos"):
            desk.do(number, "done", **arguments)
    for _attempt in range(4):
        desk.do(number, "call_back", outcome="no_answer")
    assert desk.case(number).state == "open"
    desk.do(number, "done", danger_over="false_alarm")
    assert desk.case(number).state == "closed"


def notices_sent(desk: Desk) -> dict[str, tuple[str, str]]:
    """Hand over all that waits, and return the subject and the text of the notices of it, by whom they are for."""
    found = dict[str, tuple[str, str]]()
    while (claimed := desk.store.outbox.claim("s", NOW)) is not None:
        if claimed.outgoing.kind is OutgoingKind.NOTICE:
            mail = message_from_bytes(claimed.outgoing.raw, policy=policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            found[claimed.outgoing.to] = mail["Subject"], body.get_content().replace("\r\n", "\n")
    return found


def test_a_case_of_which_nothing_could_be_read_is_made_a_danger_too(sending: Desk) -> None:
    number = sending.open()
    sending.do(number, "priority", priority="P1")
    assert sending.case(number).alarm.raised_by is AlarmSource.AGENT
    assert sending.store.outbox.waiting() >= 1


def test_where_nothing_is_sent_the_event_says_that_nobody_was_told(desk: Desk) -> None:
    number = desk.take_in("one", alarming(MAYBE))
    assert desk.do(number, "danger").events[0].data["told"] == []


@pytest.mark.parametrize("alarm", [MAYBE, CERTAIN], ids=["possible", "certain"])
def test_what_an_agent_lowers_is_no_alarm_any_more_and_says_so(desk: Desk, alarm: Alarm) -> None:
    number = desk.take_in("one", alarming(alarm))
    desk.do(number, "no_danger", reason="il parlait d'hier")
    case = desk.case(number)
    lowered = replace(alarm, level=AlarmLevel.NONE, why_not=CodedText("agent_says_no_danger"))
    assert (case.state, case.priority, case.alarm) == ("open", Priority.P2, lowered)
    assert labels(desk) == [("no_danger", "paul", alarm.level, False)]


def test_what_is_taken_back_is_no_label(desk: Desk) -> None:
    number = desk.take_in("one", alarming(MAYBE))
    desk.do(number, "no_danger")
    desk.do(number, "undo")
    assert (desk.case(number).alarm, labels(desk)) == (MAYBE, [])


def test_a_priority_below_danger_says_that_nobody_is_in_it(desk: Desk) -> None:
    number = desk.take_in("one", alarming(MAYBE))
    desk.do(number, "priority", priority="P4")
    assert (desk.case(number).priority, desk.case(number).alarm.level) == (Priority.P4, AlarmLevel.NONE)
    assert labels(desk) == [("priority", "paul", AlarmLevel.POSSIBLE, False)]


@pytest.mark.parametrize(
    ("over", "danger"), [("rescued", True), ("repaired", True), ("false_alarm", False), ("checked", False)]
)
def test_why_a_danger_is_over_says_whether_it_was_one(desk: Desk, over: str, *, danger: bool) -> None:
    number = desk.take_in("one", alarming(CERTAIN))
    desk.do(number, "done", danger_over=over)
    assert labels(desk) == [("done", "paul", AlarmLevel.CERTAIN, danger)]
    assert desk.store.alarm_labels.false_wakings(NOW) == [0 if danger else 1]


def test_false_wakings_are_counted_a_week_each_case_once(desk: Desk) -> None:
    days = 24 * 60
    for name, ago, over in (("a", 1, "false_alarm"), ("b", 8, "checked"), ("c", 2, "rescued"), ("d", 30, "checked")):
        number = desk.take_in(name, alarming(CERTAIN))
        desk.do(number, "done", danger_over=over, at=minutes(-ago * days))
    number = desk.take_in("e", alarming(CERTAIN))
    desk.do(number, "no_danger", reason="erreur", at=minutes(-days))
    desk.do(number, "danger", at=minutes(-2))
    assert desk.store.alarm_labels.false_wakings(NOW, 3) == [1, 1, 0]


def test_a_possible_danger_stands_before_all_but_the_certain(desk: Desk) -> None:
    urgent, maybe = desk.open("one", priority=Priority.P2), desk.take_in("two", alarming(MAYBE))
    certain, normal = desk.take_in("three", alarming(CERTAIN)), desk.open("four")
    order = [case.number for case in desk.store.cases.queue("bagnolet")]
    assert order == [certain, maybe, urgent, normal]
    first = desk.store.cases.queue("bagnolet", limit=1)[0]
    assert [case.number for case in desk.store.cases.queue("bagnolet", after=first)] == order[1:]
    (count,) = desk.store.cases.queue_counts(NOW)
    assert (count.open, count.danger, count.possible) == (4, 1, 1)


def test_a_merge_keeps_the_graver_of_two_alarms(desk: Desk) -> None:
    maybe, other = desk.take_in("one", alarming(MAYBE)), desk.open("two", priority=Priority.P2)
    desk.do(maybe, "merge", into=other)
    assert desk.case(other).alarm == MAYBE
    desk.do(maybe, "undo")
    assert desk.case(other).alarm == Alarm()
