"""`dtm-contact case priority`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.model import Priority
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("priority", type=click.Choice([each.value for each in Priority]))
@click.option("--reason", help="Why; needed for a P1 to become less urgent.")
@click.pass_obj
def command(settings: Settings, /, priority: str, reason: str | None, **asked: Any) -> None:
    """Change a case's priority, and its due time with it."""
    Asked(settings, asked).do("priority", priority=priority, reason=reason)
