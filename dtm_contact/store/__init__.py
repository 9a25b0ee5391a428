"""Everything that is kept: arrivals, cases and their events, the directory; in SQLite or PostgreSQL.

Beside a SQLite store that the daemon writes, others open it `read_only`, but for an agent's or admin's rare change.
"""

from dtm_contact.store.accounts import EVERYTHING, Account, LinkPurpose, Session, Stage, TrailLine, Visibility
from dtm_contact.store.alarm_labels import AlarmLabel
from dtm_contact.store.arrivals import ArrivalLine, Arrivals, ArrivalState, Claimed, Glance
from dtm_contact.store.case_changes import Destination
from dtm_contact.store.case_transactions import (
    CaseTransaction,
    LockedCase,
    LockedContact,
    case_number,
    case_transaction,
)
from dtm_contact.store.cases import Case, CaseContact, CaseFile, Cases, QueueCount
from dtm_contact.store.confirmations import Confirmation
from dtm_contact.store.database import StoreRefusedError
from dtm_contact.store.directory import DirectoryImport, DirectoryVersion, Origin, StoredDirectory
from dtm_contact.store.events import Event
from dtm_contact.store.history import StoredHistory
from dtm_contact.store.inbox import GroupCommitInbox
from dtm_contact.store.inspecting import Inspection, inspect_database
from dtm_contact.store.leases import Daemon, Held, LeaseLine, NameLock, name_lock
from dtm_contact.store.migrating import migrate
from dtm_contact.store.outbox import OutgoingBatch, StoredOutbox
from dtm_contact.store.record_result import UnreadableSummary
from dtm_contact.store.register import RegisterEntry
from dtm_contact.store.store import Store, StoreThread, open_store

__all__ = [
    "EVERYTHING",
    "Account",
    "AlarmLabel",
    "ArrivalLine",
    "ArrivalState",
    "Arrivals",
    "Case",
    "CaseContact",
    "CaseFile",
    "CaseTransaction",
    "Cases",
    "Claimed",
    "Confirmation",
    "Daemon",
    "Destination",
    "DirectoryImport",
    "DirectoryVersion",
    "Event",
    "Glance",
    "GroupCommitInbox",
    "Held",
    "Inspection",
    "LeaseLine",
    "LinkPurpose",
    "LockedCase",
    "LockedContact",
    "NameLock",
    "Origin",
    "OutgoingBatch",
    "QueueCount",
    "RegisterEntry",
    "Session",
    "Stage",
    "Store",
    "StoreRefusedError",
    "StoreThread",
    "StoredDirectory",
    "StoredHistory",
    "StoredOutbox",
    "TrailLine",
    "UnreadableSummary",
    "Visibility",
    "case_number",
    "case_transaction",
    "inspect_database",
    "migrate",
    "name_lock",
    "open_store",
]
