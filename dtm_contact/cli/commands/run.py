"""`dtm-contact run`: the daemon."""

import asyncio
import os

import click

from dtm_contact.daemon import run
from dtm_contact.log import get_log
from dtm_contact.settings import Settings, unknown


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Run the daemon: take in mail, judge it, fill the queues; stop cleanly on SIGINT or SIGTERM."""
    for told in unknown(os.environ):
        get_log("settings").warning(told)
    asyncio.run(run(settings))
