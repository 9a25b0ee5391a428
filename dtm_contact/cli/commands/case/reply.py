"""`dtm-contact case reply`."""

import sys
from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option(
    "--to",
    metavar="ADDRESS",
    help="One of the case's; without it, the proven one that wrote last, else the tenant's in the directory.",
)
@click.option("--unproven-ok", is_flag=True, help="Send it though nothing proves whose that address is.")
@click.option("--subject", metavar="WORDS", help="Without it, that of the message answered, with the case's number.")
@click.argument("text")
@click.pass_obj
def command(
    settings: Settings, /, text: str, to: str | None, subject: str | None, *, unproven_ok: bool, **asked: Any
) -> None:
    """Answer the one who wrote, from our one address; TEXT is `-` to read the words from standard input."""
    words = sys.stdin.read() if text == "-" else text
    Asked(settings, asked).do("reply", text=words, to=to, subject=subject, unproven_ok=unproven_ok or None)
