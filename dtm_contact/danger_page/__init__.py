"""The open P1 on disk: to be read and printed while the store or the desk is down."""

from dtm_contact.danger_page.entries import Entry, entries
from dtm_contact.danger_page.keeper import HTML, TEXT, Keeper, keeping
from dtm_contact.danger_page.page import Page

__all__ = ["HTML", "TEXT", "Entry", "Keeper", "Page", "entries", "keeping"]
