"""`dtm-contact case reply`."""

import sys
from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--to", metavar="ADDRESS", help="One of those that wrote; without it, the one that wrote last.")
@click.option("--subject", metavar="WORDS", help="Without it, that of the message answered, with the case's number.")
@click.argument("text")
@click.pass_obj
def command(settings: Settings, /, text: str, to: str | None, subject: str | None, **asked: Any) -> None:
    """Answer the one who wrote, from our one address; TEXT is `-` to read the words from standard input."""
    words = sys.stdin.read() if text == "-" else text
    Asked(settings, asked).do("reply", text=words, to=to, subject=subject)
