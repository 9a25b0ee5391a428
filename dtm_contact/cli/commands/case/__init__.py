"""`dtm-contact case …`: one module for each thing that can be done with a case."""

from dtm_contact.cli import CommandModules

command = CommandModules(__name__, help="Read cases, and work on them.")
