"""`sources.yaml`: one more source is one block of it, and every slip is told with its place and what is right."""

import json
import shutil
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import CaseKind
from dtm_contact.rules import load_rules, run_rule_tests
from tests.rules.folders import GOOD, OFFICES
from tests.sources.mails import JOLY, ROOT, judged, mail, with_rules

HEAD = "version: 1\nsources:\n  pilot:\n    label: Pilote\n"
BLOCK = """
version: 1
sources:
  chauffage-connecte:
    label: Supervision du chauffage
    from: "@supervision.example"
    reads: json
    fields:
      request: alert.id
      name: occupant.name
      lease: occupant.contract
      topic: alert.kind
      text: alert.comment
    needs: topic
    topics:
      NO_HEAT: heating
      GAS_LEAK: {topic: gas, alarm: certain}
    tests:
      - json: {"alert": {"id": 9, "kind": "NO_HEAT", "comment": "12 °C au salon"}, "occupant": {"name": "Joly"}}
        reads: {request: "9", name: Joly, topic: NO_HEAT}
        topic: heating
"""


def folder(tmp_path: Path, text: str, *, of: Path = GOOD) -> Path:
    rules = tmp_path / "rules"
    shutil.copytree(of, rules)
    (rules / "sources.yaml").write_text(text, "utf-8")
    return rules


@pytest.mark.parametrize("subtype", ["json", "octet-stream"])
def test_one_more_source_is_one_block(tmp_path: Path, subtype: str) -> None:
    at = with_rules(folder(tmp_path, BLOCK, of=ROOT / "rules"))
    message = mail("", "alerte@supervision.example", "Alert")
    data = {
        "alert": {"id": 9, "kind": "NO_HEAT", "comment": "12 °C"},
        "occupant": {"name": "Joly", "contract": "3900689/60"},
    }
    message.add_attachment(json.dumps(data).encode(), maintype="application", subtype=subtype, filename="a.json")
    judgement = judged(message, at=at)
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert judgement.match.proven == ()
    assert judgement.understanding.topic == "heating"
    assert judgement.decision.kind is CaseKind.CASE


def test_without_the_file_there_is_no_source(tmp_path: Path) -> None:
    shutil.copytree(GOOD, tmp_path / "rules")
    rules = load_rules(tmp_path / "rules", OFFICES)
    assert rules.problems == ()
    assert rules.sources.sources == {}


def test_the_shipped_file_is_sound_and_part_of_the_version(tmp_path: Path) -> None:
    shipped = load_rules(ROOT / "rules")
    assert {
        "agence-numerique",
        "ascenseurs",
        "prestataires",
        "copieurs",
        "signal-logement",
    } <= shipped.sources.sources.keys()
    other = folder(tmp_path, (ROOT / "rules" / "sources.yaml").read_text("utf-8") + "\n# x\n", of=ROOT / "rules")
    assert load_rules(other).version != shipped.version


