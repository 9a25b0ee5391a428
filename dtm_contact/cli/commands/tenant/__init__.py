"""`dtm-contact tenant …`: households."""

from dtm_contact.cli import CommandModules

command = CommandModules(
    __name__, help="Read what a household and we had to do with each other, and keep what it wishes."
)
