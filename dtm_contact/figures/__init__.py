"""Figures by which heads see whether the quality of service is equal: defined, counted by day, compared, reported."""

from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.counting import CountingContext, count_days, periods_of
from dtm_contact.figures.definitions import BY_ID, FIGURES, GROUPS, INCIDENT_TOPICS, Figure

__all__ = [
    "BY_ID",
    "FIGURES",
    "GROUPS",
    "INCIDENT_TOPICS",
    "CountingContext",
    "Figure",
    "TimeContext",
    "count_days",
    "periods_of",
]
