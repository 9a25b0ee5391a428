"""`dtm-contact case …`: cases read, opened by hand, and changed by the verbs that agents have."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from getpass import getuser
from typing import Any, TypeVar

import click
from rich.console import Group, RenderableType
from rich.text import Text

from dtm_contact.cases import Command, ConfigurationProvider, Done, apply
from dtm_contact.cases.notification_trace import trace_notifications, wall_clock
from dtm_contact.cases.verbs.calling_back import CallBackOutcome
from dtm_contact.cases.verbs.working import DangerOver
from dtm_contact.cases.wire import send
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.grounds import IsoTime, ListingNames, listing_names
from dtm_contact.cli.output import as_json_option, plain, print_json, printable, say_number_now, table, terminal_output
from dtm_contact.explain.terminal import render_judgement
from dtm_contact.labels.cases import STATES
from dtm_contact.labels.coded_text import NOT_READ, text_of
from dtm_contact.labels.events import EventNaming, event_line, tag_label
from dtm_contact.model import Priority
from dtm_contact.settings import Settings
from dtm_contact.store import CaseFile, Event, case_number, open_store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_SECONDS_TO_JUDGE = 5.0
_POLL_SECONDS = 0.1
_PRIORITIES = click.Choice([priority.value for priority in Priority])


@click.group(cls=CommandGroup)
def case() -> None:
    """Read cases, and work on them."""


# How a case is changed: who acts, which version they saw, who carries it out, what is printed of it.


def actor_option(command: Decorated) -> Decorated:
    """Add `--as`, who acts."""
    return click.option("--as", "who", default=getuser, help="Who does it; without it, the login name.")(command)


def change_options(command: Decorated) -> Decorated:
    """Add NUMBER, `--as`, `--version` and `--json` to a command."""
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON."),
        click.option("--version", "version", type=int, help="Refuse if the case is no longer at this version."),
        actor_option,
        click.argument("number"),
    ):
        command = decorate(command)
    return command


def perform(settings: Settings, command: Command) -> Done:
    """Have a command carried out: by the daemon where it takes commands, else here."""
    if settings.desk.socket is not None and settings.desk.socket.is_socket():
        return send(settings.desk.socket, command)
    with open_store(settings.store.url) as store:
        return apply(store, command, datetime.now(settings.zone), ConfigurationProvider(store, settings))


def _change(settings: Settings, verb: str, options: Mapping[str, Any], **arguments: Any) -> None:
    """Carry out a verb and print what happened.

    Args:
        settings: where the daemon or the store is.
        verb: its name.
        options: the values of `change_options`.
        arguments: the verb's own; one that is None is left to the verb.
    """
    given = {name: _as_argument(value) for name, value in arguments.items() if value is not None}
    command = Command(verb, options["who"], options["number"], given, options["version"])
    done = perform(settings, command)
    say_number_now(command.number, done.number)
    _print_done(done, settings, as_json=options["as_json"])


def _as_argument(value: Any) -> Any:
    """Return a parameter's value as commands carry it, which travel as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _print_done(done: Done, settings: Settings, *, as_json: bool) -> None:
    """Print what came of a command, for agents or for programs."""
    if as_json:
        events = [{"id": event.id, "who": event.who, "what": event.what, "data": event.data} for event in done.events]
        told = {"number": done.number, "version": done.version, "opened": done.opened, "events": events}
        print_json(told | ({"hints": list(done.hints)} if done.hints else {}))
        return
    naming = EventNaming(time=lambda at: _local(at, settings))
    for event in done.events:
        click.echo(printable(f"{done.number} : {event_line(event.what, event.data, naming)}"))
    if done.opened is not None:
        click.echo(f"{done.opened} : nouveau dossier")
    for hint in done.hints:
        click.echo(printable(f"à relire : {hint}"), err=True)


def _local(at: datetime, settings: Settings) -> str:
    """Return a time on the offices' wall clock, as agents write it."""
    return at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M")


# The verbs whose arguments are the command's own parameters: a line for each.


