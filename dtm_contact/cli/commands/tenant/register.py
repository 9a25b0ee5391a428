"""`dtm-contact tenant register …`: what households wish, and what protects them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import click

from dtm_contact.cases import Command
from dtm_contact.cases.registered import KINDS, PROTECTIONS, entry_words, registered
from dtm_contact.cases.timeline import home_of
from dtm_contact.cli import Group
from dtm_contact.cli.grounds import called
from dtm_contact.cli.output import as_json_option, console, plain, print_json, printable, table
from dtm_contact.cli.work import acting_as, perform
from dtm_contact.model import EntryKind, Protection
from dtm_contact.settings import Settings
from dtm_contact.store import RegisterEntry, open_store


@click.group(cls=Group)
def command() -> None:
    """Read and keep the register: how a household wishes to be treated, and what protects it."""


@command.command("list")
@click.argument("tenant")
@click.option("--all", "with_over", is_flag=True, help="Show what is over, too.")
@as_json_option
@click.pass_obj
def list_(settings: Settings, tenant: str, *, with_over: bool, as_json: bool) -> None:
    """Show the entries of a household, those first that matter first.

    TENANT is a tenant's id, a dwelling's id, or a phone number.
    """
    today = datetime.now(settings.zone).date()
    with open_store(settings.store.url, read_only=True) as store:
        names = called(settings, store)
        people = home_of(tenant, names.names.directory, today).people
        found = registered(people, store.desk.register(people), today)
    shown = (*found.in_force, *(found.over if with_over else ()))
    if as_json:
        print_json([plain(entry) for entry in shown])
        return
    rows = [(str(entry.id), KINDS[entry.kind], names.person(entry.tenant_id), *_told(entry, today)) for entry in shown]
    console().print(table(("n°", "", "", "", "", ""), rows) if rows else "rien au registre")


@command.command("add")
@click.argument("tenant")
@click.argument("kind", type=click.Choice([kind.value for kind in EntryKind]))
@click.argument("value")
@click.option("--words", help="The hours, or who agreed.")
@click.option("--reference", help="Of a protection: the number of the order, and nothing else.")
@click.option("--since", help="Its first day (2026-11-30); today without it.")
@click.option("--until", help="Its last day, where it is known beforehand.")
@click.option("--household", is_flag=True, default=None, help="It holds for all who live with them.")
@click.option("--case", "number", default="", help="The case from which it is entered.")
@acting_as
@click.pass_obj
def add(settings: Settings, /, number: str, who: str, **asked: Any) -> None:
    """Enter something for a tenant; what it replaces ends, and stays in the history.

    VALUE is a language (pt), a way (phone, mail, post, no_phone, no_post), an agreement (given, refused), the address
    or number that is never to be used, or a protection (order, confidential).
    """
    _do(settings, "register", number, who, asked)


@command.command("end")
@click.argument("entry", type=int)
@click.option("--reason", help="Why.")
@click.option("--case", "number", default="", help="The case from which it is ended.")
@acting_as
@click.pass_obj
def end(settings: Settings, /, number: str, who: str, **asked: Any) -> None:
    """End an entry, by its number; it stays in the history."""
    _do(settings, "register_end", number, who, asked)


@command.command("undo")
@click.argument("entry", type=int)
@acting_as
@click.pass_obj
def undo(settings: Settings, /, who: str, **asked: Any) -> None:
    """Take back what one has just done to an entry: that it was entered, or ended."""
    _do(settings, "register_undo", "", who, asked)


def _do(settings: Settings, verb: str, number: str, who: str, asked: dict[str, Any]) -> None:
    given = {name: value for name, value in asked.items() if value is not None}
    perform(settings, Command(verb, who, number, given))
    click.echo({"register": "inscrit", "register_end": "terminé"}.get(verb, "repris"))


def _told(entry: RegisterEntry, today: date) -> tuple[str, str, str]:
    """Return what an entry says, what stands beside it, and its days and people."""
    protects = entry.kind is EntryKind.PROTECTION
    said = PROTECTIONS[Protection(entry.value)] if protects else entry_words(entry.kind, entry.value)
    return said, printable(", ".join(filter(None, (entry.words, entry.reference)))), ", ".join(_days(entry, today))


def _days(entry: RegisterEntry, today: date) -> Iterator[str]:
    yield f"depuis le {entry.since:%d/%m/%Y}, par {entry.entered_by}"
    if entry.until is not None:
        yield f"{'échu le' if entry.until < today else 'jusqu’au'} {entry.until:%d/%m/%Y}"
    if entry.ended_at is not None:
        yield f"terminé le {entry.ended_at:%d/%m/%Y} par {entry.ended_by}"
