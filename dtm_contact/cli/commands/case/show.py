"""`dtm-contact case show`."""

from collections.abc import Iterator

import click
from rich.console import Group, RenderableType
from rich.text import Text

from dtm_contact.cases.words import said
from dtm_contact.cli.grounds import Called, called
from dtm_contact.cli.output import as_json_option, console, plain, print_json, table
from dtm_contact.explain import NOT_READ
from dtm_contact.explain.told import tell
from dtm_contact.explain.words import STATES
from dtm_contact.settings import Settings
from dtm_contact.store import CaseFile, Event, open_store


@click.command()
@click.argument("number")
@as_json_option
@click.pass_obj
def command(settings: Settings, number: str, *, as_json: bool) -> None:
    """Show a case: who, where, what, how urgent and why, and all that happened to it.

    NUMBER is the case's number, such as 2026-000042.
    """
    with open_store(settings.store.url, read_only=True) as store:
        file = store.cases.get(number)
        if as_json:
            print_json(_as_json(file))
        else:
            console().print(Group(*_told(file, called(settings, store))))


def _as_json(file: CaseFile) -> dict[str, object]:
    return {
        **plain(file.case),
        "contacts": [
            {"arrival": contact.arrival_id, "at": plain(contact.at), "decision": contact.decision}
            for contact in file.contacts
        ],
        "events": [plain(event) for event in file.events],
    }


def _told(file: CaseFile, names: Called) -> Iterator[RenderableType]:
    case = file.case
    yield Text(f"{case.number}  {case.priority}  {STATES[case.state]}, dans {names.queue(case.queue)}", style="bold")
    if case.owner or case.tags:
        yield Text(", ".join(filter(None, (f"pris par {case.owner}" if case.owner else "", *case.tags))))
    if case.waiting_until is not None:
        yield Text(f"en attente jusqu'au {names.time(case.waiting_until)}")
    if case.done_reason:
        yield Text(f"clos : {case.done_reason}")
    if not case.read_in_full:
        yield Text(f"{NOT_READ} : {case.who}, {case.subject}", style="bold red")
    for contact in file.contacts:
        if contact.judgement is not None:
            yield tell(contact.judgement, names.names)
    yield Text("\nCe qui s'est passé", style="bold underline")
    yield table(("quand", "qui", ""), [_event_row(event, names) for event in file.events])


def _event_row(event: Event, names: Called) -> tuple[str, ...]:
    return names.time(event.at), event.who, said(event, names.time)
