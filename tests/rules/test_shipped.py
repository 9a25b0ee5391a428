"""The rules as shipped: sound, and each topic goes where the landlord says."""

import csv
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dtm_contact.hours import PARIS
from dtm_contact.model import (
    DANGER_QUESTION,
    Alarm,
    AlarmLevel,
    AlarmSource,
    CaseKind,
    Channel,
    Contact,
    Likely,
    Match,
    Priority,
    Understanding,
)
from dtm_contact.rules import RuleSet, decide, load_rules, run_rule_tests
from tests.rules.cast import BAKER, DIRECTORY, LES_TILLEULS, SATURDAY_NIGHT, SHOP, TUESDAY, asked, at, written
from tests.rules.folders import HERE, SHIPPED

TABLE = list(csv.DictReader((HERE / "destinations.csv").read_text("utf-8").splitlines()))
KINDS = {"automatic": CaseKind.AUTOMATIC, "spam": CaseKind.SPAM}
DESKS = {
    "rent_charges": "agence-comptes",
    "payment_difficulty": "agence-social",
    "commercial_lease": "agence-commerces",
    "claims": "agence-sinistres",
    "complaint": "agence-juridique",
    "official": "agence-juridique",
    "data_protection": "agence-juridique",
    "documents": "agence-locatif",
    "partner": "agence-accueil",
}


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load_rules(SHIPPED)


def test_they_load_without_a_warning(shipped: RuleSet) -> None:
    assert shipped.problems == ()


def test_they_have_a_queue_for_every_office_of_the_sample_directory(shipped: RuleSet) -> None:
    sample = HERE.parent.parent / "fixtures" / "directory" / "offices.csv"
    offices = list(csv.DictReader(sample.read_text("utf-8-sig").splitlines()))
    named = {queue.office_id for queue in shipped.queues.values() if queue.office_id}
    assert named == {office["office_id"] for office in offices if office["kind"] == "proximity_office"}


def test_each_rule_decides_for_the_messages_it_carries(shipped: RuleSet) -> None:
    run = run_rule_tests(shipped, SHIPPED)
    assert [str(problem) for problem in run.problems] == []
    assert run.coverage.both_ways == run.coverage.conditions, run.coverage.one_way


def test_the_tests_of_each_rule_that_tells_or_sets_aside_say_so(shipped: RuleSet) -> None:
    for rule in shipped.rules:
        expected = [test.expect for test in rule.tests if test.holds]
        if rule.then.notify:
            assert all(each is not None and each.notify == rule.then.notify for each in expected), rule.id
        if rule.then.opens_nothing:
            assert all(each is not None and each.queue == "none" for each in expected), rule.id


def test_the_table_and_the_rules_have_the_same_topics(shipped: RuleSet) -> None:
    assert {row["topic"]: row["priority"] for row in TABLE} == {
        code: topic.priority.value for code, topic in shipped.reader.topics.items()
    }


@pytest.mark.parametrize("priority", ["its own", *Priority])
@pytest.mark.parametrize("place", ["known", "unknown"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["topic"])
def test_every_topic_goes_where_the_landlord_says(
    shipped: RuleSet, row: dict[str, str], place: str, priority: str
) -> None:
    kind = KINDS.get(row["topic"], CaseKind.CASE)
    understood = asked(
        row["topic"], priority=Priority(row["priority"] if priority == "its own" else priority), kind=kind
    )
    match = Match(residence=LES_TILLEULS, office_id="nord") if place == "known" else Match()
    for now in (TUESDAY, SATURDAY_NIGHT):
        found = decide(written(), match, understood, now, shipped, DIRECTORY)
        here = "nord" if place == "known" else "agence"
        if kind is not CaseKind.CASE and understood.alarm.certain:
            assert (found.kind, found.priority, found.office_id) == (CaseKind.CASE, Priority.P1, here)
            continue
        assert found.office_id == {"office": here, "agency": "agence", "none": None}[row["destination"]]
        assert found.kind is kind
        assert found.priority is understood.priority or found.priority is Priority.P1
        assert (found.queue is None) is (found.due is None) is (kind is not CaseKind.CASE)


@pytest.mark.parametrize("row", [row for row in TABLE if row["destination"] != "none"], ids=lambda row: row["topic"])
def test_whoever_is_in_danger_the_on_call_service_and_the_caretaker_are_told(
    shipped: RuleSet, row: dict[str, str]
) -> None:
    found = decide(written(), at("nord"), asked(row["topic"], priority=Priority.P1), SATURDAY_NIGHT, shipped, DIRECTORY)
    assert set(found.notify) == {"on_call", "caretaker"}
    assert found.due is not None
    assert (found.due - SATURDAY_NIGHT).total_seconds() == 15 * 60


@pytest.mark.parametrize("topic", ["gas", "fire", "elevator_trapped", "danger"])
@pytest.mark.parametrize("kind", [CaseKind.CASE, CaseKind.SPAM, CaseKind.AUTOMATIC])
def test_danger_comes_first_whatever_the_message_looks_like(shipped: RuleSet, topic: str, kind: CaseKind) -> None:
    found = decide(written(), at("nord"), asked(topic, priority=Priority.P1, kind=kind), TUESDAY, shipped, DIRECTORY)
    assert (found.kind, found.priority, found.queue) == (CaseKind.CASE, Priority.P1, "nord")
    assert found.notify == ("on_call", "caretaker")


@pytest.mark.parametrize("now", [TUESDAY, SATURDAY_NIGHT], ids=["open", "closed"])
@pytest.mark.parametrize("topic", ["gas", "fire", "elevator_trapped", "danger", "electricity", "documents"])
def test_a_possible_danger_is_first_soon_and_rings_nobody(shipped: RuleSet, topic: str, now: datetime) -> None:
    maybe = replace(asked(topic, priority=Priority.P3), alarm=Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.4, 0.7))
    found = decide(written(), at("nord"), maybe, now, shipped, DIRECTORY)
    assert (found.kind, found.priority, found.alarm, found.notify) == (CaseKind.CASE, Priority.P2, maybe.alarm, ())
    assert found.due == (now.replace(minute=30) if now is TUESDAY else datetime(2026, 11, 30, 9, 30, tzinfo=PARIS))
    assert found.tags == ("danger-possible",)


