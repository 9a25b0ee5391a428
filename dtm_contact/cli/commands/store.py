"""`dtm-contact store …`: the store's tables."""

import click

from dtm_contact.cli import Group
from dtm_contact.settings import Settings
from dtm_contact.store import migrate


@click.group(cls=Group)
def command() -> None:
    """Look after the store's tables."""


@command.command("migrate")
@click.pass_obj
def migrate_(settings: Settings) -> None:
    """Bring the store's tables to this version; creates the store where there is none."""
    migrate(settings.store.url)
    click.echo("the store's tables are those of this version")
