"""The trials that rules carry: what they are tried on, what is told where they fail, how far they reach."""

from pathlib import Path

import pytest

from dtm_contact.rules import TestRun, load_rules, run_rule_tests
from tests.rules.folders import GOOD, overlay, without_danger

ROUTING = """\
- id: chantier
  decides: false
  when: {residence: Les Tilleuls}
  then: {tags: [chantier, nord]}
- id: essai
  mode: observe
  when: {topic: gas}
  then: {queue: comptes}
- id: gaz
  when: {topic: gas}
  then: {queue: office, priority: P1, notify: on_call, answer: gaz}
- id: commerce
  when: {tenant.role: commercial, dwelling.kind: commercial}
  then: {queue: comptes}
- id: insiste
  when: {calls: {count: 3, minutes: 60}}
  then: {queue: office, priority: P2}
- id: suite
  when: {open_case: same_topic, count: {of: contacts, at_least: 2, within: 7 days}}
  then: {queue: office, join: same_topic}
- id: voisins
  when: {count: {of: contacts, by: residence, at_least: 3, within: 1 day}}
  then: {queue: comptes}
- id: photo
  when: {attachments: image/*, language: en, department: "93"}
  then: {queue: comptes}
- id: protege
  when: {register: protection}
  then: {queue: comptes}
- id: portugais
  when: {register.language: pt}
  then: {queue: comptes}
- id: reste
  then: {queue: office, answer: accuse}
"""


def tried(folder: Path, tests: str, routing: str = ROUTING) -> TestRun:
    rules = overlay(GOOD, folder / "rules")
    (rules / "routing.yaml").write_text(without_danger(routing), "utf-8")
    (rules / "tests").mkdir()
    (rules / "tests" / "essais.yaml").write_text(tests, "utf-8")
    return run_rule_tests(load_rules(rules), rules)


@pytest.mark.parametrize(
    "test",
    [
        "{rule: gaz, holds: true, text: une odeur de gaz}",
        "{rule: gaz, holds: false, text: mon loyer}",
        "{rule: essai, holds: true, text: une odeur de gaz}",
        "{rule: chantier, holds: true, text: bonjour, residence: Les Tilleuls}",
        "{rule: chantier, holds: true, topic: gas, residence: {name: Les Tilleuls, office: nord}}",
        "{rule: commerce, holds: true, text: bonjour, role: commercial, dwelling: commercial}",
        "{rule: commerce, holds: false, text: bonjour, role: holder, dwelling: commercial}",
        "{rule: protege, holds: true, text: bonjour, register: {protection: true}}",
        "{rule: protege, holds: false, text: bonjour, register: {reach: [no_phone], never: true, sms: given}}",
        "{rule: portugais, holds: true, text: bonjour, role: holder, register: {language: PT}}",
        "{rule: portugais, holds: false, text: bonjour}",
        "{rule: insiste, holds: true, channel: phone, calls: {count: 3, minutes: 60}}",
        "{rule: insiste, holds: false, channel: phone, withheld: true}",
        "{rule: suite, holds: true, topic: water_leak, history: [{ago: 2 days, topic: water_leak, open: true}]}",
        "{rule: suite, holds: false, topic: water_leak, history: [{ago: 8 days, topic: water_leak, open: true}]}",
        """{rule: voisins, holds: true, text: bonjour, residence: R1,
          history: [{ago: 2 hours, neighbour: true}, {ago: 3 hours, neighbour: true}]}""",
        """{rule: photo, holds: true, text: hello, language: en, attachments: [a.jpg],
          residence: {name: Les Érables, department: 93}}""",
        """{text: une odeur de gaz, office: sud, at: "2026-11-28T22:00", expect:
          {rule: gaz, queue: sud, priority: P1, due: "2026-11-28T22:15", notify: on_call, answer: gaz, tags: []}}""",
        "{topic: water_leak, history: [{ago: 2 days, topic: water_leak, open: true}], expect: {joins: true}}",
        "{kind: spam, subject: x, expect: {queue: accueil}}",
        "{rule: gaz, holds: true, topic: gas, expect: {tags: [nord, chantier]}, residence: Les Tilleuls, office: nord}",
    ],
)
def test_a_trial_that_comes_true(tmp_path: Path, test: str) -> None:
    assert [str(problem) for problem in tried(tmp_path, f"- {test}\n").failed] == []


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (
            "{rule: gaz, holds: true, text: mon loyer}",
            "error: the test expects that gaz decides (routing.yaml:reste does, for case P3: rent_charges)",
        ),
        (
            "{rule: essai, holds: false, text: une odeur de gaz}",
            "error: the test expects that essai does not hold (it was case P1: gas)",
        ),
        (
            "{text: une odeur de gaz, expect: {queue: comptes}}",
            "error: the test expects queue comptes, and it is accueil (routing.yaml:gaz decides, for case P1: gas)",
        ),
        ("{rule: gas, holds: true, text: x}", "error: unknown rule gas (did you mean gaz?)"),
        ("{rule: gaz, holds: true, topic: gaz}", "error: unknown topic gaz (did you mean gas?)"),
        (
            "{rule: gaz, text: x}",
            "error: rule and holds go together (write {rule: …, holds: true, text: …})",
        ),
        ("{text: x}", "error: the test expects nothing (add rule: and holds:, or expect: {queue: …})"),
        (
            "{rule: gaz, holds: true}",
            "error: the test says nothing (add text: …, or topic: …, or channel: phone)",
        ),
        (
            "{rule: gaz, holds: true, text: x, outcome: voicemail}",
            "error: only a call has an outcome (add channel: phone)",
        ),
    ],
)
def test_what_is_told_where_it_fails(tmp_path: Path, test: str, told: str) -> None:
    failed = tried(tmp_path, f"- {test}\n").failed
    assert [str(problem) for problem in failed] == [f"tests/essais.yaml:1:3: {told}"]


def test_a_rule_s_own_test_can_say_what_follows(tmp_path: Path) -> None:
    test = "  tests: [{topic: gas, holds: true, expect: {notify: [caretaker, on_call]}}]\n"
    routing = ROUTING.replace("answer: gaz}\n", f"answer: gaz}}\n{test}")
    (problem,) = tried(tmp_path, "[]", routing).failed
    assert problem.file == "routing.yaml"
    assert problem.message == "the test expects notify caretaker, on_call, and it is on_call"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rule: gaz\n", "tests/essais.yaml:1:1: error: expected a list of tests, got entries"),
        ("- {rule: gaz, hold: true, text: x}\n", "tests/essais.yaml:1:15: error: unknown key hold"),
        ("- [\n", "tests/essais.yaml:2:1: error: "),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: str, told: str) -> None:
    (problem, *_) = tried(tmp_path, content).failed
    assert str(problem).startswith(told)


def test_each_rule_wants_one_that_holds_and_one_that_does_not(tmp_path: Path) -> None:
    run = tried(tmp_path, "- {rule: gaz, holds: true, text: une odeur de gaz}\n")
    told = {problem.message for problem in run.problems if " gaz " in problem.message}
    assert told == {"no test shows that gaz does not hold"}
    assert not any("reste does not hold" in problem.message for problem in run.problems)


def test_how_far_they_reach(tmp_path: Path) -> None:
    run = tried(tmp_path, "- {rule: gaz, holds: true, text: une odeur de gaz}\n- {text: x, expect: {rule: reste}}\n")
    assert (run.coverage.held["gaz"], run.coverage.not_held["gaz"], run.coverage.conditions) == (1, 0, 14)
    assert run.coverage.both_ways == 2
    assert "commerce: tenant.role: commercial" in run.coverage.one_way
