"""Rules by which somebody in danger would be set aside, or left without anybody on call being told, are refused."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, CaseKind, Priority, Problem, Severity
from dtm_contact.rules import RuleSet, decide, load_rules
from dtm_contact.rules.arguments import AllowedNames
from dtm_contact.rules.coverage import dangers_without_on_call
from dtm_contact.rules.routing import Rule, Then, load_routing
from tests.rules.cast import DIRECTORY, asked, at, expression, facts, written
from tests.rules.folders import GOOD, SHIPPED, overlay
from tests.rules.once import load_once
from tests.rules.test_index import GOOD_RULES

AT_THE_TOP = "# ---------------------------------------------------------------- Le danger d'abord\n"
MEANT = "; where it is meant, say why: waiver: …"
TOPICS = tuple(load_once(SHIPPED).reader.topics)
OF_DANGER = ("urgence-gaz", "urgence-incendie", "urgence-ascenseur", "urgence-danger")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "rules"))


def changed(folder: Path, change: Callable[[str], str]) -> list[str]:
    """Change the routing of a folder, and return what is told of it then, without file and column."""
    path = folder / "routing.yaml"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    problems: list[Problem] = []
    rules = load_routing(folder, AllowedNames(), problems)
    assert rules is not None
    problems.extend(dangers_without_on_call(rules, TOPICS))
    return [re.sub(r"^routing\.yaml:\d+:\d+: ", "", str(each)) for each in problems]


def without_notify(routing: str, *ids: str) -> str:
    blocks = re.split(r"(?m)^(?=- id: )", routing)
    return "".join(
        re.sub(r"notify: \[on_call, caretaker\](, )?", "", block)
        if block.split("\n")[0].removeprefix("- id: ") in ids
        else block
        for block in blocks
    )


@pytest.mark.parametrize(
    ("rule", "topic"),
    [
        ("urgence-gaz", "gas"),
        ("urgence-incendie", "fire"),
        ("urgence-ascenseur", "elevator_trapped"),
        ("urgence-danger", "danger"),
    ],
)
def test_a_rule_of_danger_from_which_notify_was_taken_is_refused(shipped: Path, rule: str, topic: str) -> None:
    told = changed(shipped, lambda routing: without_notify(routing, rule))
    (line,) = told
    hint = f"or add notify: on_call to it{MEANT})"
    assert line.startswith(
        f"error: the rule {rule} decides for P1 of {topic}, and nobody on call is told (move it below"
    )
    assert line.endswith(hint)


@pytest.mark.parametrize("fault", ["notify taken away", "set aside above"])
def test_such_rules_do_not_load(shipped: Path, fault: str) -> None:
    routing = (shipped / "routing.yaml").read_text("utf-8")
    aside = f"- {{id: pub, when: {{sender.domain: gmail.example}}, then: {{set_aside: spam}}}}\n{AT_THE_TOP}"
    broken = without_notify(routing, "urgence-gaz") if "notify" in fault else routing.replace(AT_THE_TOP, aside)
    (shipped / "routing.yaml").write_text(broken, "utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        load_rules(shipped)
    (problem,) = refused.value.problems
    assert (problem.file, problem.severity, problem.line > 0) == ("routing.yaml", Severity.ERROR, True)


def test_the_rule_for_dangers_of_any_other_topic_is_refused_without_notify_too(shipped: Path) -> None:
    (told,) = changed(shipped, lambda routing: without_notify(routing, "urgence-autre-sujet"))
    assert told.startswith("error: the rule urgence-autre-sujet decides for P1 of water_leak, water_cut, heating,")


def test_all_rules_of_danger_without_notify_are_told_at_once(shipped: Path) -> None:
    told = changed(shipped, lambda routing: without_notify(routing, *OF_DANGER, "urgence-sujet-agence"))
    assert [line.split()[3] for line in told] == [*OF_DANGER, "urgence-sujet-agence"]


@pytest.mark.parametrize(
    ("when", "which"),
    [
        ("{sender.domain: gmail.example}", "P1 of any topic"),
        ("{automatic: true}", "P1 of any topic"),
        ('{kind: case, hours: {between: "22:00-06:00"}}', "P1 of any topic"),
        ("{topic: [gas, heating], office: pantin}", "P1 of gas, heating"),
        ("{topics: [fire, pests], not: {priority: [P2, P3]}, attachments: none}", "P1 of any topic"),
        ("{not: {priority: [P2, P3, P4]}, channel: phone}", "P1 of any topic"),
    ],
)
def test_a_rule_that_sets_aside_above_the_dangers_is_refused(shipped: Path, when: str, which: str) -> None:
    rule = f"- {{id: pub, when: {when}, then: {{set_aside: spam}}}}\n"
    (told,) = changed(shipped, lambda routing: routing.replace(AT_THE_TOP, rule + AT_THE_TOP))
    assert told.startswith(f"error: the rule pub sets {which} aside (move it below urgence-")
    assert "add priority: [P2, P3, P4] to its conditions; where it is meant, say why: waiver: …" in told


@pytest.mark.parametrize(
    "rule",
    [
        "{id: pub, when: {sender.domain: gmail.example, priority: [P2, P3, P4]}, then: {set_aside: spam}}",
        "{id: pub, when: {sender.domain: gmail.example, not: {priority: P1}}, then: {set_aside: spam}}",
        "{id: pub, when: {kind: [spam, automatic], hours: closed}, then: {set_aside: spam}}",
        "{id: pub, when: {not: {kind: case}, sender.domain: gmail.example}, then: {set_aside: spam}}",
        "{id: pub, when: {sender.domain: gmail.example}, then: {set_aside: spam}, mode: observe}",
        "{id: pub, when: {hours: {weekday: sunday}}, then: {queue: agence-sinistres, notify: on_call}}",
        "{id: pub, when: {hours: closed}, then: {tags: nuit}, decides: false}",
        "{id: pub, when: {sender.domain: gmail.example}, then: {set_aside: spam}, waiver: essai de la direction}",
    ],
)
def test_a_rule_that_no_danger_can_take_is_none(shipped: Path, rule: str) -> None:
    assert changed(shipped, lambda routing: routing.replace(AT_THE_TOP, f"- {rule}\n{AT_THE_TOP}")) == []


def test_a_rule_above_that_takes_dangers_to_another_desk_is_refused_where_nobody_is_told(shipped: Path) -> None:
    rule = "- {id: maladrerie, when: {residence: La Maladrerie}, then: {queue: agence-sinistres}}\n"
    told = changed(shipped, lambda routing: routing.replace(AT_THE_TOP, rule + AT_THE_TOP))
    line = (shipped / "routing.yaml").read_text("utf-8").split("- id: urgence-autre-sujet\n")[0].count("\n") + 1
    hint = f"move it below urgence-autre-sujet in line {line}, or add notify: on_call to it{MEANT}"
    assert told == [f"error: the rule maladrerie decides for P1 of any topic, and nobody on call is told ({hint})"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{id: vite, when: {hours: closed}, then: {priority: P1}, decides: false}", True),
        ("{id: vite, when: {priority: P2}, then: {priority: {raise: 1}}, decides: false}", True),
        ("{id: vite, when: {priority: [P3, P4]}, then: {priority: {raise: 1}}, decides: false}", True),
        ("{id: vite, when: {hours: closed}, then: {priority: P1, notify: on_call}, decides: false}", False),
        ("{id: vite, when: {hours: closed}, then: {priority: P2}, decides: false}", False),
        ("{id: vite, when: {hours: closed}, then: {priority: P1}, decides: false, waiver: un essai}", False),
    ],
)
def test_a_rule_that_makes_cases_urgent_tells_somebody(shipped: Path, rule: str, *, told: bool) -> None:
    above = "- id: troisieme-relance\n"
    found = changed(shipped, lambda routing: routing.replace(above, f"- {rule}\n{above}"))
    hint = f"add notify: on_call to it, or raise to P2 at the most{MEANT}"
    expected = f"error: the rule vite makes cases P1, and nobody on call is told ({hint})"
    assert found == ([expected] if told else [])


def test_what_one_rule_makes_urgent_another_must_not_set_aside(shipped: Path) -> None:
    vite = "- {id: vite, when: {hours: closed}, then: {priority: P1, notify: on_call}, decides: false}\n"
    rule = "- {id: pub, when: {topic: thanks, hours: closed}, then: {set_aside: spam}}\n- id: commerce-bail\n"
    above = "- id: troisieme-relance\n"
    found = changed(
        shipped, lambda routing: routing.replace(above, vite + above).replace("- id: commerce-bail\n", rule)
    )
    assert [line.partition(" (")[0] for line in found] == ["error: the rule pub sets what another rule makes P1 aside"]


def test_rules_that_tell_together_leave_nobody_out(tmp_path: Path) -> None:
    """What rules above surely take, or what one that adds surely tells, needs nothing more."""
    folder = overlay(GOOD, tmp_path / "rules")
    assert (
        changed(
            folder,
            lambda _: (
                """\
