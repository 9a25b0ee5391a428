"""`dtm-contact tenant …`: what a household and we had to do with each other, and the register of what it wishes."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from dtm_contact.cases import Command
from dtm_contact.cases.registered import entry_text, registered
from dtm_contact.cases.timeline import TimelineHome, days, home_of
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.case import actor_option, perform
from dtm_contact.cli.grounds import ListingNames, listing_names
from dtm_contact.cli.output import as_json_option, plain, print_json, printable, table, terminal_output
from dtm_contact.labels.cases import ENTRY_KINDS, PROTECTIONS
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import EntryKind, OnDuty, Protection
from dtm_contact.settings import Settings
from dtm_contact.store import RegisterEntry, open_store
from dtm_contact.store.household import HouseholdHistory, household


@click.group(cls=CommandGroup)
def tenant() -> None:
    """Read what a household and we had to do with each other, and keep what it wishes."""


@tenant.command()
@click.argument("tenant")
@as_json_option
@click.pass_obj
def show(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """Show a household's time line: its people, and every message, call, visit and case, day by day.

    TENANT is a tenant's id, a dwelling's id, or a phone number.
    """
    with open_store(settings.store.url, read_only=True) as store:
        names = listing_names(settings, store)
        home = home_of(tenant, names.names.directory, datetime.now(settings.zone).date())
        history = household(store.database, home.parties)
        today = datetime.now(settings.zone).date()
        first = registered(home.people, store.desk.register(home.people), today).first(names.person)
    if as_json:
        print_json(_as_json(home, history))
    else:
        terminal_output().print(
            Group(*(Text(line, style="bold red") for line in first), *_timeline(home, history, names))
        )


def _as_json(home: TimelineHome, history: HouseholdHistory) -> dict[str, Any]:
    return {
        "dwelling": home.dwelling_id,
        "people": list(home.people),
        "caretakers": [plain(duty) for duty in home.caretakers],
        "cases": [plain(case) for case in history.cases],
        "contacts": [plain(contact) for contact in history.contacts],
        "events": [{"case": number, **plain(event)} for number, event in history.events],
    }


def _timeline(home: TimelineHome, history: HouseholdHistory, names: ListingNames) -> Iterator[RenderableType]:
    if home.dwelling_id is not None:
        yield Text(names.names.dwelling(home.dwelling_id), style="bold")
    elif not home.people:
        yield Text("ce numéro n'est à personne dans l'annuaire")
    for person in home.people:
        yield Text(names.person(person))
    if home.caretakers:
        yield Text(f"gardien : {', '.join(_on_duty(duty, names) for duty in home.caretakers)}")
    open_ = [case.number for case in history.cases if case.state == "open"]
    yield Text(f"dossiers ouverts : {', '.join(open_) or 'aucun'}")
    for day, moments in days(history, names.names.zone):
        yield Text(f"\n{day:%d/%m/%Y}", style="bold underline")
        rows = [
            (f"{moment.at.astimezone(names.names.zone):%H:%M}", moment.case_number or "", moment.who, moment.what)
            for moment in moments
        ]
        yield table(("", "", "", ""), rows)


def _on_duty(duty: OnDuty, names: ListingNames) -> str:
    there = names.names.caretaker(duty.id) if duty.id else "personne"
    return f"{there}, pour {names.names.caretaker(duty.replaces)}" if duty.replaces else there


@tenant.group(cls=CommandGroup)
def register() -> None:
    """Read and keep the register: how a household wishes to be treated, and what protects it."""


@register.command("list")
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
        names = listing_names(settings, store)
        people = home_of(tenant, names.names.directory, today).people
        register_of_home = registered(people, store.desk.register(people), today)
    shown = (*register_of_home.in_force, *(register_of_home.over if with_over else ()))
    if as_json:
        print_json([plain(entry) for entry in shown])
        return
    rows = [
        (str(entry.id), ENTRY_KINDS[entry.kind], names.person(entry.tenant_id), *_entry_columns(entry, today))
        for entry in shown
    ]
    terminal_output().print(table(("n°", "", "", "", "", ""), rows) if rows else "rien au registre")


@register.command("add")
@click.argument("tenant")
@click.argument("kind", type=click.Choice([kind.value for kind in EntryKind]))
@click.argument("value")
@click.option("--words", help="The hours, or who agreed.")
@click.option("--reference", help="Of a protection: the number of the order, and nothing else.")
@click.option("--since", help="Its first day (2026-11-30); today without it.")
@click.option("--until", help="Its last day, where it is known beforehand.")
@click.option("--household", is_flag=True, default=None, help="It holds for all who live with them.")
@click.option("--case", "number", default="", help="The case from which it is entered.")
@actor_option
@click.pass_obj
def add(settings: Settings, /, number: str, who: str, **asked: Any) -> None:
    """Enter something for a tenant; what it replaces ends, and stays in the history.

    VALUE is a language (pt), a way (phone, mail, post, no_phone, no_post), an agreement (given, refused), the address
    or number that is never to be used, or a protection (order, confidential).
    """
    _change_register(settings, "register", number, who, asked)


@register.command("end")
@click.argument("entry", type=int)
@click.option("--reason", help="Why.")
@click.option("--case", "number", default="", help="The case from which it is ended.")
@actor_option
@click.pass_obj
def end(settings: Settings, /, number: str, who: str, **asked: Any) -> None:
    """End an entry, by its number; it stays in the history."""
    _change_register(settings, "register_end", number, who, asked)


@register.command("undo")
@click.argument("entry", type=int)
@actor_option
@click.pass_obj
def undo(settings: Settings, /, who: str, **asked: Any) -> None:
    """Take back what one has just done to an entry: that it was entered, or ended."""
    _change_register(settings, "register_undo", "", who, asked)


def _change_register(settings: Settings, verb: str, number: str, who: str, asked: dict[str, Any]) -> None:
    given = {name: value for name, value in asked.items() if value is not None}
    perform(settings, Command(verb, who, number, given))
    click.echo({"register": "inscrit", "register_end": "terminé"}.get(verb, "repris"))


def _entry_columns(entry: RegisterEntry, today: date) -> tuple[str, str, str]:
    """Return what an entry says, what stands beside it, and its days and people."""
    protects = entry.kind is EntryKind.PROTECTION
    said = PROTECTIONS[Protection(entry.value)] if protects else text_of(entry_text(entry.kind, entry.value))
    return (
        said,
        printable(", ".join(filter(None, (entry.words, entry.reference)))),
        ", ".join(_entry_days(entry, today)),
    )


def _entry_days(entry: RegisterEntry, today: date) -> Iterator[str]:
    yield f"depuis le {entry.since:%d/%m/%Y}, par {entry.entered_by}"
    if entry.until is not None:
        yield f"{'échu le' if entry.until < today else 'jusqu’au'} {entry.until:%d/%m/%Y}"
    if entry.ended_at is not None:
        yield f"terminé le {entry.ended_at:%d/%m/%Y} par {entry.ended_by}"
