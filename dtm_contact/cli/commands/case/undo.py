"""`dtm-contact case undo`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.pass_obj
def command(settings: Settings, /, **asked: Any) -> None:
    """Take your own last change of a case back; then the one before it."""
    Asked(settings, asked).do("undo")
