"""Which rules are told to be never reached: those, and no others."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.rules.coverage import unreached_rules
from dtm_contact.rules.expression import contradiction
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.routing import Rule, Then
from tests.rules.cast import expression
from tests.rules.test_index import CONTACTS, NESTED

MANY = [{"text": {"contains": f"mot {number}"}} for number in range(8)]
FOUR = {"topic": "gas", "office": "nord", "kind": "case", "channel": "email"}


def rules_of(*whens: dict[str, Any]) -> list[Rule]:
    return [
        Rule(f"r{number}", f"routing.yaml:r{number}", (number, 3), expression(when), Then(queue="office"))
        for number, when in enumerate(whens)
    ]


@pytest.mark.parametrize(
    ("first", "second", "is_unreached"),
    [
        ({"topic": "gas"}, {"topic": "gas"}, True),
        ({"topic": ["gas", "fire"]}, {"topic": "gas"}, True),
        ({"topic": "gas"}, {"topic": ["gas", "fire"]}, False),
        ({"topic": "gas"}, {"topic": "gas", "office": "nord"}, True),
        ({"topic": "gas", "office": "nord"}, {"topic": "gas"}, False),
        ({"topic": "gas", "office": ["nord", "sud"]}, {"office": "sud", "topic": "gas", "kind": "case"}, True),
        ({"all": [{"topic": "gas"}, {"office": "nord"}]}, {"topic": "gas", "office": "nord"}, True),
        ({"text": {"contains": "fuite"}}, {"text": {"contains": "fuite"}, "topic": "gas"}, True),
        ({"text": {"contains": "fuite"}}, {"text": {"contains": "gaz"}}, False),
        ({"not": {"office": "nord"}}, {"topic": "gas", "not": {"office": "nord"}}, True),
        ({"any": [{"topic": "gas"}, {"office": "nord"}]}, {"topic": "gas"}, False),
        ({"topics": "gas"}, {"topic": "gas"}, False),
        ({"hours": "closed"}, {"hours": {"state": "closed"}, "topic": "gas"}, True),
        ({"all": MANY}, {"topic": "gas", "all": MANY}, True),
        ({"all": MANY[:6]}, {"topic": "gas", "all": MANY}, True),
        ({"all": MANY}, {"topic": "gas", "all": MANY[:-1]}, False),
        ({"topic": "gas"}, {"topic": ["gas", "gas"]}, True),
        (FOUR, {**FOUR, "text": {"contains": "eau"}}, True),
        ({**FOUR, "priority": "P1"}, {**FOUR, "priority": "P2"}, False),
    ],
    ids=str,
)
def test_an_earlier_rule_that_is_as_wide_or_wider(
    first: dict[str, Any],
    second: dict[str, Any],
    is_unreached: bool,  # noqa: FBT001 - a table's column
) -> None:
    found = [(later.id, earlier.id) for later, earlier in unreached_rules(rules_of(first, second))]
    assert found == ([("r1", "r0")] if is_unreached else [])


def test_several_earlier_rules_that_together_are_as_wide() -> None:
    rules = rules_of({"topic": "gas"}, {"topic": ["fire", "other"]}, {"topic": ["gas", "fire"], "office": "nord"})
    assert [(later.id, earlier.id) for later, earlier in unreached_rules(rules)] == [("r2", "r1")]


def test_a_rule_that_does_not_decide_stands_before_none() -> None:
    first, second = rules_of({"topic": "gas"}, {"topic": "gas"})
    assert list(unreached_rules([replace(first, decides=False), second])) == []
    assert list(unreached_rules([replace(first, observes=True), second])) == []
    assert list(unreached_rules([first, replace(second, decides=False)])) == [(replace(second, decides=False), first)]


def test_a_rule_on_tags_may_be_reached_though_one_like_it_stands_above() -> None:
    first, adds, second = rules_of({"tags": "chantier"}, {"topic": "gas"}, {"tags": "chantier"})
    adds = replace(adds, decides=False, then=Then(tags=("chantier",)))
    assert list(unreached_rules([first, adds, second])) == []


@pytest.mark.parametrize(
    ("when", "excludes"),
    [
        ({"topic": "gas", "not": {"topic": "gas"}}, True),
        ({"topic": "gas", "not": {"topic": ["gas", "fire"]}}, True),
        ({"topic": ["gas", "fire"], "not": {"topic": "gas"}}, False),
        ({"text": {"contains": "eau"}, "all": [{"not": {"text": {"contains": "eau"}}}]}, True),
        ({"topic": "gas", "not": {"topics": "gas"}}, False),
        ({"not": {"topic": "gas"}}, False),
        ({"topic": "gas", "all": [{"topic": ["fire", "danger"]}]}, True),
        ({"topics": "gas", "all": [{"topics": ["fire", "danger"]}]}, False),
        ({"topic": ["gas", "fire"], "all": [{"topic": ["fire", "danger"]}]}, False),
        ({"outcome": "voicemail", "channel": "email"}, True),
        ({"outcome": "voicemail", "channel": ["email", "phone"]}, False),
        ({"tenant.role": "commercial", "tenant.known": False}, True),
        ({"residence": "R01", "all": [{"any": [{"residence.known": False}, {"not": {"residence": "R01"}}]}]}, True),
        ({"residence": "R01", "any": [{"residence.known": False}, {"hours": "closed"}]}, False),
    ],
    ids=str,
)
def test_conditions_that_exclude_themselves(when: dict[str, Any], excludes: bool) -> None:  # noqa: FBT001 - a table's column
    assert (contradiction(expression(when)) is not None) is excludes


@given(NESTED, CONTACTS)
def test_what_contradiction_never_holds(when: dict[str, Any], seen: Facts) -> None:
    tried = expression(when)
    assert not (contradiction(tried) and tried.holds(seen))


@given(st.lists(NESTED, max_size=12), CONTACTS)
def test_a_rule_told_to_be_unreached_never_decides(whens: list[dict[str, Any]], seen: Facts) -> None:
    rules = rules_of(*whens)
    for later, earlier in unreached_rules(rules):
        assert earlier.place < later.place
        assert later.when is not None
        if later.when.holds(seen):
            assert any(rule.when and rule.when.holds(seen) for rule in rules[: rules.index(earlier) + 1])
