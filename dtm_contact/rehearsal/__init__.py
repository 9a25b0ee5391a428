"""Judging outside live work: messages and calls at rest, and decisions held against the truth."""

from dtm_contact.rehearsal.at_rest import CallsAtRest, JudgedCalls, judge_messages, messages_at_rest, require_at_rest
from dtm_contact.rehearsal.score import Miss, Score, ScoreFigure, score
from dtm_contact.rehearsal.score_calls import QUEUE_LOG_FILE, RECORDS_FILE, read_call_truth, score_calls
from dtm_contact.rehearsal.truth import Truth, read_truth

__all__ = [
    "QUEUE_LOG_FILE",
    "RECORDS_FILE",
    "CallsAtRest",
    "JudgedCalls",
    "Miss",
    "Score",
    "ScoreFigure",
    "Truth",
    "judge_messages",
    "messages_at_rest",
    "read_call_truth",
    "read_truth",
    "require_at_rest",
    "score",
    "score_calls",
]
