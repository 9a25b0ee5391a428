"""`dtm-contact case merge`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("into")
@click.option("--reason", help="Why.")
@click.pass_obj
def command(settings: Settings, /, into: str, reason: str | None, **asked: Any) -> None:
    """Merge a case into the case INTO: its contacts go there, and it is closed."""
    Asked(settings, asked).do("merge", into=into, reason=reason)
