"""`dtm-contact case danger`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--reason", help="What makes you sure of it.")
@click.pass_obj
def command(settings: Settings, /, reason: str | None, **asked: Any) -> None:
    """Say that somebody is in danger: the case becomes a P1, and those on call are told at once."""
    Asked(settings, asked).do("danger", reason=reason)
