"""`dtm-contact case new`."""

import sys
import time
from datetime import datetime
from typing import Any

import click

from dtm_contact.cases import Command
from dtm_contact.cli.output import print_json
from dtm_contact.cli.work import acting_as, perform
from dtm_contact.model import Priority
from dtm_contact.settings import Settings
from dtm_contact.store import case_number, open_store

_SECONDS_TO_JUDGE = 5.0
_LOOK_SECONDS = 0.1


@click.command()
@click.argument("visit", type=click.Choice(["call", "counter", "letter"]))
@click.argument("text", required=False)
@acting_as
@click.option("--subject", help="What it is about, in a line.")
@click.option("--name", help="Who calls, comes or writes.")
@click.option("--address", help="The e-mail address that was given.")
@click.option("--phone", help="The number that was given.")
@click.option("--place", help="Where he said that he lives: number, street and town, or a residence.")
@click.option("--tenant", help="The tenant, where he is known.")
@click.option("--dwelling", help="The dwelling that it is about.")
@click.option("--residence", help="The residence, where the dwelling is not known.")
@click.option("--topic", help="What is asked; without it, the words tell.")
@click.option("--priority", type=click.Choice([each.value for each in Priority]), help="Without it, the words tell.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, /, text: str | None, who: str, *, as_json: bool, **told: Any) -> None:
    """Open a case by hand for a caller on the line, a visitor at the counter or a letter; TEXT, or standard input.

    It is judged by the same rules as what comes in; what is said here of whom and what goes before the words.
    """
    given = {name: value for name, value in told.items() if value is not None}
    done = perform(settings, Command("new", who, arguments={**given, "text": text or sys.stdin.read()}))
    number = _wait_for(settings, done.arrival or "")
    if as_json:
        print_json({"number": number, "arrival": done.arrival})
    elif number is None:
        click.echo("enregistré ; le dossier sera ouvert dès que le service tournera")
    else:
        click.echo(f"{number} : dossier ouvert")


def _wait_for(settings: Settings, external_id: str) -> str | None:
    """Return the case once the daemon has judged it; None where that takes too long: none runs."""
    until = datetime.now(settings.zone).timestamp() + _SECONDS_TO_JUDGE
    with open_store(settings.store.url, read_only=True) as store:
        while True:
            number = case_number(store.database, "desk", external_id)
            if number is not None or datetime.now(settings.zone).timestamp() > until:
                return number
            time.sleep(_LOOK_SECONDS)
