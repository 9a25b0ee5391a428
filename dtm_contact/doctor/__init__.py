"""Looks at all that a daemon rests on, before it starts or beside it, and says what to do; docs/doctor.md lists it."""

from dtm_contact.doctor.examining import CHECKS, examine
from dtm_contact.doctor.registry import Check, CheckResult, CheckState

__all__ = ["CHECKS", "Check", "CheckResult", "CheckState", "examine"]
