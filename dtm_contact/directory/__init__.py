"""The estate and its people: the landlord's CSV files, checked, and a fast look-up over them."""

from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.directory.export import ExportFiles, FileDifference, compare, look_at, read_export
from dtm_contact.directory.guard import Suspicion, suspicions
from dtm_contact.directory.index import Directory, in_force
from dtm_contact.directory.records import (
    Absence,
    Address,
    Assignment,
    Caretaker,
    Dwelling,
    Equipment,
    Lease,
    Office,
    Records,
    Residence,
)

__all__ = [
    "Absence",
    "Address",
    "Assignment",
    "Caretaker",
    "Directory",
    "Dwelling",
    "Equipment",
    "ExportFiles",
    "FileDifference",
    "Lease",
    "Office",
    "Records",
    "Residence",
    "Suspicion",
    "compare",
    "in_force",
    "look_at",
    "on_duty",
    "on_duty_in_residence",
    "read_export",
    "suspicions",
]
