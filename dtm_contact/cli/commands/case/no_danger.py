"""`dtm-contact case no-danger`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--reason", help="Why; needed of a P1.")
@click.pass_obj
def command(settings: Settings, /, reason: str | None, **asked: Any) -> None:
    """Say that nobody is in danger: the alarm is lowered, the case stays open as a P2."""
    Asked(settings, asked).do("no_danger", reason=reason)
