"""`dtm-contact tenant show`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from dtm_contact.cases.registered import registered
from dtm_contact.cases.timeline import Home, days, home_of
from dtm_contact.cli.grounds import Called, called
from dtm_contact.cli.output import as_json_option, console, plain, print_json, table
from dtm_contact.model import OnDuty
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.store.household import HouseholdHistory, household


@click.command()
@click.argument("tenant")
@as_json_option
@click.pass_obj
def command(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """Show a household's time line: its people, and every message, call, visit and case, day by day.

    TENANT is a tenant's id, a dwelling's id, or a phone number.
    """
    with open_store(settings.store.url, read_only=True) as store:
        names = called(settings, store)
        home = home_of(tenant, names.names.directory, datetime.now(settings.zone).date())
        found = household(store.database, home.parties)
        today = datetime.now(settings.zone).date()
        first = registered(home.people, store.desk.register(home.people), today).first(names.person)
    if as_json:
        print_json(_as_json(home, found))
    else:
        console().print(Group(*(Text(line, style="bold red") for line in first), *_told(home, found, names)))


def _as_json(home: Home, found: HouseholdHistory) -> dict[str, Any]:
    return {
        "dwelling": home.dwelling_id,
        "people": list(home.people),
        "caretakers": [plain(duty) for duty in home.caretakers],
        "cases": [plain(case) for case in found.cases],
        "contacts": [plain(contact) for contact in found.contacts],
        "events": [{"case": number, **plain(event)} for number, event in found.events],
    }


def _told(home: Home, found: HouseholdHistory, names: Called) -> Iterator[RenderableType]:
    if home.dwelling_id is not None:
        yield Text(names.names.dwelling(home.dwelling_id), style="bold")
    elif not home.people:
        yield Text("ce numéro n'est à personne dans l'annuaire")
    for person in home.people:
        yield Text(names.person(person))
    if home.caretakers:
        yield Text(f"gardien : {', '.join(_on_duty(duty, names) for duty in home.caretakers)}")
    open_ = [case.number for case in found.cases if case.state == "open"]
    yield Text(f"dossiers ouverts : {', '.join(open_) or 'aucun'}")
    for day, moments in days(found, names.names.zone):
        yield Text(f"\n{day:%d/%m/%Y}", style="bold underline")
        rows = [
            (f"{moment.at.astimezone(names.names.zone):%H:%M}", moment.case_number or "", moment.who, moment.what)
            for moment in moments
        ]
        yield table(("", "", "", ""), rows)


def _on_duty(duty: OnDuty, names: Called) -> str:
    there = names.names.caretaker(duty.id) if duty.id else "personne"
    return f"{there}, pour {names.names.caretaker(duty.replaces)}" if duty.replaces else there
