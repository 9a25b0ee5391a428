"""What the commands that change cases have in common: who acts, which version was seen, how it is done and told."""

from collections.abc import Callable
from datetime import datetime
from getpass import getuser
from typing import Any, TypeVar

import click

from dtm_contact.cases import Command, Done, InForce, apply
from dtm_contact.cases.client import send
from dtm_contact.cases.verbs.closing import DangerOver
from dtm_contact.cases.words import said
from dtm_contact.cli.output import print_json, printable
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def work_options(command: Decorated) -> Decorated:
    """Add NUMBER, `--as`, `--version` and `--json` to a command."""
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON."),
        click.option("--version", "version", type=int, help="Refuse if the case is no longer at this version."),
        acting_as,
        click.argument("number"),
    ):
        command = decorate(command)
    return command


def acting_as(command: Decorated) -> Decorated:
    """Add `--as`, who acts."""
    return click.option("--as", "who", default=getuser, help="Who does it; without it, the login name.")(command)


def danger_over_option(command: Decorated) -> Decorated:
    """Add `--danger-over`, why the danger of a P1 is over."""
    choices = click.Choice([each.value for each in DangerOver])
    return click.option("--danger-over", type=choices, help="Of a P1: why nobody is in danger any more.")(command)


class Asked:
    """What `work_options` were given, with the verb to come."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        """Take the values of `work_options`, by their names."""
        self._settings = settings
        self._options = options

    def do(self, verb: str, **arguments: Any) -> None:
        """Carry the verb out and print what happened; arguments that are None are left to the verb."""
        given = {name: value for name, value in arguments.items() if value is not None}
        command = Command(verb, self._options["who"], self._options["number"], given, self._options["version"])
        print_done(perform(self._settings, command), self._settings, as_json=self._options["as_json"])


def perform(settings: Settings, command: Command) -> Done:
    """Have a command carried out: by the daemon where it takes commands, else here."""
    if settings.desk.socket is not None and settings.desk.socket.is_socket():
        return send(settings.desk.socket, command)
    with open_store(settings.store.url) as store:
        return apply(store, command, datetime.now(settings.zone), InForce(store, settings))


def print_done(done: Done, settings: Settings, *, as_json: bool) -> None:
    """Print what came of a command, for agents or for programs."""
    if as_json:
        events = [{"id": event.id, "who": event.who, "what": event.what, "data": event.data} for event in done.events]
        print_json({"number": done.number, "version": done.version, "opened": done.opened, "events": events})
        return
    for event in done.events:
        click.echo(printable(f"{done.number} : {said(event, lambda at: local(at, settings))}"))
    if done.opened is not None:
        click.echo(f"{done.opened} : nouveau dossier")


def local(at: datetime, settings: Settings) -> str:
    """Return a time on the offices' wall clock, as agents write it."""
    return at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M")