- {id: prevenir, decides: false, when: {topic: gas}, then: {notify: on_call}}
- {id: nord, when: {any: [{topic: gas}, {topic: other, hours: closed}]}, then: {queue: comptes, notify: on_call}}
- {id: sud, when: {topic: other, hours: closed, sender.domain: x.example, priority: P1}, then: {queue: comptes}}
- {id: vite, when: {not: {any: [{not: {kind: case}}, {priority: [P2, P3, P4]}]}}, then: {queue: nord, notify: on_call}}
- {id: reste, then: {queue: office}}
"""
            ),
        )
        == []
    )


@pytest.mark.parametrize(
    "rule",
    [
        "{id: essai, decides: false, when: {alarm: certain, topic: gas}, then: {alarm: possible}}",
        "{id: essai, when: {alarm: certain, topic: gas}, then: {queue: office, alarm: none}}",
    ],
)
def test_a_rule_that_lowers_the_alarm_leaves_no_danger(shipped: Path, rule: str) -> None:
    def lowering(routing: str) -> str:
        return without_notify(routing, "urgence-gaz").replace(AT_THE_TOP, f"- {rule}\n{AT_THE_TOP}")

    assert changed(shipped, lowering) == []


@pytest.mark.parametrize(
    ("then", "wrong"),
    [
        ("{queue: office, alarm: none, priority: P1}", "one rule cannot lower the alarm and make it P1"),
        ("{queue: office, alarm: possible, priority: {raise: 1}}", "one rule cannot lower the alarm and make it P1"),
        ("{queue: none, kind: spam, alarm: none}", "queue none opens no case"),
        ("{queue: office, alarm: certain}", "certain"),
    ],
)
def test_a_rule_lowers_an_alarm_or_raises_it(shipped: Path, then: str, wrong: str) -> None:
    path = shipped / "routing.yaml"
    rule = f"- {{id: essai, when: {{topic: gas}}, then: {then}}}\n"
    path.write_text(path.read_text("utf-8").replace(AT_THE_TOP, rule + AT_THE_TOP), "utf-8")
    with pytest.raises(InvalidFilesError, match=wrong):
        load_rules(shipped)


def test_a_waiver_wants_a_reason(shipped: Path) -> None:
    told = changed(
        shipped, lambda routing: routing.replace("- id: urgence-gaz\n", "- id: urgence-gaz\n  waiver: true\n")
    )
    assert told == ['error: expected text, got true (put it in quotes: "true")']


def test_the_former_key_of_a_waiver_is_read_with_a_warning(shipped: Path) -> None:
    gas = "- id: urgence-gaz\n"
    on_call = "then: {queue: office, notify: [on_call, caretaker], answer: urgence-gaz}"
    told = changed(
        shipped,
        lambda routing: routing.replace(gas, f"{gas}  untold: la mairie a la sienne\n").replace(
            on_call, "then: {queue: office, answer: urgence-gaz}"
        ),
    )
    assert told == ["warning: untold is called waiver now (write waiver: in its place)"]


def test_a_waiver_where_nothing_is_left_without_on_call_is_a_warning(shipped: Path) -> None:
    told = changed(shipped, lambda routing: routing.replace("- id: fuite\n", "- id: fuite\n  waiver: un essai\n"))
    assert told == ["warning: the rule fuite leaves no danger without on-call (leave out waiver)"]


def rule_of(number: int, when: dict[str, Any] | None, then: dict[str, Any], *, decides: bool, observes: bool) -> Rule:
    read = expression(when) if when else None
    done = Then.model_validate(then)
    return Rule(f"r{number}", f"routing.yaml:r{number}", (number + 1, 3), read, done, (), (), decides, observes)


TELLS = {"queue": "office", "notify": "on_call"}
LEAVES = {"queue": "office"}


@pytest.mark.parametrize(
    "listed",
    [
        # What carries the tag when it comes to the third rule did not carry it at the first.
        [
            ({"tags": "a"}, TELLS),
            ({"text": {"contains": "fuite"}}, {"tags": "a"}),
            ({"tags": "a"}, LEAVES),
            ({}, TELLS),
        ],
        # Two rules together make P1 of what is P4.
        [
            ({"kind": "case"}, {"priority": "P2"}),
            ({"priority": "P4"}, {"priority": {"raise": 1}}),
            ({"priority": "P1"}, TELLS),
            ({}, LEAVES),
        ],
        # The wider list is not taken by the narrower one.
        [({"topics": "gas"}, TELLS), ({"topics": ["gas", "other"]}, LEAVES), ({}, TELLS)],
        # Only where it holds does a rule lower.
        [({"text": {"contains": "test"}}, {"alarm": "none"}), ({}, LEAVES)],
        # Only where it holds does a rule that adds tell.
        [({"text": {"contains": "fuite"}}, {"notify": "on_call"}), ({"priority": "P1"}, LEAVES), ({}, TELLS)],
    ],
)
def test_a_rule_that_is_nearly_safe_is_refused(listed: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    rules = [
        rule_of(number, when, then, decides="queue" in then, observes=False)
        for number, (when, then) in enumerate(listed)
    ]
    assert [each.severity for each in dangers_without_on_call(rules, ("gas", "other"))] == [Severity.ERROR]


def test_what_one_rule_lowers_another_may_raise_again() -> None:
    listed: list[tuple[dict[str, Any], dict[str, Any]]]
    listed = [({"alarm": "certain"}, {"alarm": "possible"}), ({"topic": "gas"}, {"priority": {"raise": 1}})]
    rules = [rule_of(number, *each, decides=False, observes=False) for number, each in enumerate(listed)]
    last = rule_of(len(rules), None, LEAVES, decides=True, observes=False)
    assert [each.severity for each in dangers_without_on_call([*rules, last], ("gas", "other"))] != []
    assert list(dangers_without_on_call([rules[0], last], ("gas", "other"))) == []


THENS = st.sampled_from(
    [
        {"queue": "office"},
        {"queue": "office", "notify": "on_call"},
        {"queue": "comptes", "notify": "caretaker"},
        {"queue": "office", "priority": "P1"},
        {"queue": "office", "priority": {"raise": 1}},
        {"queue": "office", "priority": {"set": "P1"}},
        {"queue": "comptes", "alarm": "none"},
        {"set_aside": "spam"},
        {"queue": "none", "kind": "automatic"},
    ]
)
ADDS = st.sampled_from(
    [
        {"tags": "a"},
        {"tags": "b", "notify": "on_call"},
        {"priority": "P1"},
        {"priority": {"raise": 1}},
        {"priority": {"raise": 2}, "notify": "on_call"},
        {"priority": {"set": "P2"}},
        {"alarm": "possible"},
        {"alarm": "none", "priority": {"set": "P4"}},
    ]
)
FEW = {
    "topic": ("gas", "other"),
    "topics": ("gas", "other"),
    "priority": ("P1", "P2", "P3"),
    "kind": ("case", "spam"),
    "tags": ("a", "b"),
    "alarm": ("certain", "possible", "none"),
}
ONE = st.sampled_from(sorted(FEW)).flatmap(
    lambda name: st.builds(
        lambda words: {name: words}, st.lists(st.sampled_from(FEW[name]), min_size=1, max_size=2, unique=True)
    )
) | st.just({"text": {"contains": "fuite"}})
NARROW = st.one_of(
    ONE,
    st.builds(lambda parts: {"all": parts}, st.lists(ONE, min_size=2, max_size=3)),
    st.builds(lambda parts: {"any": parts}, st.lists(ONE, min_size=2, max_size=2)),
    st.builds(lambda part: {"not": part}, ONE),
    st.builds(lambda one, part: {"all": [one, {"not": part}]}, ONE, ONE),
    st.builds(lambda one, parts: {"all": [one, {"any": parts}]}, ONE, st.lists(ONE, min_size=2, max_size=2)),
)
DRAWN = st.one_of(
    st.tuples(NARROW, THENS, st.just(True), st.just(False)),
    st.tuples(NARROW, ADDS, st.just(False), st.just(False)),
    st.tuples(NARROW, THENS, st.just(True), st.just(True)),
)
SEEN = tuple(
    facts(written(text), at("nord"), asked(*topics, priority=priority))
    for text in ("une fuite", "")
    for topics in ((), ("gas",), ("other",), ("other", "gas"))
    for priority in Priority
) + tuple(
    facts(written(), at("nord"), replace(asked(topic), alarm=Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL)))
    for topic in ("gas", "other")
)


def mended(rules: list[Rule]) -> RuleSet:
    """Return rules of which nothing is told any more: each that was told tells the on-call service now."""
    for _ in range(len(rules) + 1):
        errors = [each for each in dangers_without_on_call(rules, FEW["topic"]) if each.severity is Severity.ERROR]
        if not errors:
            return replace(GOOD_RULES, rules=tuple(rules))
        for error in errors:
            rule = rules[error.line - 1]
            case = {"queue": "office", "kind": None, "set_aside": None} if rule.then.opens_nothing else {}
            told = rule.then.model_copy(update={**case, "notify": ("on_call",)})
            assert told != rule.then
            rules[error.line - 1] = replace(rule, then=told)
    raise AssertionError("it tells of rules that do what it asks for")


@given(st.lists(DRAWN, min_size=1, max_size=6))
def test_where_the_check_is_silent_no_danger_is_left_without_on_call(
    drawn: list[tuple[dict[str, Any], dict[str, Any], bool, bool]],
) -> None:
    listed = [
        rule_of(number, when, then, decides=decides, observes=observes)
        for number, (when, then, decides, observes) in enumerate(drawn)
    ]
    rules = mended([*listed, rule_of(len(drawn), None, {"queue": "office"}, decides=True, observes=False)])
    for each in SEEN:
        found = decide(each.contact, each.match, each.understanding, each.now, rules, DIRECTORY)
        assert (found.priority is Priority.P1) is found.alarm.certain
        assert found.kind is CaseKind.CASE or not found.alarm.any
        lowered = found.alarm.why_not is not None
        if found.alarm.certain or (each.understanding.alarm.certain and not lowered):
            assert (found.kind, "on_call" in found.notify) == (CaseKind.CASE, True)
