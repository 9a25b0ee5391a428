"""`dtm-contact case take`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--from-colleague", is_flag=True, help="Also where a colleague has taken it.")
@click.pass_obj
def command(settings: Settings, /, *, from_colleague: bool, **asked: Any) -> None:
    """Take a case: you work on it."""
    Asked(settings, asked).do("take", from_colleague=from_colleague)
