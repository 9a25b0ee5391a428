"""What is taken over answers, calls and reminds nobody; it is judged as of its own day, and due from now on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.cases import Command, apply
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cases.refusals import WrongStateError
from dtm_contact.model import IMPORTED, AlarmLevel, Priority
from dtm_contact.store.imports import ImportedMail
from dtm_contact.store.placement import TAKEN_OVER
from tests.outbound.engine import Engine, engine, performed
from tests.takeover.mails import NOW, mail
from tests.vouched import vouched

TRAPPED = "Je suis bloquée dans l'ascenseur, venez vite !"
POSSIBLE = "Plus de nouvelles de ma voisine depuis une semaine."
LEAK = "Grosse fuite d'eau dans la salle de bain."


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path) as made:
        yield made


def taken_over(running: Engine, raw: bytes, at: datetime = NOW) -> str:
    number = running.take(raw, "nadia@free.example", at, channel=IMPORTED)
    assert number is not None
    return number


def say(running: Engine, verb: str, number: str, at: datetime, reason: str = "vu") -> None:
    grounds = running.grounds
    known = SiteConfiguration(grounds.directory, grounds.rules, running.settings)
    apply(running.store, Command(verb, "anne", number, {"reason": reason}), at, lambda: known)


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(hours=20), timedelta(days=40)], ids=str)
def test_a_danger_of_any_age_calls_nobody_and_nothing_follows(running: Engine, age: timedelta) -> None:
    number = taken_over(running, vouched(mail(1, TRAPPED, NOW - age)))
    case = running.store.cases.get(number).case
    assert (case.priority, case.state, case.tags) == (Priority.P1, "open", (TAKEN_OVER,))
    assert performed(running, NOW + timedelta(days=60)) == 0
    assert running.sent(NOW) == []
    assert running.store.desk.alarms([case.queue]) == []


def test_due_times_count_from_now_and_hours_are_those_of_its_own_day(running: Engine) -> None:
    sunday = datetime.fromisoformat("2026-11-22T23:00+01:00")
    number = taken_over(running, mail(1, LEAK, sunday))
    case = running.store.cases.get(number).case
    assert case.rule == "routing.yaml:urgent-hors-horaires", "it came while the office was closed"
    assert case.due > NOW
    assert running.sent(NOW) == []


def test_an_answer_of_long_ago_lies_with_what_it_answers(running: Engine) -> None:
    first, second = NOW - timedelta(days=90), NOW - timedelta(days=88)
    number = taken_over(running, mail(1, LEAK, first))
    reply = mail(1, f"Toujours rien ! {LEAK}", second, In_Reply_To="<1@free.example>", Id="2")
    assert taken_over(running, reply) == number


def test_a_stranger_does_not_join_by_a_reference(running: Engine) -> None:
    number = taken_over(running, mail(1, LEAK, NOW - timedelta(days=9)))
    assert taken_over(running, mail(7, LEAK, NOW - timedelta(days=8), References="<1@free.example>")) != number


def test_a_danger_that_a_person_confirms_is_a_live_one(running: Engine) -> None:
    number = taken_over(running, mail(1, TRAPPED, NOW - timedelta(hours=20)))
    later = NOW + timedelta(hours=1)
    say(running, "danger", number, later)
    assert any(each["Subject"].startswith("[P1]") for each in running.sent(later))
    assert performed(running, later + timedelta(minutes=5)) == 0, "the row of calls begins with the word, not before"
    assert performed(running, later + timedelta(minutes=11)) == 1
    with pytest.raises(WrongStateError):
        say(running, "danger", number, later)


def test_a_danger_that_is_none_any_more_stays_open_and_teaches_nothing(running: Engine) -> None:
    number = taken_over(running, mail(1, TRAPPED, NOW - timedelta(hours=20)))
    say(running, "no_danger", number, NOW, "sortie hier soir")
    file = running.store.cases.get(number)
    assert (file.case.priority, file.case.state) == (Priority.P2, "open")
    assert [(event.who, event.data["reason"]) for event in file.events if event.what == "no_danger"] == [
        ("anne", "sortie hier soir")
    ]
    assert running.store.alarm_labels.all() == []
    assert performed(running, NOW + timedelta(days=60)) == 0
    assert running.sent(NOW) == []


def test_who_writes_anew_sets_everything_going(running: Engine) -> None:
    number = taken_over(running, mail(1, TRAPPED, NOW - timedelta(hours=20)))
    later = NOW + timedelta(hours=1)
    again = mail(1, TRAPPED, later, In_Reply_To="<1@free.example>", Id="2")
    assert running.take(vouched(again), "nadia1@free.example", later) == number
    assert running.sent(later) != []
    assert performed(running, later + timedelta(hours=1)) > 0


@pytest.mark.parametrize("closed", [False, True])
def test_a_case_at_work_is_never_changed(running: Engine, closed: bool) -> None:  # noqa: FBT001 - a row of the table
    live = running.take(vouched(mail(1, "Mon robinet goutte un peu.")), "nadia1@free.example", NOW)
    assert live is not None
    if closed:
        say(running, "done", live, NOW)
    before = running.store.cases.get(live).case
    running.sent(NOW)
    old = mail(1, TRAPPED, NOW - timedelta(days=1), References="<1@free.example>", Id="0")
    beside = taken_over(running, old, NOW + timedelta(minutes=1))
    assert beside != live
    assert replace(running.store.cases.get(live).case, version=before.version) == before
    assert performed(running, NOW + timedelta(minutes=20)) == 0
    assert running.sent(NOW + timedelta(minutes=20)) == []


def test_a_possible_danger_rings_at_no_desk(running: Engine) -> None:
    live = running.take(mail(1, POSSIBLE), "nadia1@free.example", NOW)
    old = taken_over(running, mail(2, f"{POSSIBLE} Au 2e.", NOW - timedelta(hours=2)))
    queues = [running.store.cases.get(number).case.queue for number in (live or "", old)]
    levels = [running.store.cases.get(number).case.alarm_level for number in (live or "", old)]
    assert levels == [AlarmLevel.POSSIBLE] * 2
    assert [case.number for case in running.store.desk.possible_dangers(queues)] == [live]


def test_many_of_them_are_no_storm(running: Engine) -> None:
    for number in range(3):
        taken_over(running, mail(number, f"{LEAK} Résidence Les Tilleuls. {number}", NOW - timedelta(hours=1)))
    assert running.store.timers.case_counts(NOW - timedelta(hours=2)) == []


def test_a_recent_danger_keeps_an_import_from_its_end_until_it_is_decided(running: Engine) -> None:
    imports = running.store.imports
    begun = imports.begin("mbox old", "anne", NOW)
    assert imports.begin("mbox old", "anne", NOW).id == begun.id
    recent = taken_over(running, mail(1, TRAPPED, NOW - timedelta(hours=47)))
    old = taken_over(running, mail(2, TRAPPED + " Vite.", NOW - timedelta(hours=49)))
    arrivals = [
        running.store.arrivals.get(running.store.cases.get(number).contacts[0].arrival_id) for number in (recent, old)
    ]
    hours = (47, 49)
    imports.accept(
        begun.id,
        [ImportedMail(arrival, NOW - timedelta(hours=age)) for arrival, age in zip(arrivals, hours, strict=True)],
    )
    assert [each.number for each in imports.pending()] == [recent]
    assert not imports.end(begun.id, "anne", NOW)
    say(running, "no_danger", recent, NOW)
    assert imports.pending(begun.id) == []
    assert imports.end(begun.id, "anne", NOW)
    assert imports.begin("mbox old", "anne", NOW).id != begun.id


def test_what_is_stored_twice_is_there_once(running: Engine) -> None:
    begun = running.store.imports.begin("mbox old", "anne", NOW)
    taken_over(running, mail(1, LEAK))
    arrival = running.store.arrivals.get(1)
    for _ in range(2):
        running.store.imports.accept(begun.id, [ImportedMail(arrival, NOW)])
    assert running.store.imports.counts(begun.id).taken == 1
    assert running.store.imports.already_taken([arrival.external_id, "other"]) == {arrival.external_id}
