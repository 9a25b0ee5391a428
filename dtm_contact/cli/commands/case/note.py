"""`dtm-contact case note`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("text")
@click.pass_obj
def command(settings: Settings, /, text: str, **asked: Any) -> None:
    """Leave a note for colleagues."""
    Asked(settings, asked).do("note", text=text)
