"""What the agents' verbs and the engine do is counted as the definitions say: by events of their own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.cells import Division, Spread, Sums
from dtm_contact.figures.counting import CountingContext, count_days
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    Call,
    Channel,
    Contact,
    ConversationMatch,
    JoinedBy,
    Likely,
    Match,
    Outcome,
    Priority,
)
from dtm_contact.pipeline import Grounds
from dtm_contact.privacy.data_place import counted_part
from dtm_contact.settings import Settings
from dtm_contact.store import Store, TrailLine
from dtm_contact.store.schema import cases, events
from tests.cases.conftest import RULES, Desk
from tests.prove.figures_store import CALENDARS, PARIS
from tests.rules.cast import DIRECTORY
from tests.rules.once import load_once
from tests.store.samples import NOW, judgement, minutes

LATER = NOW + timedelta(hours=3)
TODAY = NOW.date()
UNSERVED = Contact(Channel.PHONE, NOW, call=Call("c1", Outcome.ABANDONED, NOW, NOW, "0612345678", "+33612345678"))


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, Grounds.build(DIRECTORY, load_once(RULES), Settings.defaults()))


def counted(desk: Desk, at: datetime = LATER, day: date = TODAY) -> Sums:
    """Return what is counted of a day, of all cases."""
    seen = CountingContext(TimeContext(PARIS, at, CALENDARS), {})
    return count_days(desk.store, day, day, seen)[day].whole()


def only(counts: Sums, *names: str) -> dict[str, int]:
    return {name: counts[name] for name in names}


def test_an_open_case_is_opened_open_and_late_once_it_is_due(desk: Desk) -> None:
    desk.open()
    assert only(counted(desk, minutes(30)), "opened", "arrivals.email", "open", "late", "due") == {
        "opened": 1, "arrivals.email": 1, "open": 1, "late": 0, "due": 0,
    }  # fmt: skip
    assert only(counted(desk), "open", "late", "due", "due_met") == {"open": 1, "late": 1, "due": 1, "due_met": 0}


def test_a_case_that_was_answered_and_is_not_closed_is_not_late_but_stands_apart(desk: Desk) -> None:
    number = desk.open()
    names = ("open", "late", "answered_open")
    assert only(counted(desk), *names) == {"open": 1, "late": 1, "answered_open": 0}
    with desk.store.database.writing() as connection:
        (case_id,) = connection.execute(sa.select(events.c.case_id).distinct()).scalars()
        said = {"case_id": case_id, "at": minutes(20), "who": "paul", "what": "replied", "data": {"to": "tenant"}}
        connection.execute(events.insert().values(said))
    assert only(counted(desk), *names) == {"open": 1, "late": 0, "answered_open": 1}
    desk.do(number, "done", at=minutes(30), reason="réparé")
    desk.do(number, "reopen", at=minutes(40), reason="non")
    # What was answered before it was opened again is no answer to that.
    assert only(counted(desk), *names) == {"open": 1, "late": 1, "answered_open": 0}


def test_a_case_that_is_handed_over_leaves_the_past_of_its_office_as_it_was(desk: Desk) -> None:
    number = desk.open()
    later = NOW + timedelta(days=1)
    desk.do(number, "move", at=later, queue="pantin", reason="Pantin")
    seen = CountingContext(TimeContext(PARIS, later + timedelta(hours=2), CALENDARS), {})
    days = count_days(desk.store, NOW.date(), later.date(), seen)
    first, second = (days[day].by(Division.OFFICE) for day in (NOW.date(), later.date()))
    (lay,) = first
    (came,) = second.keys() - {lay}
    assert only(first[lay], "opened", "open", "handed_away") == {"opened": 1, "open": 1, "handed_away": 0}
    assert only(second[lay], "open", "handed_away", "handed_in") == {"open": 0, "handed_away": 1, "handed_in": 0}
    assert only(second[came], "opened", "open", "handed_in") == {"opened": 0, "open": 1, "handed_in": 1}
    desk.do(number, "undo", at=later + timedelta(minutes=5))
    days = count_days(desk.store, NOW.date(), later.date(), seen)
    assert only(days[later.date()].by(Division.OFFICE)[lay], "open", "handed_away") == {"open": 1, "handed_away": 0}


def test_a_closing_after_the_count_is_in_no_number_of_it(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "done", at=minutes(40), reason="réparé")
    assert only(counted(desk, minutes(30)), "closed", "open") == {"closed": 0, "open": 1}
    assert only(counted(desk, minutes(50)), "closed", "open") == {"closed": 1, "open": 0}


def test_a_closing_answers_and_what_is_taken_back_does_not(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "done", at=minutes(20), reason="réparé")
    counts = counted(desk)
    assert only(counts, "closed", "due_met", "open") == {"closed": 1, "due_met": 1, "open": 0}
    assert Spread.of(counts, "first_answer").quantile(0.5) == pytest.approx(20, rel=0.025)
    desk.do(number, "undo", at=minutes(21))
    assert only(counted(desk), "closed", "due_met", "open") == {"closed": 0, "due_met": 0, "open": 1}


def test_a_case_opened_again_counts_and_so_does_its_second_closing(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "done", at=minutes(20), reason="réparé")
    desk.do(number, "reopen", at=minutes(40), reason="non")
    desk.do(number, "done", at=minutes(50), reason="réparé")
    assert only(counted(desk), "closed", "reopened", "open") == {"closed": 2, "reopened": 1, "open": 0}


def test_a_message_that_opens_a_case_again_does_too(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "done", at=minutes(20), reason="réparé")
    again = replace(
        judgement(queue="bagnolet"), joining=ConversationMatch(case_number=number, way=JoinedBy.OWN, proven=True)
    )
    desk.take_in("two", again)
    assert only(counted(desk), "arrivals.email", "reopened", "open") == {"arrivals.email": 2, "reopened": 1, "open": 1}


def test_corrections_are_counted_and_a_topic_under_that_which_was_wrong(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "topic", topic="heating")
    desk.do(number, "tenant", tenant="T01")
    desk.do(number, "priority", priority="P2")
    desk.do(number, "move", queue="pantin", reason="Pantin")
    names = ("wrong_topic", "topic_given", "wrong_priority", "judged", "transfers")
    assert only(counted(desk), *names) == dict.fromkeys(names, 1)
    cells = count_days(desk.store, NOW.date(), NOW.date(), CountingContext(TimeContext(PARIS, LATER, CALENDARS), {}))
    by_topic = cells[NOW.date()].by(Division.TOPIC)
    assert (by_topic["plumbing"]["wrong_topic"], by_topic["heating"]["opened"]) == (1, 1)
    assert by_topic["plumbing"]["topic_given"] == 1


NAMED = Match(tenant=Likely("T01", 0.99), dwelling=Likely("L01", 0.99), residence=Likely("R1", 0.99))
HOME = replace(NAMED, tenant=None)
NOBODY = Match(tenant=None, dwelling=None, residence=Likely("R1", 0.99))


@pytest.mark.parametrize(
    ("match", "said", "expected"),
    [
        (NAMED, (), {"named"}),
        (NAMED, ({"tenant": "T09"},), {"named", "wrong_tenant"}),
        (NAMED, ({},), {"named", "wrong_tenant"}),
        (NAMED, ({"tenant": "T09"}, {"tenant": "T01", "dwelling": "L01"}), {"named"}),
        (HOME, ({"tenant": "T01"},), {"named"}),
        (HOME, ({"tenant": "T09"},), {"named", "wrong_tenant"}),
        (NOBODY, (), {"unnamed"}),
        (NOBODY, ({"tenant": "T01"},), {"unnamed", "identified_tenant"}),
        (NOBODY, ({"dwelling": "L01"},), {"unnamed", "identified_tenant"}),
        (NOBODY, ({"tenant": "T01"}, {"tenant": "T09"}), {"unnamed", "identified_tenant"}),
    ],
    ids=[
        "right",
        "another",
        "nobody",
        "back",
        "whom of it",
        "of elsewhere",
        "unknown",
        "told",
        "home told",
        "another told",
    ],
)
def test_a_tenant_is_corrected_only_where_the_engine_had_named_one(
    desk: Desk, match: Match, said: tuple[dict[str, Any], ...], expected: set[str]
) -> None:
    desk.with_neighbour()
    number = desk.open(match=match)
    for whom in said:
        desk.do(number, "tenant", **whom)
    names = {"named", "wrong_tenant", "unnamed", "identified_tenant"}
    assert {name for name in names if counted(desk)[name]} == expected
    with desk.store.database.writing() as connection:
        # When a person is erased, their name goes, and what is counted stays.
        for row in connection.execute(sa.select(events.c.id, events.c.data)).all():
            connection.execute(events.update().where(events.c.id == row.id).values(data=counted_part(row.data)))
    if len(said) == 1 and match is not HOME:
        assert {name for name in names if counted(desk)[name]} == expected


def test_a_correction_that_is_taken_back_is_none_and_a_case_of_the_desk_is_not_the_engines(desk: Desk) -> None:
    desk.with_neighbour()
    number = desk.open(match=NAMED)
    desk.do(number, "tenant", tenant="T09")
    desk.do(number, "undo")
    assert only(counted(desk), "judged", "named", "wrong_tenant") == {"judged": 1, "named": 1, "wrong_tenant": 0}
    with desk.store.database.writing() as connection:
        connection.execute(cases.update().values(channel=Channel.DESK))
    assert only(counted(desk), "judged", "named", "wrong_tenant") == {"judged": 0, "named": 0, "wrong_tenant": 0}


def test_merged_cases_are_neither_closed_nor_late(desk: Desk) -> None:
    one, two = desk.open("one"), desk.open("two")
    desk.do(two, "merge", at=minutes(5), into=one)
    names = ("opened", "closed", "merged", "open", "due")
    assert only(counted(desk), *names) == {"opened": 2, "closed": 0, "merged": 1, "open": 1, "due": 1}


def verdicts(counts: Sums) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name.partition("_")[0] == "alarms"}


def alarming(level: AlarmLevel, priority: Priority) -> Any:
    judged = judgement(queue="bagnolet", priority=priority)
    alarm = Alarm(level)
    return replace(
        judged, understanding=replace(judged.understanding, alarm=alarm), decision=replace(judged.decision, alarm=alarm)
    )


def test_an_alarm_is_raised_once_looked_at_and_confirmed_or_false(desk: Desk) -> None:
    number = desk.take_in("one", alarming(AlarmLevel.CERTAIN, Priority.P1))
    desk.store.accounts.trail(TrailLine(minutes(4), "paul", "read", number))
    desk.do(number, "done", at=minutes(9), danger_over="false_alarm")
    counts = counted(desk)
    assert verdicts(counts) == {"alarms": 1, "alarms_false": 1}
    assert Spread.of(counts, "alarm_look").quantile(0.5) == pytest.approx(4, rel=0.025)
    assert Spread.of(counts, "first_answer_p1").quantile(0.5) == pytest.approx(9, rel=0.025)


def test_a_danger_that_an_agent_saw_alone_was_missed(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "danger", at=minutes(3))
    counts = counted(desk)
    assert (verdicts(counts), counts["wrong_priority"]) == ({"alarms_missed": 1}, 0)
    # The closing says so of what is a certain alarm by then; the engine has not seen it for that.
    desk.do(number, "done", at=minutes(9), danger_over="rescued")
    assert verdicts(counted(desk)) == {"alarms_missed": 1}


def test_of_the_alarms_cried_each_is_confirmed_false_or_without_a_verdict(desk: Desk) -> None:
    for at, said in enumerate(("false_alarm", "rescued", "")):
        number = desk.take_in(f"n{at}", alarming(AlarmLevel.CERTAIN, Priority.P1))
        if said:
            desk.do(number, "done", at=minutes(9 + at), danger_over=said)
    assert verdicts(counted(desk)) == {
        "alarms": 3, "alarms_confirmed": 1, "alarms_false": 1, "alarms_unjudged": 1
    }  # fmt: skip


def test_what_an_agent_says_later_is_counted_on_the_day_of_the_alarm(desk: Desk) -> None:
    number = desk.take_in("one", alarming(AlarmLevel.CERTAIN, Priority.P1))
    later = NOW + timedelta(days=2)
    desk.do(number, "no_danger", at=later, reason="exercice")
    seen = CountingContext(TimeContext(PARIS, later, CALENDARS), {})
    cells = count_days(desk.store, NOW.date(), later.date(), seen)
    assert verdicts(cells[NOW.date()].whole()) == {"alarms": 1, "alarms_false": 1}
    assert verdicts(cells[later.date()].whole()) == {}


def test_several_households_on_one_day_are_an_incident(desk: Desk) -> None:
    desk.with_neighbour()
    for external_id, tenant in (("one", "T01"), ("two", "T09")):
        number = desk.open(external_id)
        desk.do(number, "topic", topic="heating")
        desk.do(number, "tenant", tenant=tenant)
        desk.do(number, "done", at=minutes(30), reason="réparé")
    counts = counted(desk)
    assert only(counts, "incidents", "incident_households") == {"incidents": 1, "incident_households": 2}
    assert Spread.of(counts, "incident_length").quantile(0.5) == pytest.approx(30, rel=0.025)


def test_attempts_and_appointments_are_counted(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "call_back", outcome="no_answer", at=minutes(10))
    slot = (NOW + timedelta(hours=4)).replace(minute=30).isoformat()
    office = next(office.office_id for office in DIRECTORY.records.offices if office.kind != "agency")
    desk.do(number, "appoint", slot=slot, office=office)
    desk.do(number, "cancel_appointment", slot=slot)
    names = ("call_attempts", "appointments", "appointments_cancelled", "due_met")
    assert only(counted(desk), *names) == {**dict.fromkeys(names, 1), "due_met": 0}


def test_who_was_reached_was_called_back_and_answered_and_a_slip_counts_nothing(desk: Desk) -> None:
    number = desk.take_in("one", judgement(contact=UNSERVED))
    names, backs = ("call_attempts", "closed"), ("call_backs_due", "call_backs_met")
    closes = datetime(2026, 11, 25, 17, tzinfo=PARIS)
    after = closes + timedelta(minutes=1)
    assert only(counted(desk, after, closes.date()), *backs) == {"call_backs_due": 1, "call_backs_met": 0}
    desk.do(number, "call_back", outcome="unsettled", text="Le chauffagiste passe.", at=minutes(10))
    counts = counted(desk)
    assert only(counts, *names) == {"call_attempts": 0, "closed": 0}
    assert Spread.of(counts, "first_answer").count == 1
    assert only(counted(desk, after, closes.date()), *backs) == dict.fromkeys(backs, 1)
    desk.do(number, "undo", at=minutes(11))
    assert only(counted(desk), *names) == dict.fromkeys(names, 0)
    assert only(counted(desk, after, closes.date()), *backs) == {"call_backs_due": 1, "call_backs_met": 0}
    desk.do(number, "call_back", outcome="settled", text="Réparé.", at=minutes(12))
    assert only(counted(desk), *names) == {"call_attempts": 0, "closed": 1}
    assert only(counted(desk, after, closes.date()), *backs) == dict.fromkeys(backs, 1)


@pytest.mark.parametrize("is_called_back", [False, True])
def test_a_call_counts_in_no_share_until_its_time_to_be_called_back_is_over(
    desk: Desk,
    is_called_back: bool,  # noqa: FBT001 - a table's column
) -> None:
    number = desk.take_in("one", judgement(contact=UNSERVED))
    if is_called_back:
        desk.do(number, "call_back", outcome="no_answer", at=minutes(10))
    backs, closes = ("call_backs_due", "call_backs_met"), datetime(2026, 11, 25, 17, tzinfo=PARIS)
    for at in (LATER, closes - timedelta(microseconds=1)):
        assert only(counted(desk, at, at.date()), *backs) == dict.fromkeys(backs, 0)
    for at in (closes, closes + timedelta(days=9)):
        assert only(counted(desk, at, closes.date()), *backs) == {
            "call_backs_due": 1, "call_backs_met": int(is_called_back)
        }  # fmt: skip
        assert only(counted(desk, at), *backs) == dict.fromkeys(backs, 0)


def test_silence_begins_with_the_last_answer(desk: Desk) -> None:
    desk.open()
    at = (NOW + timedelta(days=14, hours=1)).astimezone(UTC)
    seen = CountingContext(TimeContext(PARIS, at, CALENDARS), {})
    cells = count_days(desk.store, NOW.date(), at.date(), seen)
    last, before = (cells[at.date() - timedelta(days=back)] for back in (0, 1))
    assert last.whole()["silent_14"] == 1
    assert before.whole()["silent_14"] == 0
