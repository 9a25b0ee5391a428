"""`dtm-contact rules …`: one module for each thing that admins do with the rules."""

from dtm_contact.cli import CommandModules

command = CommandModules(__name__, help="Check the rules, try them, see what they would move, and what is in force.")
