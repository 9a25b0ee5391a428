"""`dtm-contact rules …`: the rules that admins own."""

from dtm_contact.cli import CommandModules

command = CommandModules(
    package="dtm_contact.cli.rules_commands",
    name="rules",
    help="Check the rules, try them, see what they would have moved, and what is in force.",
)
