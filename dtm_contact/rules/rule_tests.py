"""The messages that each rule carries with it, judged to see whether the rule decides as its author expects."""

from collections.abc import Iterator
from datetime import datetime

from dtm_contact.directory import Directory, Records
from dtm_contact.hours import PARIS
from dtm_contact.model import Contact, Mailbox, Match, Problem, Understanding
from dtm_contact.rules.decide import decide
from dtm_contact.rules.routing import FILE, Rule, RuleTest
from dtm_contact.rules.ruleset import RuleSet
from dtm_contact.topics import understand

OFFICE_HOURS = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
"""When a test's message comes, unless the test says otherwise: a Tuesday on which offices are open."""

_DIRECTORY = Directory(Records())


def run_rule_tests(rules: RuleSet) -> tuple[Problem, ...]:
    """Judge the messages of all rules, as from a stranger who names no place.

    `holds: true` expects that the rule decides, `holds: false` that it does not.

    Returns:
        A problem for each test that fails, with what decided and why; none where all is as expected.
    """
    return tuple(problem for rule in rules.rules for problem in _failing(rule, rules))


def _failing(rule: Rule, rules: RuleSet) -> Iterator[Problem]:
    for test, place in zip(rule.tests, rule.test_places, strict=True):
        decided, understanding = _decided(test, rules)
        if (decided == rule.key) is not test.holds:
            expected = "decides" if test.holds else "does not decide"
            hint = f"{decided} does, for {_told(understanding)}"
            yield Problem(FILE, *place, f"the test expects that {rule.id} {expected}", hint)


def _decided(test: RuleTest, rules: RuleSet) -> tuple[str, Understanding]:
    """Return the key of the rule that decides for a test's message, and what was understood of it."""
    at = datetime.fromisoformat(test.at).replace(tzinfo=PARIS) if test.at else OFFICE_HOURS
    contact = Contact("email", at, Mailbox(address=test.sender), subject=test.subject, new_text=test.text)
    understanding = understand(contact, rules.lexicon)
    return decide(contact, Match(), understanding, at, rules, _DIRECTORY).rule, understanding


def _told(understanding: Understanding) -> str:
    topics = ", ".join(understanding.topics) or "no topic"
    return f"{understanding.kind} {understanding.priority}: {topics}"
