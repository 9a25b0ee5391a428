"""Reading Asterisk's call records: lines -> records -> calls, each with what became of it."""

from dtm_contact.calls.clock import ZoneCheck
from dtm_contact.calls.faults import Faults
from dtm_contact.calls.grouping import Ended, Grouper
from dtm_contact.calls.lines import LONGEST_LINE, FileLine, FilePosition, split_lines
from dtm_contact.calls.live import WANTED, LiveCalls, QuietCall, event_line, record_line
from dtm_contact.calls.numbers import Caller, caller_of, dialled, national
from dtm_contact.calls.queue_log import QueueEvent, QueueLog, parse_event
from dtm_contact.calls.records import Record, RecordReader
from dtm_contact.calls.stored import MEDIA_TYPE, PartReader, StoredCalls, call_id_of, external_id, pack
from dtm_contact.calls.telling import CallInterpreter

__all__ = [
    "LONGEST_LINE",
    "MEDIA_TYPE",
    "WANTED",
    "CallInterpreter",
    "Caller",
    "Ended",
    "Faults",
    "FileLine",
    "FilePosition",
    "Grouper",
    "LiveCalls",
    "PartReader",
    "QueueEvent",
    "QueueLog",
    "QuietCall",
    "Record",
    "RecordReader",
    "StoredCalls",
    "ZoneCheck",
    "call_id_of",
    "caller_of",
    "dialled",
    "event_line",
    "external_id",
    "national",
    "pack",
    "parse_event",
    "record_line",
    "split_lines",
]
