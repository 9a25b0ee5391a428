"""Where contacts go, by small sets of rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Candidate,
    CaseKind,
    Channel,
    CodedText,
    Contact,
    Decision,
    Likely,
    Match,
    OpenCase,
    PartyHistory,
    Priority,
    Stated,
    Understanding,
)
from dtm_contact.rules import RuleSet, decide, load_rules
from tests.rules.cast import DIRECTORY, LES_TILLEULS, SATURDAY_NIGHT, TUESDAY, Before, asked, at, written
from tests.rules.folders import GOOD, overlay, without_danger
from tests.rules.once import load_once

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def good() -> RuleSet:
    return load_rules(GOOD)


def rules_of(folder: Path, routing: str) -> RuleSet:
    overlay(GOOD, folder / "rules")
    (folder / "rules" / "routing.yaml").write_text(without_danger(routing), "utf-8")
    return load_rules(folder / "rules")


def decided(
    rules: RuleSet,
    understanding: Understanding,
    match: Match | None = None,
    now: datetime = TUESDAY,
    *,
    trace: bool = False,
) -> Decision:
    return decide(written(), match or Match(), understanding, now, rules, DIRECTORY, trace=trace)


def likely(residence_id: str, probability: float) -> Candidate:
    return Candidate("T01", None, residence_id, probability, 0.0)


def test_the_first_rule_that_holds_decides(good: RuleSet) -> None:
    found = decided(good, asked("gas", priority=Priority.P1), at("nord"))
    assert (found.rule, found.queue, found.office_id) == ("routing.yaml:gaz", "nord", "nord")
    assert (found.notify, found.answer) == (("on_call", "caretaker"), "gaz")
    assert (found.rules_version, found.model_version) == (good.version, good.model_version)


def test_the_default_takes_the_rest(good: RuleSet) -> None:
    found = decided(good, asked("water_leak"), at("sud"))
    assert (found.kind, found.rule, found.queue) == (CaseKind.CASE, "routing.yaml:reste", "sud")


@pytest.mark.parametrize(
    ("match", "queue", "office"),
    [
        (Match(), "accueil", "agence"),
        (at("nord"), "nord", "nord"),
        (at("agence"), "accueil", "agence"),
        (Match(residence=LES_TILLEULS), "nord", "nord"),
        (Match(residence=Likely("R99", 0.99)), "accueil", "agence"),
        (at("est"), "est", "est"),
        (at("gone"), "accueil", "agence"),
        (Match(residence=LES_TILLEULS, office_id="sud"), "nord", "nord"),
        (Match((likely("R01", 0.6), likely("R02", 0.3)), office_id="est"), "nord", "nord"),
        (Match((likely("R01", 0.6), likely("R02", 0.3)), office_id="sud"), "sud", "sud"),
    ],
    ids=[
        "no place",
        "office",
        "only the agency",
        "residence",
        "a residence that is gone",
        "an office without a queue",
        "an office that is gone",
        "a residence given to another office since",
        "likely places given to another office since",
        "one of the likely places given to another office since",
    ],
)
def test_queue_office_is_that_of_the_place(good: RuleSet, match: Match, queue: str, office: str) -> None:
    found = decided(good, asked("water_leak"), match)
    assert (found.queue, found.office_id) == (queue, office)


def test_of_several_queues_of_an_office_the_main_one_takes_its_cases(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    with (folder / "queues.yaml").open("a", encoding="utf-8") as queues:
        queues.write("  nord-travaux: {label: Travaux, office: nord}\n")
        queues.write("  nord-accueil: {label: Accueil, office: nord, main: true}\n")
    text = (
        (folder / "queues.yaml").read_text("utf-8").replace("  nord:\n    label: Bureau nord\n    office: nord\n", "")
    )
    (folder / "queues.yaml").write_text(text, "utf-8")
    assert decided(load_rules(folder), asked("water_leak"), at("nord")).queue == "nord-accueil"


def test_what_a_queue_does_not_say_is_as_for_all(good: RuleSet) -> None:
    assert good.queues["nord"].called_at(TUESDAY) == ("astreinte@bailleur.example",)
    assert good.queues["comptes"].on_call == good.queues["nord"].on_call
    assert good.queues["sud"].called_at(TUESDAY) == ("astreinte-sud@bailleur.example",)
    assert good.queues["nord"].due == good.queues["comptes"].due
    assert good.queues["sud"].due[Priority.P3] == good.queues["nord"].due[Priority.P3]


def test_a_desk_is_the_agency_s_whatever_the_place(good: RuleSet) -> None:
    found = decided(good, asked("rent_charges"), at("nord"))
    assert (found.queue, found.office_id) == ("comptes", "agence")


def test_no_case_has_no_queue_office_or_due_time(good: RuleSet) -> None:
    found = decided(good, asked("automatic", kind=CaseKind.AUTOMATIC), at("nord"))
    assert (found.kind, found.queue, found.office_id, found.due) == (CaseKind.AUTOMATIC, None, None, None)


def test_where_a_case_is_opened_it_is_a_case(good: RuleSet) -> None:
    found = decided(good, asked("gas", kind=CaseKind.SPAM))
    assert (found.kind, found.queue) == (CaseKind.CASE, "accueil")


def test_a_rule_raises_the_priority_and_never_lowers_it(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        "- {id: haut, when: {topic: gas}, then: {queue: office, priority: P2}}\n- {id: reste, then: {queue: office}}\n",
    )
    assert decided(rules, asked("gas", priority=Priority.P3)).priority is Priority.P2
    assert decided(rules, asked("gas", priority=Priority.P1)).priority is Priority.P1
    assert decided(rules, asked("other", priority=Priority.P4)).priority is Priority.P4


@pytest.mark.parametrize(
    ("priority", "office", "now", "due"),
    [
        (Priority.P1, "nord", SATURDAY_NIGHT, "2026-11-28T23:45:00+01:00"),
        (Priority.P2, "nord", SATURDAY_NIGHT, "2026-11-30T13:00:00+01:00"),
        (Priority.P2, "sud", SATURDAY_NIGHT, "2026-11-30T10:30:00+01:00"),
        (Priority.P3, "nord", TUESDAY, "2026-11-26T10:00:00+01:00"),
        (Priority.P3, "sud", TUESDAY, "2026-11-26T10:00:00+01:00"),
        (Priority.P4, "nord", TUESDAY, "2026-12-01T10:00:00+01:00"),
        (Priority.P3, "sud", datetime(2026, 12, 23, 15, 0, tzinfo=UTC), "2027-01-05T16:00:00+01:00"),
    ],
)
def test_due_by_the_hours_of_the_queue(good: RuleSet, priority: Priority, office: str, now: datetime, due: str) -> None:
    found = decided(good, asked("water_leak", priority=priority), at(office), now)
    assert found.due is not None
    assert found.due.isoformat() == due


def test_what_is_due_from_a_later_time_is_due_by_the_queue_that_decides_and_not_by_that_of_the_place(
    tmp_path: Path,
) -> None:
    rules = rules_of(
        tmp_path,
        "- {id: loyer, when: {topic: rent_charges}, then: {queue: sud}}\n- {id: reste, then: {queue: office}}\n",
    )
    rent = asked("rent_charges", priority=Priority.P2)
    found = decide(written(), at("nord"), rent, TUESDAY, rules, DIRECTORY, counted_from=SATURDAY_NIGHT)
    assert found.due is not None
    assert (found.queue, found.due.isoformat()) == ("sud", "2026-11-30T10:30:00+01:00")


FAILING = """
- {id: avant, when: {topic: gas}, then: {queue: comptes}}
- {id: panne, when: {topic: water_leak, commune: Malakoff}, then: {queue: comptes}}
- {id: apres, when: {topic: [water_leak, rent_charges]}, then: {queue: comptes}}
- {id: reste, then: {queue: office}}
"""


def test_a_condition_that_fails_sends_the_contact_to_the_default_and_says_so(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, FAILING)
    gone = Match(residence=Likely("R99", 0.99), office_id="nord")
    found = decided(rules, asked("water_leak"), gone, trace=True)
    assert (found.rule, found.queue) == ("routing.yaml:reste", "nord")
    assert found.failures == ("routing.yaml:panne: commune: KeyError",)
    assert [rule.held for rule in found.trace] == [False, None, True, True]
    assert [condition.held for condition in found.trace[1].conditions] == [True, None]


def test_where_a_condition_fails_and_someone_is_in_danger_all_are_told(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, FAILING)
    gone = Match(residence=Likely("R99", 0.99), office_id="nord")
    found = decided(rules, asked("water_leak", priority=Priority.P1), gone)
    assert (found.rule, found.queue, found.notify) == ("routing.yaml:reste", "nord", ("on_call", "caretaker"))
    assert decided(rules, asked("water_leak", priority=Priority.P2), gone).notify == ()


def test_a_condition_that_fails_matters_only_where_its_rule_might_have_held(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, FAILING)
    gone = Match(residence=Likely("R99", 0.99))
    for topic, rule in (("gas", "avant"), ("rent_charges", "apres")):
        found = decided(rules, asked(topic), gone)
        assert (found.rule, found.failures) == (f"routing.yaml:{rule}", ())


def test_the_trace_tells_every_rule(good: RuleSet) -> None:
    found = decided(good, asked("gas"), trace=True)
    assert [(rule.rule, rule.held) for rule in found.trace] == [
        ("routing.yaml:gaz", True),
        ("routing.yaml:urgence", False),
        ("routing.yaml:automatique", False),
        ("routing.yaml:loyer", False),
        ("routing.yaml:reste", True),
    ]
    assert [condition.name for condition in found.trace[3].conditions] == ["topic", "not office"]
    assert decided(good, asked("gas")).trace == ()


def test_tracing_changes_nothing_else(good: RuleSet) -> None:
    plain, traced = (decided(good, asked("rent_charges"), at("sud"), trace=trace) for trace in (False, True))
    assert plain.rule == traced.rule == "routing.yaml:reste"
    assert plain.due == traced.due


ADDING = """
- id: essai
  mode: observe
  when: {topic: gas}
  then: {queue: comptes, tags: essai, priority: P1}