@pytest.mark.parametrize(("topic", "queue"), DESKS.items())
def test_the_desks_of_the_agency(shipped: RuleSet, topic: str, queue: str) -> None:
    assert decide(written(), at("nord"), asked(topic), TUESDAY, shipped, DIRECTORY).queue == queue


@pytest.mark.parametrize("match", [Match(tenant=BAKER, dwelling=SHOP), Match(dwelling=SHOP)], ids=["tenant", "shop"])
@pytest.mark.parametrize(
    ("topic", "queue"),
    [("rent_charges", "agence-commerces"), ("documents", "agence-commerces"), ("water_leak", "nord"), ("gas", "nord")],
)
def test_a_shop_s_rent_is_for_its_desk_and_its_leak_for_the_office(
    shipped: RuleSet, match: Match, topic: str, queue: str
) -> None:
    here = Match(tenant=match.tenant, dwelling=match.dwelling, residence=Likely("R01", 0.99), office_id="nord")
    assert decide(written(), here, asked(topic), TUESDAY, shipped, DIRECTORY).queue == queue


@pytest.mark.parametrize(("now", "told"), [(SATURDAY_NIGHT, ("on_call",)), (TUESDAY, ())], ids=["closed", "open"])
def test_what_cannot_wait_for_monday_is_told_to_the_on_call_service(
    shipped: RuleSet, now: datetime, told: tuple[str, ...]
) -> None:
    leak = asked("water_leak", priority=Priority.P2)
    assert decide(written(), at("nord"), leak, now, shipped, DIRECTORY).notify == told


@pytest.mark.parametrize(
    ("kind", "match", "queue"),
    [
        (CaseKind.CASE, at("nord"), "nord"),
        (CaseKind.CASE, Match(), "agence-accueil"),
        (CaseKind.NONE, at("nord"), None),
    ],
    ids=["place known", "place unknown", "needs no one"],
)
def test_calls(shipped: RuleSet, kind: CaseKind, match: Match, queue: str | None) -> None:
    call = Contact(Channel.PHONE, TUESDAY)
    found = decide(call, match, Understanding(kind, (), Priority.P3), TUESDAY, shipped, DIRECTORY)
    assert (found.queue, found.kind) == (queue, kind)


def test_an_alarm_line_of_a_lift_is_an_emergency_unless_the_call_needs_no_one(shipped: RuleSet) -> None:
    call = Contact(Channel.PHONE, TUESDAY)
    ringing, served = (
        decide(call, at("nord"), Understanding(kind, (), Priority.P1), TUESDAY, shipped, DIRECTORY)
        for kind in (CaseKind.CASE, CaseKind.NONE)
    )
    assert (ringing.queue, ringing.notify) == ("nord", ("on_call", "caretaker"))
    assert (served.queue, served.kind) == (None, CaseKind.NONE)


@pytest.mark.parametrize("answer", sorted((SHIPPED / "answers").glob("*.fr.txt")), ids=lambda path: path.name)
def test_answers_greet_and_take_leave(answer: Path) -> None:
    text = answer.read_text("utf-8")
    assert text.startswith("Objet : ")
    assert text.splitlines()[1] == "Bonjour,"
    french, _, abroad = text.partition("\nVotre bailleur\n")
    assert french
    assert abroad == "" or abroad.startswith("\nEnglish: ")


def test_labels_are_words_that_agents_can_read() -> None:
    odd = [topic.label for topic in load_rules(SHIPPED).reader.topics.values() if set(topic.label) & set("=/<>…_")]
    assert odd == []


LANGUAGES = ("English:", "Español:", "Português:", "Türkçe:", "العربية:", "中文：")


def test_every_answer_to_a_danger_says_whom_to_call_in_six_more_languages(shipped: RuleSet) -> None:
    to_danger = {rule.then.answer for rule in shipped.rules if rule.then.answer and "on_call" in rule.then.notify}
    assert to_danger >= {"urgence-gaz", "urgence-incendie", "urgence-ascenseur", "urgence-danger"}
    for name in sorted(to_danger | {DANGER_QUESTION}):
        last = shipped.answers[name].rstrip().splitlines()[-len(LANGUAGES) :]
        assert [line.startswith(opening) for line, opening in zip(last, LANGUAGES, strict=True)] == [True] * 6, name
        assert all("112" in line for line in last), name
