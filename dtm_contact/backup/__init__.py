"""Backups of a store: made while the daemon runs, verified, restored; what an intake journal holds taken in again."""

from dtm_contact.backup.archive import BackupDamagedError, BackupError, Manifest
from dtm_contact.backup.copying import StoreNotCopiedError, copy_store
from dtm_contact.backup.journaling import StoreJournal, open_journal
from dtm_contact.backup.kept import BackupState, KeptBackup, backups_in, kept_in, newest_backup
from dtm_contact.backup.making import Made, make_backup
from dtm_contact.backup.opening import encrypted_for, keys_here, last_opening, note_opening
from dtm_contact.backup.replaying import (
    JournalReplay,
    gap_since_restore,
    not_stored,
    not_taken_in,
    replay,
    take_journal_as_lost,
)
from dtm_contact.backup.restoring import Restored, restore
from dtm_contact.backup.verifying import Verified, verify

__all__ = [
    "BackupDamagedError",
    "BackupError",
    "BackupState",
    "JournalReplay",
    "KeptBackup",
    "Made",
    "Manifest",
    "Restored",
    "StoreJournal",
    "StoreNotCopiedError",
    "Verified",
    "backups_in",
    "copy_store",
    "encrypted_for",
    "gap_since_restore",
    "kept_in",
    "keys_here",
    "last_opening",
    "make_backup",
    "newest_backup",
    "not_stored",
    "not_taken_in",
    "note_opening",
    "open_journal",
    "replay",
    "restore",
    "take_journal_as_lost",
    "verify",
]
