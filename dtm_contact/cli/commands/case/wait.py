"""`dtm-contact case wait`."""

from datetime import datetime
from typing import Any

import click

from dtm_contact.cli.grounds import IsoTime
from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--until", type=IsoTime(), required=True, help="When it comes back.")
@click.option("--reason", help="What it waits for.")
@click.pass_obj
def command(settings: Settings, /, until: datetime, reason: str | None, **asked: Any) -> None:
    """Set a case waiting: it is out of its queue's order until then, and comes back by itself."""
    Asked(settings, asked).do("wait", until=until.isoformat(), reason=reason)
