"""`dtm-contact explain`: why a message goes where it goes."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.cli.grounds import IsoTime, grounds_options, load_grounds, names_of
from dtm_contact.cli.output import console
from dtm_contact.explain.told import tell
from dtm_contact.model import NoHistory
from dtm_contact.pipeline import judge
from dtm_contact.rehearsal import messages_at_rest
from dtm_contact.settings import Settings


@click.command()
@click.argument("file")
@grounds_options
@click.option("--at", type=IsoTime(), help="Judge as of this time, not of the message's own.")
@click.pass_obj
def command(settings: Settings, file: str, directory: Path | None, rules: Path | None, at: datetime | None) -> None:
    """Tell why a message goes where it goes.

    The text with the words that counted, the evidence for who it is with its weights, the words that made the topic,
    and each rule with what it saw. FILE is as for `route`.
    """
    grounds = load_grounds(settings, directory, rules)
    names = names_of(grounds)
    out = console()
    for arrival in messages_at_rest([file], datetime.now(UTC)):
        out.print(tell(judge(arrival, at or arrival.received_at, grounds, NoHistory(), trace=True), names))
