"""`dtm-contact run`: the daemon."""

import asyncio
import faulthandler
import os

import click

from dtm_contact import log
from dtm_contact.daemon import run
from dtm_contact.log import get_log
from dtm_contact.settings import Settings, unknown
from dtm_contact.settings.loading import CONFIG_VARIABLE


@click.command()
@click.pass_obj
def run_command(settings: Settings) -> None:
    """Run the daemon: take in mail, judge it, fill the queues; stop cleanly on SIGINT or SIGTERM, reload on SIGHUP."""
    log.configure(settings.log, to_file=True)
    # Where the program hung or crashed stands on standard error, by files and lines alone: systemd ends it by SIGABRT.
    faulthandler.enable()
    for sentence in unknown(name for name in os.environ if name != CONFIG_VARIABLE):
        get_log("settings").warning(sentence)
    asyncio.run(run(settings))
