"""`dtm-contact case link`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("other")
@click.pass_obj
def command(settings: Settings, /, other: str, **asked: Any) -> None:
    """Link a case to the case OTHER that it has to do with."""
    Asked(settings, asked).do("link", other=other)
