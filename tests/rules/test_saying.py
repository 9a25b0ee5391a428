"""Each condition says in French why a rule holds or does not."""

from pathlib import Path

import pytest

from dtm_contact.labels.formats import because
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, Asker, RuleTrace
from dtm_contact.rules import RuleSet, load_rules
from dtm_contact.rules.conditions import Condition, all_conditions
from dtm_contact.rules.routing import Rule, Then
from dtm_contact.rules.saying import SaidRule, said_rule
from tests.rules.cast import SATURDAY_NIGHT, TUESDAY, asked, expression, facts, written
from tests.rules.folders import SHIPPED

NAMED = {"gas": "Odeur de gaz", "fire": "Incendie", "pests": "Nuisibles"}
SURE = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load_rules(SHIPPED)


def said(when: object, **given: object) -> SaidRule:
    rule = Rule("x", "routing.yaml:x", (1, 1), expression(when), Then(queue="office"))
    assert rule.when is not None
    seen: list = []  # type: ignore[type-arg]
    held = rule.when.holds(facts(**given), seen)  # type: ignore[arg-type]
    return said_rule(rule, RuleTrace(rule.key, held, tuple(seen)))


def reason(when: object, **given: object) -> str:
    return because(*said(when, **given).clauses(NAMED))


@pytest.mark.parametrize("condition", all_conditions().values(), ids=lambda condition: condition.name)
def test_every_condition_has_a_clause_for_yes_and_for_no(condition: Condition) -> None:
    says = condition.says
    for clause in (says.holds, says.fails, *filter(None, [says.of_none])):
        assert clause == clause.strip()
        assert not clause.endswith(".")
    assert says.holds != says.fails
    assert "parce que" not in says.holds


def test_a_rule_is_told_by_all_that_it_wants() -> None:
    when = {"kind": "case", "topic": ["gas", "fire"], "alarm": "certain"}
    assert reason(when, understanding=asked("gas"), contact=written()) != ""
    told = said(when, contact=written(), understanding=asked("pests"))
    assert told.unmet == 2
    assert because(*told.clauses(NAMED)) == "parce que le sujet est « Nuisibles » et qu'aucun danger n'est reconnu"


def test_of_several_that_would_do_the_one_that_holds_is_told() -> None:
    when = {"any": [{"topic": ["gas"]}, {"topic": "pests", "hours": "closed"}]}
    told = reason(when, contact=written(), understanding=asked("pests"), now=SATURDAY_NIGHT)
    assert told == "parce que le sujet est « Nuisibles » et que le contact est arrivé quand les bureaux étaient fermés"
    told = reason(when, contact=written(), understanding=asked("pests"), now=TUESDAY)
    assert "le contact n'est pas arrivé quand les bureaux étaient fermés" in told


def test_what_is_denied_is_told_as_it_is() -> None:
    assert reason({"not": {"topic": "gas"}}, contact=written(), understanding=asked("pests")) == (
        "parce que le sujet est « Nuisibles »"
    )
    assert reason({"asker": Asker.SUPPLIER.value}, contact=written(), understanding=asked("pests")) == (
        "parce que le message ne dit pas qui demande"
    )
    not_all = {"not": {"all": [{"topic": "pests"}, {"text": {"contains": "rats"}}]}}
    assert reason(not_all, contact=written("des souris"), understanding=asked("pests")) == (
        "parce que le texte ne contient pas les mots que la règle cherche"
    )
    assert not said(not_all, contact=written("des rats"), understanding=asked("pests")).held


def test_no_more_is_told_than_goes_with_the_message() -> None:
    many = {"topic": ["fire", "gas", "heating", "pests", "works"], "kind": "case"}
    assert reason(many, contact=written(), understanding=asked("pests")) == "parce que le sujet est « Nuisibles »"
    assert reason({"kind": "case"}, contact=written(), understanding=asked("pests")) == "parce que c'est une demande"


def test_every_rule_that_is_shipped_says_what_it_is_for(shipped: RuleSet) -> None:
    assert [rule.id for rule in shipped.rules if not rule.says] == []


def test_what_a_rule_says_is_read(tmp_path: Path, shipped: RuleSet) -> None:
    del tmp_path
    assert next(rule.says for rule in shipped.rules if rule.id == "remerciement") == "Un merci n'attend pas de réponse"
