"""A decision told to a person: which words, which evidence, which rule.

`told`, which draws for a terminal, is imported by those who do: the daemon does not need what it draws with.
"""

from dtm_contact.explain.calls import call_back_subject, outcome_text, spoke_although_taken, who_calls
from dtm_contact.explain.marks import Segment, mark
from dtm_contact.explain.reason import alarm_line, reason
from dtm_contact.explain.summary import summary

__all__ = [
    "Segment",
    "alarm_line",
    "call_back_subject",
    "mark",
    "outcome_text",
    "reason",
    "spoke_although_taken",
    "summary",
    "who_calls",
]
