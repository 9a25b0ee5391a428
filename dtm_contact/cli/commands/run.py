"""`dtm-contact run`: the daemon."""

import asyncio

import click

from dtm_contact.daemon import run
from dtm_contact.settings import Settings


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Run the daemon: take in mail, judge it, fill the queues; stop cleanly on SIGINT or SIGTERM."""
    try:
        asyncio.run(run(settings))
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {settings.smtp.host}:{settings.smtp.port}: {error.strerror}"
            " (is another daemon running? DTM_SMTP_PORT chooses another port)"
        ) from error