FAULTS = {
    "unknown-key": ("    from: a@b.example\n    sender: x\n", "sources.yaml:6:5: error: unknown key sender (one of:"),
    "nobody": ("    reads: message\n", "sources.yaml:4:5: error: nobody says who this source is (add from:"),
    "no-address": (
        "    from: b.example\n",
        "sources.yaml:5:11: error: “b.example” is no mail address (write name@domain)",
    ),
    "unknown-layout": ("    from: a@b.example\n    reads: xml\n", "“xml” is not known here"),
    "no-field": ("    from: a@b.example\n    reads: lines\n", "sources.yaml:4:5: error: lines has no field to read"),
    "labels-of-a-message": (
        "    from: a@b.example\n    fields: {name: Nom}\n",
        "labels are read of lines, a table, JSON or a voice message alone",
    ),
    "unknown-field": (
        "    from: a@b.example\n    reads: lines\n    fields: {surname: Nom}\n",
        "sources.yaml:7:23: error: “surname” is not known here (one of: title,",
    ),
    "unknown-topic": ("    from: a@b.example\n    topic: gaz\n", "unknown topic gaz (did you mean gas?)"),
    "unknown-office": ("    from: a@b.example\n    office: nrod\n", "unknown office nrod (did you mean nord?)"),
    "needs-nothing": (
        "    from: a@b.example\n    reads: lines\n    fields: {name: Nom}\n    needs: [lease]\n",
        "lease is no field of this source (one of: name)",
    ),
    "codes-without-a-field": ("    from: a@b.example\n    topics: {X: heating}\n", "no field tells the code"),
    "person-without-address": (
        "    from: a@b.example\n    answers: person\n",
        "no field tells the person's address (add email: … to fields)",
    ),
    "answered-elsewhere": (
        "    from: a@b.example\n    answers: sender\n    answers_at: a@c.example\n",
        "this is no address of the source's own domain (write an address of b.example)",
    ),
    "answered-though-nobody-is": (
        "    from: a@b.example\n    answers_at: c@b.example\n",
        "only those who send are answered at an address of theirs (write answers: sender beside it)",
    ),
    "one-label-twice": (
        "    from: a@b.example\n    reads: lines\n    fields: {name: Nom, first_name: [Prénom, nom]}\n",
        "the label “nom” is read for name and for first_name",
    ),
    "one-label-of-which-one-takes-all": (
        "    from: a@b.example\n    reads: lines\n    fields: {name: {labels: Nom, before: ','}, address: Nom}\n",
        "leave it to one of them, or say which part is whose",
    ),
    "a-part-of-the-text": (
        "    from: a@b.example\n    reads: lines\n    fields: {text: {labels: Message, before: '--'}}\n",
        "text is all that stands under its label",
    ),
    "a-pattern-and-signs": (
        "    from: a@b.example\n    reads: lines\n    fields: {name: {labels: Nom, pattern: '(a)', after: ','}}\n",
        "pattern already says which part",
    ),
    "signs-of-no-label": (
        "    from: a@b.example\n    fields: {request: {subject: '([0-9]+)', before: ','}}\n",
        "pattern, before and after look into the value of a label",
    ),
    "states-without-a-field": (
        (
            "    from: a@b.example\n    reads: lines\n    fields: {topic: Nature}\n"
            "    topics:\n      ALARME: {topic: gas, states: {clos: thanks}}\n"
        ),
        "sources.yaml:9:37: error: no field tells the state (add state: … to fields)",
    ),
    "a-state-of-no-meaning": (
        "    from: a@b.example\n    reads: lines\n    fields: {topic: Nature, state: Etat}\n",
        "no state means anything (add states: …",
    ),
    "unknown-topic-of-a-state": (
        "    from: a@b.example\n    reads: lines\n    fields: {state: Etat}\n    states: {clos: merci}\n",
        "unknown topic merci",
    ),
    "proven-of-whom-is-written-about": (
        (
            "    from: a@b.example\n    reads: table\n    identity: proven\n"
            "    fields: {writer_name: Agent, name: Nom, lease: Bail}\n"
        ),
        "the fields name a person who does not write",
    ),
    "writer-without-address": (
        "    from: a@b.example\n    reads: lines\n    answers: person\n    fields: {writer_name: Agent, email: Mail}\n",
        "no field tells the person's address (add writer_email: … to fields)",
    ),
    "time-of-a-form": (
        "    from: a@b.example\n    reads: lines\n    fields: {time: Reçu le}\n",
        "time is read of a voice message alone",
    ),
    "boilerplate-of-a-scan": (
        "    from: a@b.example\n    reads: scan\n    boilerplate: copieur\n",
        "boilerplate says nothing where reads is scan (leave it out)",
    ),
    "a-test-of-two-messages": (
        "    from: a@b.example\n    reads: table\n    fields: {name: Nom}\n    tests: [{text: a, html: b}]\n",
        "a test has one message (write text: …, html: … or json: {…})",
    ),
    "test-of-an-alarm": (
        (
            "    from: a@b.example\n    reads: lines\n    fields: {topic: Nature, state: Etat}\n"
            "    topics:\n      ALARME: {topic: gas, alarm: certain, states: {clos: thanks}}\n"
            '    tests: [{text: "Nature : ALARME\\nEtat : CLOS", topic: thanks, alarm: certain}]\n'
        ),
        "by its code the test is of alarm none (it expects certain)",
    ),
    "pattern": (
        "    from: a@b.example\n    fields: {request: {subject: '(?=x)'}}\n",
        "the pattern is not valid:",
    ),
    "pattern-with-groups": (
        "    from: a@b.example\n    fields: {request: {subject: '(a)(b)'}}\n",
        "the pattern has several groups",
    ),
    "proven-without-lease": (
        "    from: a@b.example\n    reads: lines\n    identity: proven\n    fields: {name: Nom, text: Message}\n",
        "no field tells the lease",
    ),
    "proven-without-proof": (
        (
            "    from: a@b.example\n    reads: lines\n    trust: unless_failed\n    identity: proven\n"
            "    fields: {name: Nom, lease: Bail, text: Message}\n"
        ),
        "who is not vouched for can prove nobody (write trust: vouched)",
    ),
    "proven-behind-the-text": (
        (
            "    from: a@b.example\n    reads: lines\n    identity: proven\n"
            "    fields: {lease: Bail, text: Message, name: Nom}\n"
        ),
        "name stands behind the text, where anybody can type it",
    ),
    "json-beside-lines": (
        "    from: a@b.example\n    reads: [lines, json]\n    fields: {name: Nom}\n",
        "json beside another layout is never read of mail",
    ),
    "channel-that-nobody-writes-by": (
        "    from: a@b.example\n    channel: phone\n    reads: lines\n    fields: {text: Message}\n",
        "nobody writes by phone (write one of: email, form, letter, sms)",
    ),
    "proven-without-text": (
        "    from: a@b.example\n    reads: lines\n    identity: proven\n    fields: {name: Nom, lease: Bail}\n",
        "no field that is needed holds the person's text",
    ),
    "our-number-of-anybody": (
        (
            "    from: a@b.example\n    reads: lines\n    trust: unless_failed\n"
            "    fields: {our_number: Réf, text: Message}\n"
        ),
        "sources.yaml:8:14: error: who is not vouched for can join no case (a number that anybody could write",
    ),
    "ending-with-blanks": ("    from: a@b.example\n    ends_at: '-- '\n", "“-- ” has blanks around it"),
    "topics-that-are-neither": (
        "    from: a@b.example\n    topics_are: loose\n",
        "“loose” is not known here (one of: binding, hint)",
    ),
    "test": (
        (
            "    from: a@b.example\n    reads: lines\n    fields: {name: Nom}\n"
            '    tests: [{text: "Nom : Roy", reads: {name: Dupont}}]\n'
        ),
        "the test reads “Roy” as name (it expects “Dupont”)",
    ),
    "test-of-json": (
        (
            "    from: a@b.example\n    reads: json\n    fields: {request: evenement.id}\n"
            '    tests: [{json: {"evenement": {"id": "E-1"}}, reads: {request: E-2}}]\n'
        ),
        "the test reads “E-1” as request (it expects “E-2”)",
    ),
    "test-of-text-where-json-is-read": (
        (
            "    from: a@b.example\n    reads: json\n    fields: {request: evenement.id}\n"
            "    tests: [{text: 'evenement.id : E-1', reads: {request: E-1}}]\n"
        ),
        "sources.yaml:8:14: error: this source reads nothing but JSON (write json:",
    ),
    "test-of-json-where-lines-are-read": (
        "    from: a@b.example\n    reads: lines\n    fields: {name: Nom}\n    tests: [{json: {Nom: Roy}}]\n",
        "sources.yaml:8:14: error: this source reads no JSON (write text:",
    ),
    "test-of-two": (
        "    from: a@b.example\n    tests: [{json: {a: b}, text: b}]\n",
        "a test has one message",
    ),
    "follow-up": (
        "    from: a@b.example\npartners:\n  mairie: {label: M, from: '@m.example', follow_up: dix jours}\n",
        "expected a duration, got “dix jours”",
    ),
}


@pytest.mark.parametrize(("written", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_every_slip_is_told_with_its_place(written: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFilesError) as refused:
        load_rules(folder(tmp_path, HEAD + written), OFFICES)
    problems = [str(problem) for problem in refused.value.problems]
    assert any(told in problem and problem.startswith("sources.yaml:") for problem in problems), problems


def test_rules_ask_for_a_source_that_there_is(tmp_path: Path) -> None:
    rules = folder(tmp_path, HEAD + "    from: a@b.example\n")
    routing = (GOOD / "routing.yaml").read_text("utf-8")
    rule = "- {{id: pilote, when: {{source: {name}}}, then: {{queue: comptes}}, waiver: essai, tests: [{tests}]}}\n"
    tests = "{text: bonjour, source: pilot, holds: true}, {text: bonjour, holds: false}"
    (rules / "routing.yaml").write_text(rule.format(name="pilot", tests=tests) + routing, "utf-8")
    assert run_rule_tests(load_rules(rules, OFFICES)).failed == ()
    (rules / "routing.yaml").write_text(rule.format(name="pilott", tests=tests) + routing, "utf-8")
    with pytest.raises(InvalidFilesError, match="unknown source pilott"):
        load_rules(rules, OFFICES)
