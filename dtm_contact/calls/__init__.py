"""Reading Asterisk's call records: lines -> records -> calls, each with what became of it."""

from dtm_contact.calls.clock import ZoneCheck
from dtm_contact.calls.faults import Faults
from dtm_contact.calls.grouping import Ended, Grouper
from dtm_contact.calls.lines import LONGEST_LINE, Line, Position, split_lines
from dtm_contact.calls.numbers import Caller, caller_of, dialled, national
from dtm_contact.calls.queue_log import QueueEvent, QueueLog, parse_event
from dtm_contact.calls.records import Record, RecordReader
from dtm_contact.calls.telling import Telling

__all__ = [
    "LONGEST_LINE",
    "Caller",
    "Ended",
    "Faults",
    "Grouper",
    "Line",
    "Position",
    "QueueEvent",
    "QueueLog",
    "Record",
    "RecordReader",
    "Telling",
    "ZoneCheck",
    "caller_of",
    "dialled",
    "national",
    "parse_event",
    "split_lines",
]
