"""`dtm-contact case tag`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--add", multiple=True, help="A label to put; may be repeated.")
@click.option("--remove", multiple=True, help="A label to take away; may be repeated.")
@click.pass_obj
def command(settings: Settings, /, add: tuple[str, ...], remove: tuple[str, ...], **asked: Any) -> None:
    """Put labels to a case, or take them away."""
    Asked(settings, asked).do("tag", add=list(add), remove=list(remove))
