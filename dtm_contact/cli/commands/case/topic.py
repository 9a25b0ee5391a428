"""`dtm-contact case topic`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("topic")
@click.pass_obj
def command(settings: Settings, /, topic: str, **asked: Any) -> None:
    """Say what a case is about."""
    Asked(settings, asked).do("topic", topic=topic)
