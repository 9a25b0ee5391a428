"""Looking rules up finds the same rule as trying them one by one."""

from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.model import CaseKind, Likely, Match, Priority
from dtm_contact.rules import load_rules
from dtm_contact.rules.decide import walk_all_rules, walk_rules
from dtm_contact.rules.expression import Expression, Index
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.routing import Rule, Then
from tests.rules.cast import SHOP, asked, expression, facts, written
from tests.rules.folders import GOOD

GOOD_RULES = load_rules(GOOD)
WORDS = {
    "topic": ("gas", "fire", "other"),
    "topics": ("gas", "fire", "other"),
    "kind": ("case", "spam"),
    "channel": ("email", "phone"),
    "office": ("nord", "sud"),
    "priority": ("P1", "P3"),
    "commune": ("Saint-Ouen", "Malakoff"),
    "dwelling.kind": ("commercial", "dwelling"),
    "sender.domain": ("poste.example", "example"),
}


def one_condition(name: str) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(st.sampled_from(WORDS[name]), min_size=1, max_size=3)
    return st.builds(lambda words: {name: words}, several)


SIMPLE = st.sampled_from(sorted(WORDS)).flatmap(one_condition) | st.just({"text": {"contains": "fuite"}})
NESTED = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)
CONTACTS = st.builds(
    facts,
    st.builds(written, st.sampled_from(["une fuite", ""]), sender=st.sampled_from(["a@poste.example", "b@c", ""])),
    st.builds(
        Match,
        residence=st.sampled_from([None, Likely("R01", 0.9), Likely("R02", 0.9), Likely("R99", 0.9)]),
        dwelling=st.sampled_from([None, SHOP]),
        office_id=st.sampled_from([None, "nord"]),
    ),
    st.builds(
        lambda topics, priority, kind: asked(*topics, priority=priority, kind=kind),
        st.lists(st.sampled_from(WORDS["topic"]), unique=True),
        st.sampled_from(Priority),
        st.sampled_from(CaseKind),
    ),
)


@given(st.lists(NESTED, max_size=25), CONTACTS)
def test_looking_up_passes_over_no_rule_that_might_hold(whens: list[dict[str, Any]], seen: Facts) -> None:
    expressions = [expression(when) for when in whens]
    candidates = list(Index(expressions).candidates(seen))
    assert candidates == sorted(set(candidates))
    might = [number for number, tried in enumerate(expressions) if tried.holds(seen) is not False]
    assert set(might) <= set(candidates)


TAGGED = NESTED | st.builds(lambda tags: {"tags": tags}, st.lists(st.sampled_from("abc"), min_size=1, max_size=2))


@given(st.lists(st.tuples(TAGGED, st.booleans(), st.booleans(), st.sampled_from("abc")), max_size=25), CONTACTS)
def test_looking_up_decides_as_trying_one_by_one(
    drawn: list[tuple[dict[str, Any], bool, bool, str]], seen: Facts
) -> None:
    listed = [
        Rule(
            f"r{n}",
            f"routing.yaml:r{n}",
            (n, 3),
            expression(when),
            Then(queue="office" if decides else None, tags=(tag,)),
            decides=decides,
            observes=observes,
        )
        for n, (when, decides, observes, tag) in enumerate(drawn)
    ]
    listed.append(Rule("reste", "routing.yaml:reste", (len(drawn), 3), None, Then(queue="office")))
    rules = replace(GOOD_RULES, rules=tuple(listed))
    looked_up = walk_rules(rules, seen, rules.index.candidates(seen))
    assert looked_up == walk_rules(rules, seen, range(len(listed)))
    traced = walk_all_rules(rules, seen)
    assert looked_up == replace(traced, trace=())
    assert [each.rule for each in traced.trace] == [rule.key for rule in listed]


def test_few_rules_are_left_to_try() -> None:
    names = count()
    whens = [
        {"topic": f"topic-{number % 40}", "office": f"office-{number % 5}", "text": {"contains": f"mot {next(names)}"}}
        for number in range(1_000)
    ]
    expressions: list[Expression | None] = [*map(expression, whens), None]
    seen = facts(match=Match(office_id="office-3"), understanding=asked("topic-3"))
    assert len(list(Index(expressions).candidates(seen))) == 1_000 / 40 + 1


def test_lists_too_long_to_multiply_are_still_found() -> None:
    many = [f"t{number}" for number in range(100)]
    when = expression({"topic": many, "topics": many, "sender.address": [f"{name}@x.example" for name in many]})
    seen = facts(written(sender="t7@x.example"), understanding=asked("t99"))
    assert list(Index([when]).candidates(seen)) == [0]