def _argument(name: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    return click.argument(name, **attributes)


def _reason(help_text: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    return click.option("--reason", help=help_text, **attributes)


def _danger_over() -> Callable[[Decorated], Decorated]:
    choices = click.Choice([reason.value for reason in DangerOver])
    return click.option(
        "--danger-over", type=choices, help="Of a P1 or a possible danger: why nobody is in danger any more."
    )


def _verb(name: str, help_text: str, *parameters: Callable[[Any], Any]) -> None:
    """Add the command of a verb.

    Args:
        name: the verb's.
        help_text: what it does.
        parameters: the command's, named as the arguments of the verb, in the order of its help.
    """

    def change(settings: Settings, /, **given: Any) -> None:
        options = {option: given.pop(option) for option in ("who", "number", "version", "as_json")}
        _change(settings, name, options, **given)

    decorated: Callable[..., Any] = click.pass_obj(change)
    for parameter in reversed(parameters):
        decorated = parameter(decorated)
    case.command(name.replace("_", "-"), help=help_text)(change_options(decorated))


_verb(
    "take",
    "Take a case: you work on it.",
    click.option("--from-colleague", is_flag=True, help="Also where a colleague has taken it."),
)
_verb("release", "Give a case that you took back to its queue.")
_verb(
    "move",
    "Hand a case over to another queue; the due time stays.",
    _argument("queue"),
    _reason("Why, for those who get it.", required=True),
)
_verb(
    "wait",
    "Set a case waiting: it is out of its queue's order until then, and comes back by itself.",
    click.option("--until", type=IsoTime(), required=True, help="When it comes back."),
    _reason("What it waits for."),
)
_verb("resume", "Put a waiting case back into its queue's order at once.")
_verb("reopen", "Open a closed case again.", _reason("Why."))
_verb("note", "Leave a note for colleagues.", _argument("text"))
_verb(
    "tag",
    "Put labels to a case, or take them away.",
    click.option("--add", multiple=True, help="A label to put; may be repeated."),
    click.option("--remove", multiple=True, help="A label to take away; may be repeated."),
)
_verb("topic", "Say what a case is about.", _argument("topic"))
_verb(
    "priority",
    "Change a case's priority, and its due time with it.",
    _argument("priority", type=_PRIORITIES),
    _reason("Why; needed for a P1 to become less urgent."),
)
_verb(
    "danger",
    "Say that somebody is in danger: the case becomes a P1, and those on call are told at once.",
    _reason("What makes you sure of it."),
)
_verb(
    "no_danger",
    "Say that nobody is in danger: the alarm is lowered, the case stays open as a P2.",
    _reason("Why; needed of a P1."),
)
_verb(
    "confirm",
    "Keep that VALUE (an address or number) is the tenant's whom the case names; `undo` takes it back.",
    _argument("value"),
)
_verb(
    "unconfirm",
    "Forget what this case had confirmed, or that VALUE (an address or number) is its tenant's.",
    _argument("value", required=False),
)
_verb("link", "Link a case to the case OTHER that it has to do with.", _argument("other"))
_verb(
    "merge",
    "Merge a case into the case INTO: its contacts go there, and it is closed.",
    _argument("into"),
    _reason("Why."),
)
_verb(
    "split",
    "Make a new case of the contacts that were read from these ARRIVALS.",
    _argument("arrivals", nargs=-1, required=True, type=click.IntRange(min=1)),
)
_verb(
    "undo",
    "Take your own last change of a case back; then the one before it.",
    _reason("Why; needed where it makes a P1 less urgent."),
    _danger_over(),
)
_verb(
    "done",
    "Close a case.",
    _reason("What was done."),
    _danger_over(),
    click.option("--spoke", is_flag=True, help="The caller was called back and reached."),
)
_verb(
    "call_back",
    "Say what came of calling somebody back: a case that is settled is closed, one that nobody answered comes again.",
    _argument("outcome", type=click.Choice([outcome.value for outcome in CallBackOutcome])),
    click.option("--text", help="What was said, as a note for colleagues; needed where it is unsettled."),
    click.option("--again", type=IsoTime(), help="When it comes back."),
)


# The verbs whose parameters say more than one argument each.


@case.command()
@change_options
@click.option(
    "--to",
    metavar="ADDRESS",
    help="One of the case's; without it, the proven one that wrote last, else the tenant's in the directory.",
)
@click.option("--unproven-ok", is_flag=True, help="Send it though nothing proves whose that address is.")
@click.option("--subject", metavar="WORDS", help="Without it, that of the message answered, with the case's number.")
@click.option(
    "--without-files-ok", is_flag=True, help="Send it though its words promise a file: none is attached here."
)
@click.argument("text")
@click.pass_obj
def reply(
    settings: Settings,
    /,
    text: str,
    to: str | None,
    subject: str | None,
    *,
    unproven_ok: bool,
    without_files_ok: bool,
    **options: Any,
) -> None:
    """Answer the one who wrote, from our one address; TEXT is `-` to read the words from standard input."""
    words = sys.stdin.read() if text == "-" else text
    _change(
        settings,
        "reply",
        options,
        text=words,
        to=to,
        subject=subject,
        unproven_ok=unproven_ok or None,
        without_files_ok=without_files_ok or None,
    )


@case.command()
@change_options
@click.argument("tenant", required=False)
@click.option("--dwelling", help="The dwelling that it is about, where the tenant has several, or nobody is named.")
@click.option("--nobody", is_flag=True, help="It is about none of our tenants.")
@click.option("--confirm", is_flag=True, help="Also keep the contact's address or number as this tenant's.")
@click.pass_obj
def tenant(
    settings: Settings, /, tenant: str | None, dwelling: str | None, *, nobody: bool, confirm: bool, **options: Any
) -> None:
    """Say which TENANT a case is about."""
    if nobody is (tenant is not None or dwelling is not None):
        raise click.UsageError("name a tenant, or a --dwelling, or say --nobody")
    _change(settings, "tenant", options, tenant=tenant, dwelling=dwelling, confirm=confirm)


@case.command()
@click.argument("visit", type=click.Choice(["call", "counter", "letter"]))
@click.argument("text", required=False)
@actor_option
@click.option("--subject", help="What it is about, in a line.")
@click.option("--name", help="Who calls, comes or writes.")
@click.option("--address", help="The e-mail address that was given.")
@click.option("--phone", help="The number that was given.")
@click.option("--place", help="Where they said that they live: number, street and town, or a residence.")
@click.option("--tenant", help="The tenant, where they are known.")
@click.option("--dwelling", help="The dwelling that it is about.")
@click.option("--residence", help="The residence, where the dwelling is not known.")
@click.option("--topic", help="What is asked; without it, the words tell.")
@click.option("--priority", type=_PRIORITIES, help="Without it, the words tell.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def new(settings: Settings, /, text: str | None, who: str, *, as_json: bool, **given: Any) -> None:
    """Open a case by hand for a caller on the line, a visitor at the counter or a letter; TEXT, or standard input.

    It is judged by the same rules as what comes in; what is said here of whom and what goes before the words.
    """
    arguments = {name: value for name, value in given.items() if value is not None}
    done = perform(settings, Command("new", who, arguments={**arguments, "text": text or sys.stdin.read()}))
    number = _await_case(settings, done.arrival or "")
    if as_json:
        print_json({"number": number, "arrival": done.arrival})
    elif number is None:
        click.echo("enregistré ; le dossier sera ouvert dès que le service tournera")
    else:
        click.echo(f"{number} : dossier ouvert")


def _await_case(settings: Settings, external_id: str) -> str | None:
    """Return the case once the daemon has judged it; None where that takes too long: none runs."""
    until = datetime.now(settings.zone).timestamp() + _SECONDS_TO_JUDGE
    with open_store(settings.store.url, read_only=True) as store:
        while True:
            number = case_number(store.database, "desk", external_id)
            if number is not None or datetime.now(settings.zone).timestamp() > until:
                return number
            time.sleep(_POLL_SECONDS)


@case.command()
@click.argument("number")
@as_json_option
@click.pass_obj
def show(settings: Settings, number: str, *, as_json: bool) -> None:
    """Show a case: who, where, what, how urgent and why, and all that happened to it.

    NUMBER is the case's number, such as 2026-000042.
    """
    with open_store(settings.store.url, read_only=True) as store:
        file = store.cases.get(number)
        say_number_now(number, file.case.number)
        if as_json:
            print_json(_as_json(file))
        else:
            terminal_output().print(Group(*_case_lines(file, listing_names(settings, store))))


@case.command()
@click.argument("number")
@as_json_option
@click.pass_obj
def trace(settings: Settings, number: str, *, as_json: bool) -> None:
    """Say why those on call were, or were not, notified of a case: each link of the chain with its time and reason.

    NUMBER is the case's number. docs/troubleshooting.md says what to do about each answer.
    """
    with open_store(settings.store.url, read_only=True) as store:
        found = trace_notifications(
            store, number, ConfigurationProvider(store, settings)(), datetime.now(settings.zone)
        )
    say_number_now(number, found.case.number)
    if as_json:
        chain = [{"at": plain(step.at), "stage": step.stage.value, "what": step.what} for step in found.steps]
        print_json({"number": found.case.number, "answer": list(found.answer), "steps": chain})
        return
    for sentence in found.answer:
        click.echo(printable(sentence))
    rows = [(wall_clock(step.at, settings.zone), step.stage.value, step.what) for step in found.steps]
    terminal_output().print(table(("when", "link", "what"), rows))


def _as_json(file: CaseFile) -> dict[str, object]:
    return {
        **plain(file.case),
        "contacts": [
            {"arrival": contact.arrival_id, "at": plain(contact.at), "decision": contact.decision}
            for contact in file.contacts
        ],
        "events": [plain(event) for event in file.events],
    }


def _case_lines(file: CaseFile, names: ListingNames) -> Iterator[RenderableType]:
    case = file.case
    yield Text(f"{case.number}  {case.priority}  {STATES[case.state]}, dans {names.queue(case.queue)}", style="bold")
    if case.owner or case.tags:
        yield Text(
            ", ".join(filter(None, (f"pris par {case.owner}" if case.owner else "", *map(tag_label, case.tags))))
        )
    if case.waiting_until is not None:
        yield Text(f"en attente jusqu'au {names.time(case.waiting_until)}")
    if case.done_reason:
        yield Text(f"clos : {text_of(case.done_reason)}")
    if not case.read_in_full:
        yield Text(f"{NOT_READ} : {text_of(case.who)}, {text_of(case.subject)}", style="bold red")
    for contact in file.contacts:
        if contact.judgement is not None:
            yield render_judgement(contact.judgement, names.names, names.rules)
    yield Text("\nCe qui s'est passé", style="bold underline")
    yield table(("quand", "qui", ""), [_event_row(event, names) for event in file.events])


def _event_row(event: Event, names: ListingNames) -> tuple[str, ...]:
    return names.time(event.at), event.who, event_line(event.what, event.data, EventNaming(time=names.time), event.who)
