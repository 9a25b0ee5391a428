"""A decision explained to a person: which words, which evidence, which rule.

`terminal`, which draws for one, is imported by those who do: the daemon does not need what it draws with.
"""

from dtm_contact.explain.reason import (
    Segment,
    alarm_line,
    caller,
    mark,
    reason,
    source_line,
)

__all__ = [
    "Segment",
    "alarm_line",
    "caller",
    "mark",
    "reason",
    "source_line",
]
