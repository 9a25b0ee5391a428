"""What is to be done: the acts of the instructions that hold of a case, numbered, in the order of doing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.explain.acts import Acts, acts_of
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    CaseKind,
    Channel,
    Contact,
    Decision,
    Judgement,
    Match,
    Peril,
    Priority,
    Understanding,
)
from dtm_contact.rules import RuleSet, load_rules
from tests.rules.folders import SHIPPED

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CERTAIN = Alarm(AlarmLevel.CERTAIN, AlarmSource.MODEL, 0.9, 0.7)
POSSIBLE = replace(CERTAIN, level=AlarmLevel.POSSIBLE)
NONE = Alarm()


@cache
def directory() -> Directory:
    return Directory(read_export(Path(__file__).parents[1] / "directory" / "good")[0])


@cache
def rules() -> RuleSet:
    return load_rules(SHIPPED)


def judged(topic: str, alarm: Alarm, peril: Peril | None = None, *, violence: bool = False) -> Judgement:
    understanding = Understanding(
        CaseKind.CASE, (topic,), Priority.P2, alarm=alarm, peril=peril, violence_at_home=violence
    )
    decision = Decision(CaseKind.CASE, understanding.priority, "x", "x", NOW, "routing.yaml:x", "v", alarm=alarm)
    return Judgement("x.eml", Contact(Channel.EMAIL, NOW, new_text="…"), Match(), understanding, decision)


def acts(*judgements: Judgement, topic: str = "", alarm: Alarm | None = None, to_ask: str = "") -> Acts:
    last = judgements[-1]
    now = alarm or last.decision.alarm
    called = topic or last.understanding.topic
    return acts_of(judgements, called, now, rules(), directory(), NOW, to_ask=to_ask)


def text_of(shown: Acts) -> str:
    groups = ((group.heading, group.label, *group.steps) for group in shown.groups)
    return "\n".join(line for group in groups for line in group if line)


SAID_BY: Mapping[Peril, str] = {
    Peril.GAS: "Urgence Sécurité Gaz",
    Peril.FIRE: "si le 18 est appelé",
    Peril.TRAPPED: "Quelqu'un est enfermé",
    Peril.ELECTRICITY: "couper le courant au tableau",
    Peril.WATER: "coupe l'eau de la colonne",
    Peril.OUTAGE: "combien de temps peut-elle tenir",
    Peril.VIOLENCE: "3919",
    Peril.SUICIDE: "3114",
    Peril.FALLING: "interdit le passage",
    Peril.UNRESPONSIVE: "ne répond plus, est à terre",
}


@pytest.mark.parametrize("peril", Peril)
def test_of_a_danger_only_what_belongs_to_its_kind_is_shown(peril: Peril) -> None:
    shown = text_of(acts(judged("danger", CERTAIN, peril, violence=peril is Peril.VIOLENCE)))
    assert [each for each, says in SAID_BY.items() if says in shown] == [peril]
    assert "Selon ce qui se passe" not in shown


def test_of_a_danger_of_no_clear_kind_what_holds_for_any_is_shown() -> None:
    shown = text_of(acts(judged("danger", CERTAIN)))
    assert shown.startswith("Selon ce qui se passe\n")
    assert "3919" not in shown


def test_acts_are_numbered_through_and_what_must_be_asked_comes_first() -> None:
    shown = acts(judged("gas", POSSIBLE, Peril.GAS), to_ask="Demandez l'étage.")
    numbers = [group.first + place for group in shown.groups for place in range(len(group.steps))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [group.label for group in shown.groups][:3] == [
        "D'abord, savoir où c'est",
        "D'abord, savoir s'il y a danger",
        "Tout de suite",
    ]
    assert shown.groups[0].steps == ("Demandez l'étage.",)
    assert [group.heading for group in shown.groups if group.heading] == ["Si le danger se confirme"]
    certain = acts(judged("gas", CERTAIN, Peril.GAS))
    assert certain.groups[0].label == "Tout de suite"
    assert certain.groups[-1].label == "Avant de clore"
    assert not any(group.heading for group in certain.groups)


def test_a_danger_in_another_matter_is_dealt_with_first_and_nothing_asks_whether_there_is_one() -> None:
    shown = acts(judged("elevator", CERTAIN, Peril.OUTAGE))
    assert [group.heading for group in shown.groups if group.heading] == [
        "Contre le danger",
        "Pour « Ascenseur en panne »",
    ]
    assert "Demandez si quelqu'un est bloqué" not in text_of(shown)
    assert "Demandez si quelqu'un est bloqué" in text_of(acts(judged("elevator", NONE)))
    possible = text_of(acts(judged("elevator", POSSIBLE, Peril.OUTAGE)))
    assert possible.index("ce qui se passe en ce moment") < possible.index("Si le danger se confirme")
    assert possible.index("Si le danger se confirme") < possible.index("ascensoriste")


def test_what_agents_have_said_since_counts() -> None:
    reported = judged("heating", CERTAIN, Peril.OUTAGE)
    denied = replace(CERTAIN, level=AlarmLevel.NONE)
    assert "combien de temps peut-elle tenir" not in text_of(acts(reported, alarm=denied))
    seen = replace(CERTAIN, raised_by=AlarmSource.AGENT)
    shown = text_of(acts(judged("security", NONE), alarm=seen))
    assert shown.index("occupé sans droit") < shown.index("Malaise, blessure")


def test_a_later_message_of_no_danger_takes_nothing_from_what_is_done_against_it() -> None:
    shown = acts(judged("danger", CERTAIN, Peril.VIOLENCE, violence=True), judged("documents", NONE), alarm=CERTAIN)
    assert "3919" in text_of(shown)
    assert text_of(shown).index("3919") < text_of(shown).index("compte est soldé")


def test_buttons_are_those_of_the_danger_that_there_is() -> None:
    calls = {button.call for button in acts(judged("danger", CERTAIN, Peril.SUICIDE)).buttons if button.call}
    assert calls == {"15", "3114"}
    assert "3919" in {button.call for button in acts(judged("danger", CERTAIN, Peril.VIOLENCE)).buttons}


def test_what_is_set_aside_asks_for_nothing() -> None:
    judgement = judged("spam", NONE)
    aside = replace(judgement, decision=replace(judgement.decision, kind=CaseKind.SPAM))
    assert acts_of([aside], "spam", NONE, rules(), directory(), NOW) == Acts()
    assert acts_of([], None, NONE, rules(), directory(), NOW) == Acts()
