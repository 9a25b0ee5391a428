"""A decision explained to a person: which words, which evidence, which rule.

`terminal`, which draws for one, is imported by those who do: the daemon does not need what it draws with.
"""

from dtm_contact.explain.reason import (
    Segment,
    alarm_line,
    call_back_subject,
    mark,
    outcome_text,
    reason,
    spoke_although_taken,
    who_calls,
)
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
