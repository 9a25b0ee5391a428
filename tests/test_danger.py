"""An alarm from the message to the decision: what it reads like, what an agent says, and that it is never set aside."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact import pipeline
from dtm_contact.calls.call_backs import CallGrounds, OpenCallBacks, judge_call
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory
from dtm_contact.directory.records import Equipment
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Arrival,
    Call,
    CaseKind,
    Envelope,
    NoHistory,
    Outcome,
    Priority,
    Understanding,
    agreed,
)
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading.formats.fields import DESK
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store.judgements import pack_judgement, unpack_judgements
from tests.rules.cast import DIRECTORY

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
GAS = "Ça sent très fort le gaz dans le hall depuis ce matin"
MAYBE = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.41, 0.7)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    return Grounds.build(DIRECTORY, load_rules(Path(__file__).parents[1] / "rules"), Settings.defaults())


def mail(text: str, headers: str = "") -> Arrival:
    raw = f"From: nadia@free.example\nSubject: Bonjour\n{headers}\n{text}\n".encode()
    return Arrival("smtp", "one", NOW, "message/rfc822", Envelope("nadia@free.example", ("a@b.example",)), raw)


def by_hand(**told: str) -> Arrival:
    raw = json.dumps({"visit": "call", "by": "anne", **told}).encode()
    return Arrival("desk", "one", NOW, DESK, None, raw)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (GAS, AlarmSource.WORDS),
        ("Plus de chauffage du tout depuis hier soir, j'ai un bébé de trois semaines", AlarmSource.FRAILTY),
    ],
)
def test_a_danger_says_who_raised_it(grounds: Grounds, text: str, source: AlarmSource) -> None:
    told = as_json(judge(mail(text), NOW, grounds, NoHistory()))
    alarm = told["alarm"]
    assert (told["priority"], alarm["level"], alarm["raised_by"]) == ("P1", "certain", source.value)
    assert 0 <= alarm["score"] <= 1
    assert (alarm["limit"], alarm["why_not"]) == (grounds.rules.reader.limits.danger.certain, None)


def test_what_is_none_says_so(grounds: Grounds) -> None:
    for text in ("Mon radiateur est tiède", "Mon feu mari avait signé le bail avec moi"):
        assert as_json(judge(mail(text), NOW, grounds, NoHistory()))["alarm"]["level"] == "none"


@pytest.mark.parametrize("level", [AlarmLevel.POSSIBLE, AlarmLevel.CERTAIN])
@pytest.mark.parametrize("kind", [CaseKind.AUTOMATIC, CaseKind.SPAM])
def test_what_may_be_danger_is_a_case_whatever_it_looks_like(
    grounds: Grounds, kind: CaseKind, level: AlarmLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Understanding(kind, (kind.value,), Priority.P4, alarm=replace(MAYBE, level=level))
    monkeypatch.setattr(pipeline, "understand", lambda *_given: read)
    told = as_json(judge(mail("…"), NOW, grounds, NoHistory()))
    assert (told["kind"], told["alarm"]["level"], told["topic"]) == ("case", level.value, "other")
    assert told["priority"] == ("P1" if level is AlarmLevel.CERTAIN else "P2")


def test_mail_that_is_set_aside_has_an_alarm_of_none(grounds: Grounds) -> None:
    absent = "Je suis absente du bureau jusqu'au 3 décembre inclus. Ceci est un message automatique."
    told = as_json(judge(mail(absent, "Auto-Submitted: auto-replied\n"), NOW, grounds, NoHistory()))
    assert (told["kind"], told["alarm"]["level"]) == ("automatic", "none")


@pytest.mark.parametrize(
    ("text", "said", "level", "source", "priority"),
    [
        ("Elle demande une copie de son bail", {"priority": "P1"}, "certain", "agent", "P1"),
        ("Elle demande une copie de son bail", {"topic": "gas"}, "certain", "agent", "P1"),
        (GAS, {"priority": "P3"}, "none", "words", "P3"),
        (GAS, {"topic": "documents"}, "certain", "words", "P1"),
        ("Elle demande une copie de son bail", {"priority": "P4"}, "none", None, "P4"),
        ("Elle demande une copie de son bail", {"topic": "documents"}, "none", None, "P3"),
        ("Elle demande une copie de son bail", {"topic": "heating"}, "none", None, "P2"),
    ],
)
def test_an_agent_who_writes_it_down_raises_and_lowers(
    grounds: Grounds, text: str, said: dict[str, str], level: str, source: str | None, priority: str
) -> None:
    told = as_json(judge(by_hand(text=text, **said), NOW, grounds, NoHistory()))
    alarm = told["alarm"]
    assert (alarm["level"], alarm["raised_by"], told["priority"]) == (level, source, priority)
    assert (alarm["why_not"] is not None) is (level == "none" and source is not None)


@pytest.mark.parametrize(
    ("outcome", "level", "source", "priority"),
    [(Outcome.ABANDONED, "certain", "equipment", "P1"), (Outcome.ANSWERED, "none", None, "P3")],
)
@pytest.mark.parametrize("machine", [True, False])
def test_the_line_of_a_machine_is_an_alarm_where_nobody_answers(
    grounds: Grounds, outcome: Outcome, level: str, source: str | None, priority: str, *, machine: bool
) -> None:
    line = Equipment("0612345678", "elevator_alarm", DIRECTORY.records.addresses[0].address_id)
    known = Directory(replace(DIRECTORY.records, equipment=(line,) if machine else ()))
    called = CallGrounds.build(Grounds.build(known, grounds.rules, grounds.settings))
    call = Call("1.1", outcome, NOW, NOW + timedelta(minutes=1), "0612345678", "+33612345678")
    told = as_json(judge_call(call, called, NoHistory(), OpenCallBacks()))
    expected = (level, source, priority) if machine else ("none", None, "P3")
    assert (told["alarm"]["level"], told["alarm"]["raised_by"], told["priority"]) == expected


@pytest.mark.parametrize("usual", Priority)
@pytest.mark.parametrize("level", AlarmLevel)
def test_priority_and_alarm_agree(usual: Priority, level: AlarmLevel) -> None:
    priority, alarm = agreed(usual, Alarm(level, score=0.1))
    assert (priority is Priority.P1) is alarm.certain
    assert not alarm.any or priority <= Priority.P2


def test_a_judgement_kept_before_there_were_levels_is_certain_where_it_was_p1(grounds: Grounds) -> None:
    judged = judge(mail(GAS), NOW, grounds, NoHistory())
    before = pack_judgement(judged)
    for step in ("understanding", "decision"):
        del before[step]["alarm"]
    with sa.create_engine("sqlite://").connect() as connection:
        kept, now = unpack_judgements(connection, [before, pack_judgement(judged)])
    assert (kept.decision.alarm, kept.understanding.alarm) == (Alarm(AlarmLevel.CERTAIN),) * 2
    assert now == judged
