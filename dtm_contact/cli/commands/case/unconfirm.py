"""`dtm-contact case unconfirm`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("value", required=False)
@click.pass_obj
def command(settings: Settings, /, value: str | None, **asked: Any) -> None:
    """Forget what this case had confirmed, or that VALUE (an address or number) is its tenant's."""
    Asked(settings, asked).do("unconfirm", value=value)
