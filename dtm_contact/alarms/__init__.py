"""Alarms: what a person must look at, each with its cause, its sentence and its remedy."""

from dtm_contact.alarms.causes import CAUSES, Cause, cause_of
from dtm_contact.alarms.state import AGAIN_SECONDS, Alarms, Listener

__all__ = ["AGAIN_SECONDS", "CAUSES", "Alarms", "Cause", "Listener", "cause_of"]
