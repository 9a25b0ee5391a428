"""The types that flow through the engine, frozen: nothing here reads a clock, a file or a network."""

from dtm_contact.model.arrival import Arrival, Envelope
from dtm_contact.model.call import RECENT_KEPT, Call, CallBack, CallBacks, Outcome, Standing
from dtm_contact.model.contact import (
    Attachment,
    Authentication,
    AutomaticSign,
    Automation,
    Contact,
    Forwarded,
    Mailbox,
    Part,
    Span,
    Undelivered,
    VoiceNotice,
    domain_of,
)
from dtm_contact.model.conversation import Alike, Conversations, Joining, KnownCase, Sent, Way
from dtm_contact.model.dealings import MOST_DEALINGS, Dealings, Dealt, OpenCase, Party
from dtm_contact.model.decision import CaseKind, ConditionTrace, Decision, Priority, RuleTrace
from dtm_contact.model.history import (
    Answers,
    Confirmed,
    Earlier,
    History,
    KeptHistory,
    NoHistory,
    NotedHistory,
    Recalled,
)
from dtm_contact.model.judgement import Judgement
from dtm_contact.model.log_line import KeptLines, LogLine, Position
from dtm_contact.model.match import Candidate, Evidence, Likely, Match, OnDuty, Proposal
from dtm_contact.model.outgoing import ClaimedOutgoing, Limits, Outgoing, OutgoingKind
from dtm_contact.model.problem import Problem, Severity, errors_first
from dtm_contact.model.stated import Stated
from dtm_contact.model.understanding import Asker, Finding, Scope, Understanding, Wish, Wished

__all__ = [
    "MOST_DEALINGS",
    "RECENT_KEPT",
    "Alike",
    "Answers",
    "Arrival",
    "Asker",
    "Attachment",
    "Authentication",
    "AutomaticSign",
    "Automation",
    "Call",
    "CallBack",
    "CallBacks",
    "Candidate",
    "CaseKind",
    "ClaimedOutgoing",
    "ConditionTrace",
    "Confirmed",
    "Contact",
    "Conversations",
    "Dealings",
    "Dealt",
    "Decision",
    "Earlier",
    "Envelope",
    "Evidence",
    "Finding",
    "Forwarded",
    "History",
    "Joining",
    "Judgement",
    "KeptHistory",
    "KeptLines",
    "KnownCase",
    "Likely",
    "Limits",
    "LogLine",
    "Mailbox",
    "Match",
    "NoHistory",
    "NotedHistory",
    "OnDuty",
    "OpenCase",
    "Outcome",
    "Outgoing",
    "OutgoingKind",
    "Part",
    "Party",
    "Position",
    "Priority",
    "Problem",
    "Proposal",
    "Recalled",
    "RuleTrace",
    "Scope",
    "Sent",
    "Severity",
    "Span",
    "Standing",
    "Stated",
    "Undelivered",
    "Understanding",
    "VoiceNotice",
    "Way",
    "Wish",
    "Wished",
    "domain_of",
    "errors_first",
]
