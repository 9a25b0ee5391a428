"""`dtm-contact case release`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.pass_obj
def command(settings: Settings, /, **asked: Any) -> None:
    """Give a case that you took back to its queue."""
    Asked(settings, asked).do("release")
