"""`dtm-contact case confirm`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("value")
@click.pass_obj
def command(settings: Settings, /, value: str, **asked: Any) -> None:
    """Keep that VALUE (an address or number) is the tenant's whom the case names; `undo` takes it back."""
    Asked(settings, asked).do("confirm", value=value)
