"""`dtm-contact case resume`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.pass_obj
def command(settings: Settings, /, **asked: Any) -> None:
    """Put a waiting case back into its queue's order at once."""
    Asked(settings, asked).do("resume")