- id: chantier
  decides: false
  when: {office: nord}
  then: {tags: [chantier, nord], notify: chantier@bailleur.example, answer: accuse}
- id: presse
  decides: false
  when: {tags: chantier, topic: [gas, water_leak]}
  then: {priority: {raise: 1}, due: 1 hour, notify: on_call, tags: presse}
- id: gaz
  when: {topic: gas}
  then: {queue: office, notify: [on_call, caretaker], answer: gaz, tags: nord}
- id: merci
  when: {topic: thanks}
  then: {queue: office, priority: {set: P4}}
- id: mis-de-cote
  when: {topic: automatic}
  then: {set_aside: automatic, tags: lu}
- id: suite
  when: {topic: rent_charges}
  then: {queue: comptes, join: same_topic, due: 1 month}
- id: prefecture
  when: {sender.domain: prefecture.example}
  then: {queue: comptes, due: stated}
- id: reste
  then: {queue: office}
"""


@pytest.fixture(scope="module")
def adding(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("adding"), ADDING)


def test_rules_that_only_add_come_before_the_one_that_decides(adding: RuleSet) -> None:
    found = decided(adding, asked("gas", priority=Priority.P3), at("nord"))
    assert (found.rule, found.added) == ("routing.yaml:gaz", ("routing.yaml:chantier", "routing.yaml:presse"))
    assert (found.priority, found.tags, found.answer) == (Priority.P2, ("chantier", "nord", "presse"), "gaz")
    assert found.notify == ("chantier@bailleur.example", "on_call", "caretaker")
    assert found.due == TUESDAY + timedelta(hours=1)


def test_tags_are_seen_only_once_a_rule_above_has_put_them(adding: RuleSet) -> None:
    found = decided(adding, asked("gas"), at("sud"), trace=True)
    assert (found.added, found.tags) == ((), ("nord",))
    assert [rule.held for rule in found.trace][:4] == [True, False, False, True]
    traced = decided(adding, asked("water_leak"), at("nord"), trace=True)
    assert traced.trace[2].conditions[0].seen == "chantier, nord"
    assert traced.answer == "accuse"


def test_a_rule_in_observation_is_noted_and_has_no_effect(adding: RuleSet) -> None:
    found = decided(adding, asked("gas"), at("sud"))
    assert (found.rule, found.observed) == ("routing.yaml:gaz", ("routing.yaml:essai",))
    assert (found.priority, found.queue, found.tags) == (Priority.P3, "sud", ("nord",))


def test_a_priority_can_be_set_but_never_below_a_danger(adding: RuleSet) -> None:
    assert decided(adding, asked("thanks", priority=Priority.P2)).priority is Priority.P4
    assert decided(adding, asked("thanks", priority=Priority.P1)).priority is Priority.P1


def test_what_is_set_aside_has_no_case_and_keeps_its_tags(adding: RuleSet) -> None:
    found = decided(adding, asked("automatic", kind=CaseKind.AUTOMATIC), at("nord"))
    assert (found.kind, found.queue, found.due, found.notify, found.answer) == (
        CaseKind.AUTOMATIC,
        None,
        None,
        (),
        None,
    )
    assert found.tags == ("chantier", "nord", "lu")


@pytest.mark.parametrize(
    ("topic", "joined"), [("rent_charges", "2026-000007"), ("water_leak", None)], ids=["same topic", "another rule"]
)
def test_a_rule_lets_a_contact_join_the_latest_open_case_of_its_matter(
    adding: RuleSet, topic: str, joined: str | None
) -> None:
    cases = tuple(
        OpenCase(f"2026-00000{n}", Channel.EMAIL, about, "comptes", Priority.P3, TUESDAY - timedelta(days=9 - n))
        for n, about in ((6, "rent_charges"), (7, "rent_charges"), (8, "gas"))
    )
    before = Before(PartyHistory(open=cases))
    found = decide(written(), Match(), asked(topic), TUESDAY, adding, DIRECTORY, history=before)
    assert found.join == joined


def test_a_danger_never_waits_longer_for_a_rule_s_due_time(adding: RuleSet) -> None:
    found = decided(adding, asked("rent_charges", priority=Priority.P1))
    assert found.due == TUESDAY + timedelta(minutes=15)
    assert decided(adding, asked("rent_charges")).due == datetime(2026, 12, 24, 10, 0, tzinfo=PARIS)


def test_of_several_rules_that_give_a_due_time_the_last_one_counts(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        "- {id: presse, decides: false, when: {topic: rent_charges}, then: {due: 1 hour}}\n"
        "- {id: loyer, when: {topic: rent_charges}, then: {queue: comptes, due: 1 month}}\n"
        "- {id: reste, then: {queue: office}}\n",
    )
    assert decided(rules, asked("rent_charges")).due == datetime(2026, 12, 24, 10, 0, tzinfo=PARIS)


def test_a_day_stated_that_is_over_is_due_at_once_and_not_in_the_past(adding: RuleSet) -> None:
    """On Saturday night the office has been open for the last time before the Sunday that the letter names."""
    letter = written("Réponse attendue au plus tard le 29/11/2026", sender="greffe@prefecture.example")
    found = decide(letter, Match(), asked("other"), SATURDAY_NIGHT, adding, DIRECTORY)
    assert (found.rule, found.due) == ("routing.yaml:prefecture", SATURDAY_NIGHT)


def test_an_adding_rule_that_cannot_be_told_keeps_no_other_from_deciding(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        "- {id: ajout, decides: false, when: {topic: gas, commune: Malakoff}, then: {tags: x}}\n"
        "- {id: gaz, when: {topic: gas}, then: {queue: comptes}}\n- {id: reste, then: {queue: office}}\n",
    )
    gone = Match(residence=Likely("R99", 0.99), office_id="nord")
    found = decided(rules, asked("gas"), gone)
    assert (found.rule, found.tags, found.failures) == (
        "routing.yaml:gaz",
        (),
        ("routing.yaml:ajout: commune: KeyError",),
    )


def test_while_an_office_is_closed_for_days_another_takes_its_cases(tmp_path: Path) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    text = (folder / "queues.yaml").read_text("utf-8")
    text = text.replace("    office: sud\n", "    office: sud\n    takes_over: nord\n")
    (folder / "queues.yaml").write_text(text, "utf-8")
    rules = load_rules(folder)
    christmas = datetime(2026, 12, 28, 10, 0, tzinfo=PARIS)
    found = decided(rules, asked("water_leak", priority=Priority.P2), at("sud"), christmas)
    assert (found.queue, found.office_id) == ("nord", "nord")
    assert found.due == datetime(2026, 12, 28, 14, 0, tzinfo=PARIS)
    assert decided(rules, asked("water_leak"), at("sud")).queue == "sud"


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("Réponse attendue avant le 07/12/2026", "2026-12-07T17:00+01:00"),
        ("Réponse attendue avant le 6 décembre 2026", "2026-12-04T17:00+01:00"),  # a Sunday: the Friday before
        ("Réponse attendue sous 1 jour", "2026-11-25T17:00+01:00"),
        ("Réponse attendue", "2026-11-26T10:00+01:00"),
    ],
)
def test_a_letter_is_due_by_the_day_that_it_names(adding: RuleSet, text: str, due: str) -> None:
    letter = written(text, sender="habitat@prefecture.example")
    found = decide(letter, Match(), asked("other"), TUESDAY, adding, DIRECTORY)
    assert found.due is not None
    assert found.due.isoformat(timespec="minutes") == due


REST = "- {id: reste, then: {queue: office}}\n"
CERTAIN = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS, 0.42, 0.71)
MAYBE = replace(CERTAIN, level=AlarmLevel.POSSIBLE, raised_by=AlarmSource.MODEL)


@pytest.mark.parametrize(
    ("then", "priority", "alarm"),
    [
        (
            "alarm: possible",
            Priority.P2,
            replace(CERTAIN, level=AlarmLevel.POSSIBLE, why_not=CodedText("rule", {"rule": "essai"})),
        ),
        (
            "alarm: none",
            Priority.P2,
            replace(CERTAIN, level=AlarmLevel.NONE, why_not=CodedText("rule", {"rule": "essai"})),
        ),
        (
            "alarm: none, priority: {set: P4}",
            Priority.P4,
            replace(CERTAIN, level=AlarmLevel.NONE, why_not=CodedText("rule", {"rule": "essai"})),
        ),
        ("priority: {set: P4}, notify: on_call", Priority.P1, CERTAIN),
    ],
)
def test_a_rule_lowers_an_alarm_and_is_named_for_it(
    tmp_path: Path, then: str, priority: Priority, alarm: Alarm
) -> None:
    rules = rules_of(tmp_path, f"- {{id: essai, when: {{kind: case}}, then: {{queue: office, {then}}}}}\n{REST}")
    found = decided(rules, replace(asked("water_leak"), alarm=CERTAIN), at("nord"))
    assert (found.priority, found.alarm) == (priority, alarm)


@pytest.mark.parametrize("before", [Alarm(), MAYBE], ids=["none", "possible"])
def test_what_a_rule_makes_urgent_is_certain_and_raised_by_it(tmp_path: Path, before: Alarm) -> None:
    then = "{queue: office, priority: P1, notify: on_call}"
    rules = rules_of(tmp_path, f"- {{id: essai, when: {{topic: water_leak}}, then: {then}}}\n{REST}")
    found = decided(rules, replace(asked("water_leak"), alarm=before), at("nord"))
    raised = replace(before, level=AlarmLevel.CERTAIN, raised_by=AlarmSource.RULE)
    assert (found.priority, found.alarm) == (Priority.P1, raised)


@pytest.mark.parametrize("waiver", ["", ", waiver: essai de la direction"], ids=["no reason", "waiver"])
def test_what_may_be_danger_is_set_aside_only_where_a_rule_says_why(tmp_path: Path, waiver: str) -> None:
    overlay(GOOD, tmp_path / "rules")
    aside = f"- {{id: pub, when: {{topic: water_leak, priority: [P2, P3, P4]}}, then: {{set_aside: spam}}{waiver}}}\n"
    routing = tmp_path / "rules" / "routing.yaml"
    routing.write_text(aside + routing.read_text("utf-8"), "utf-8")
    found = decided(load_rules(tmp_path / "rules"), replace(asked("water_leak"), alarm=MAYBE), at("nord"))
    if waiver:
        lowered = replace(MAYBE, level=AlarmLevel.NONE, why_not=CodedText("rule", {"rule": "pub"}))
        assert (found.kind, found.queue, found.alarm) == (CaseKind.SPAM, None, lowered)
    else:
        assert (found.kind, found.rule, found.alarm) == (CaseKind.CASE, "routing.yaml:reste", MAYBE)


def entered(text: str, received: date | None = None, visit: str = "letter") -> Contact:
    return replace(written(text), channel=Channel.DESK, stated=Stated("paul", visit, received=received))


def test_a_letter_entered_late_is_due_from_the_day_that_it_was_received(good: RuleSet) -> None:
    """On that Monday the office opened at 9, and closed at 17."""
    monday = TUESDAY.date() - timedelta(days=1)
    late = decide(entered("", monday), at("nord"), asked("other", priority=Priority.P2), TUESDAY, good, DIRECTORY)
    now = decide(entered(""), at("nord"), asked("other", priority=Priority.P2), TUESDAY, good, DIRECTORY)
    assert late.due is not None
    assert now.due is not None
    assert late.due.date() == monday
    assert now.due > TUESDAY


def test_a_danger_in_a_letter_entered_late_counts_from_when_it_is_told(good: RuleSet) -> None:
    danger = replace(asked("gas", priority=Priority.P1), alarm=CERTAIN)
    long_ago = TUESDAY.date() - timedelta(days=9)
    late = decide(entered("", long_ago), at("nord"), danger, TUESDAY, good, DIRECTORY)
    assert late.due == decide(entered(""), at("nord"), danger, TUESDAY, good, DIRECTORY).due


def test_the_formal_notice_of_a_letter_that_an_agent_enters_counts_from_its_receipt() -> None:
    rules = load_once(ROOT / "rules")
    notice = "Je vous mets en demeure de réparer la chaudière sous huitaine."
    found = decide(entered(notice, date(2026, 11, 20)), at(None), asked("heating"), TUESDAY, rules, DIRECTORY)
    assert "mise-en-demeure" in found.tags
    assert found.due is not None
    assert found.due.date() == date(2026, 11, 27), "the office is closed on Saturday, the eighth day"
    told = decide(entered(notice, visit="call"), at(None), asked("heating"), TUESDAY, rules, DIRECTORY)
    assert "mise-en-demeure" not in told.tags
