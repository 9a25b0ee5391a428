"""`dtm-contact case split`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("arrivals", nargs=-1, required=True, type=click.IntRange(min=1))
@click.pass_obj
def command(settings: Settings, /, arrivals: tuple[int, ...], **asked: Any) -> None:
    """Make a new case of the contacts that were read from these ARRIVALS."""
    Asked(settings, asked).do("split", arrivals=list(arrivals))
