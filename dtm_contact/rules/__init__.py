"""The rules that admins own: read strictly, checked whole, and applied in order; the first that holds decides."""

from dtm_contact.rules.conditions import conditions_manual
from dtm_contact.rules.decide import decide, with_unheard_voice
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.queues import Queue
from dtm_contact.rules.rule_tests import TestRun, run_rule_tests
from dtm_contact.rules.ruleset import RuleSet, load_in_force, load_rules

__all__ = [
    "Document",
    "Queue",
    "RuleSet",
    "TestRun",
    "conditions_manual",
    "decide",
    "load_in_force",
    "load_rules",
    "read_document",
    "run_rule_tests",
    "validate",
    "with_unheard_voice",
]
