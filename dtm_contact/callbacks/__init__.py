"""Whose call it is, which call-back it opens, joins or closes, and who works it."""

from dtm_contact.callbacks.judging import CallGrounds, judge_call
from dtm_contact.callbacks.open_call_backs import OpenCallBacks
from dtm_contact.callbacks.revising import AsBefore, same_consequence
from dtm_contact.callbacks.standing import call_back_after, standing_of

__all__ = [
    "AsBefore",
    "CallGrounds",
    "OpenCallBacks",
    "call_back_after",
    "judge_call",
    "same_consequence",
    "standing_of",
]
