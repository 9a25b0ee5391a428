"""`dtm-contact case undo`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, danger_over_option, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--reason", help="Why; needed where it makes a P1 less urgent.")
@danger_over_option
@click.pass_obj
def command(settings: Settings, /, reason: str | None, danger_over: str | None, **asked: Any) -> None:
    """Take your own last change of a case back; then the one before it."""
    Asked(settings, asked).do("undo", reason=reason, danger_over=danger_over)
