"""What `queues.yaml` says of times and people: who is on call, who takes over, what follows when nobody answers."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.hours import PARIS
from dtm_contact.model import Priority
from dtm_contact.rules import RuleSet, load_rules
from dtm_contact.rules.schedule import Action, Until
from tests.rules.folders import GOOD, overlay

ON_CALL = """on_call:
  - {dates: "2026-12-24..2026-12-31", call: [fetes@bailleur.example, cadre@bailleur.example]}
  - {weekday: [saturday, sunday], call: week-end@bailleur.example}
  - {between: "17:00-09:00", weekday: friday, call: vendredi@bailleur.example}
  - {between: "17:00-09:00", call: nuit@bailleur.example}
  - {call: jour@bailleur.example}
holidays: {whit_monday: worked, bridge_days: closed}
caretaker_away: renfort@bailleur.example
escalation:
  P1:
    - {after: 10 minutes, until: taken, do: call_next}
  any:
    - {past_due: 1 business hour, do: remind}
    - {after: 45 days, do: hand_over, to: comptes}
"""
TAKEN_OVER = """    takes_over: sud
    closures: ["2026-08-10..2026-08-14", "2026-12-28..2026-12-30"]
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    folder: Path = overlay(GOOD, tmp_path_factory.mktemp("queues") / "rules")
    text = (folder / "queues.yaml").read_text("utf-8")
    text = text.replace("on_call: astreinte@bailleur.example\n", ON_CALL)
    text = text.replace("    office: nord\n", "    office: nord\n" + TAKEN_OVER)
    text = text.replace("due:\n", "due:\n  topics: {rent_charges: 1 month}\n", 1)
    (folder / "queues.yaml").write_text(text, "utf-8")
    return load_rules(folder)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("at", "called"),
    [
        ("2026-11-24T10:00", "jour"),
        ("2026-11-24T17:00", "nuit"),
        ("2026-11-25T08:59", "nuit"),
        ("2026-11-25T09:00", "jour"),
        ("2026-11-27T23:00", "vendredi"),
        ("2026-11-28T03:00", "week-end"),  # in the order of the file, the week-end comes before the night of Friday
        ("2026-11-30T03:00", "nuit"),
        ("2026-12-24T10:00", "fetes"),
        ("2026-12-27T10:00", "fetes"),
        ("2027-01-01T10:00", "jour"),
    ],
)
def test_the_first_shift_that_lasts_is_called(rules: RuleSet, at: str, called: str) -> None:
    assert rules.queues["nord"].called_at(paris(at))[0] == f"{called}@bailleur.example"


def test_a_night_belongs_to_the_day_on_which_it_begins(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    shifts = ON_CALL.replace("  - {weekday: [saturday, sunday], call: week-end@bailleur.example}\n", "")
    text = (folder / "queues.yaml").read_text("utf-8")
    (folder / "queues.yaml").write_text(text.replace("on_call: astreinte@bailleur.example\n", shifts), "utf-8")
    queue = load_rules(folder).queues["nord"]
    assert queue.called_at(paris("2026-11-28T03:00")) == ("vendredi@bailleur.example",)
    assert queue.called_at(paris("2026-11-27T03:00")) == ("nuit@bailleur.example",)


@pytest.mark.parametrize(
    ("at", "takes"),
    [
        ("2026-08-12T10:00", "sud"),
        ("2026-08-12T23:00", "sud"),
        ("2026-08-17T10:00", "nord"),
        ("2026-05-01T10:00", "nord"),  # a holiday is no closure
        ("2026-12-29T10:00", "nord"),  # where who would take over is closed too, the cases stay
    ],
)
def test_who_takes_over_while_an_office_is_closed_for_days(rules: RuleSet, at: str, takes: str) -> None:
    assert rules.desks.standing_in(rules.queues["nord"], paris(at)).id == takes


@pytest.mark.parametrize(
    ("topic", "priority", "due"),
    [
        ("rent_charges", Priority.P3, "2026-12-24T10:00+01:00"),
        ("rent_charges", Priority.P1, "2026-11-24T10:15+01:00"),
        ("other", Priority.P3, "2026-11-26T10:00+01:00"),
        (None, Priority.P4, "2026-12-01T10:00+01:00"),
    ],
)
def test_a_topic_may_have_a_due_time_of_its_own(
    rules: RuleSet, topic: str | None, priority: Priority, due: str
) -> None:
    found = rules.queues["comptes"].due_at(priority, paris("2026-11-24T10:00"), topic)
    assert found.isoformat(timespec="minutes") == due


def test_a_month_ends_on_the_last_day_where_it_has_no_such_day(rules: RuleSet) -> None:
    found = rules.queues["comptes"].due_at(Priority.P3, paris("2027-01-31T10:00"), "rent_charges")
    assert found.isoformat(timespec="minutes") == "2027-02-28T10:00+01:00"


def test_the_steps_of_a_priority_come_before_those_of_any(rules: RuleSet) -> None:
    steps = rules.queues["nord"].steps(Priority.P1)
    assert [(step.does, step.until, step.to) for step in steps] == [
        (Action.CALL_NEXT, Until.TAKEN, None),
        (Action.REMIND, Until.ANSWERED, None),
        (Action.HAND_OVER, Until.ANSWERED, "comptes"),
    ]
    assert len(rules.queues["nord"].steps(Priority.P3)) == 2


@pytest.mark.parametrize(
    ("step", "opened", "due", "at"),
    [
        (0, "2026-11-24T10:00", "2026-11-24T10:15", "2026-11-24T10:10+01:00"),
        (0, "2026-10-25T01:55", "2026-10-25T02:10", "2026-10-25T02:05+02:00"),  # clocks go back an hour later
        (0, "2026-03-29T01:55", "2026-03-29T03:10", "2026-03-29T03:05+02:00"),  # clocks go forward in between
        (1, "2026-04-30T16:00", "2026-04-30T16:15", "2026-05-04T09:15+02:00"),  # over 1 May, a Friday
        (1, "2026-05-22T16:00", "2026-05-22T16:30", "2026-05-25T09:30+02:00"),  # Whit Monday is worked
        (1, "2026-05-13T16:00", "2026-05-13T16:30", "2026-05-18T09:30+02:00"),  # the bridge after Ascension is not
        (1, "2026-08-07T16:00", "2026-08-07T16:30", "2026-08-17T09:30+02:00"),  # the office is closed for a week
        (2, "2026-02-20T16:00", "2026-02-20T16:15", "2026-04-06T17:00+02:00"),  # 45 days of 24 hours
    ],
)
def test_when_a_step_is_due(rules: RuleSet, step: int, opened: str, due: str, at: str) -> None:
    queue = rules.queues["nord"]
    found = queue.steps(Priority.P1)[step].at(paris(opened), paris(due), queue.calendar)
    assert found.isoformat(timespec="minutes") == at


def test_who_is_told_where_a_caretaker_is_away(rules: RuleSet) -> None:
    assert rules.queues["nord"].caretaker_away == "renfort@bailleur.example"
    assert timedelta(minutes=10) == rules.queues["sud"].steps(Priority.P1)[0].wait.amount
