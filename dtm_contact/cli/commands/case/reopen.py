"""`dtm-contact case reopen`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--reason", help="Why.")
@click.pass_obj
def command(settings: Settings, /, reason: str | None, **asked: Any) -> None:
    """Open a closed case again."""
    Asked(settings, asked).do("reopen", reason=reason)
