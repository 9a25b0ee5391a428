"""`dtm-contact case move`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("queue")
@click.option("--reason", required=True, help="Why, for those who get it.")
@click.pass_obj
def command(settings: Settings, /, queue: str, reason: str, **asked: Any) -> None:
    """Hand a case over to another queue; the due time stays."""
    Asked(settings, asked).do("move", queue=queue, reason=reason)
