"""`dtm-contact queue …`: what lies in the offices' queues."""

from collections.abc import Iterable
from datetime import UTC, datetime

import click
from rich.table import Table
from rich.text import Text

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.grounds import ListingNames, listing_names
from dtm_contact.cli.output import as_json_option, plain, print_json, priority, table, terminal_output
from dtm_contact.labels.coded_text import text_of, texts_of
from dtm_contact.labels.judging import UNVERIFIED_CALLER
from dtm_contact.model import AlarmLevel
from dtm_contact.settings import Settings
from dtm_contact.store import Case, QueueCount, Store, open_store


@click.group(cls=CommandGroup)
def queue() -> None:
    """Read the offices' queues."""


@queue.command("list")
@as_json_option
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the queues that have open cases: how many, how many past due, how many P1 or possible dangers."""
    with open_store(settings.store.url, read_only=True) as store:
        counts = store.cases.queue_counts(datetime.now(UTC))
        if not as_json:
            terminal_output().print(queues_table(counts, listing_names(settings, store)))
    for count in counts if as_json else ():
        counted = {"queue": count.queue, "open": count.open, "late": count.late, "P1": count.danger}
        print_json({**counted, "possible": count.possible, "waiting": count.waiting})


@queue.command()
@click.argument("queue")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="How many cases at the most.")
@as_json_option
@click.pass_obj
def show(settings: Settings, queue: str, limit: int, *, as_json: bool) -> int:
    """Show the open cases of QUEUE in the order in which they must be worked: alarm, priority, due, age, number.

    What is set waiting is left out until its time; with --json it is there, with `waiting_until`.
    """
    with open_store(settings.store.url, read_only=True) as store:
        # Programs get what waits as well: it says itself until when.
        cases = store.cases.queue(queue, now=None if as_json else datetime.now(UTC), limit=limit)
        if as_json:
            for case in cases:
                print_json(plain(case))
            return 0
        names = listing_names(settings, store)
        if not cases and queue not in names.queues:
            raise click.ClickException(f"there is no queue {queue!r}; there are {', '.join(sorted(names.queues))}")
        terminal_output().print(cases_table(cases, names, title=names.queue(queue)))
    return 0


def queues_table(counts: Iterable[QueueCount], names: ListingNames) -> Table:
    """Return the queues with how much lies in each."""
    rows = [
        (
            count.queue,
            names.queue(count.queue),
            Text(str(count.open), justify="right"),
            Text(str(count.late) if count.late else "–", style="red" if count.late else "dim", justify="right"),
            Text(str(count.danger) if count.danger else "–", style="bold red" if count.danger else "dim"),
            Text(str(count.possible) if count.possible else "–", style="red" if count.possible else "dim"),
        )
        for count in counts
    ]
    return table(("file", "", "ouverts", "en retard", "P1", "danger possible"), rows)


def cases_table(cases: Iterable[Case], names: ListingNames, title: str | None = None) -> Table:
    """Return cases with who, where, what, how urgent and why."""
    return table(
        ("dossier", "", "échéance", "qui", "où", "quoi", "pourquoi"),
        [case_row(case, names) for case in cases],
        title=title,
    )


def case_row(case: Case, names: ListingNames) -> list[str | Text]:
    """Return one case as a line of `cases_table`."""
    return [
        case.number,
        Text("P2 danger possible", style="bold red")
        if case.alarm_level is AlarmLevel.POSSIBLE
        else priority(case.priority.value),
        names.time(case.due),
        _who(case, names),
        names.place(case.residence_id, case.dwelling_id) or "?",
        f"{names.topic(case.topic) if case.topic else ''}: {text_of(case.subject) or '(sans objet)'}".removeprefix(
            ": "
        ),
        texts_of(case.why),
    ]


def _who(case: Case, names: ListingNames) -> str:
    """Return who it is; of a call the number, and who it may be: anybody can send any number."""
    who = text_of(case.who)
    if not case.channel.is_spoken:
        return names.person(case.tenant_id) if case.tenant_id else f"? {who}"
    return f"{who}: {names.person(case.tenant_id)} ? ({UNVERIFIED_CALLER})" if case.tenant_id else f"? {who}"


def waiting_line(store: Store) -> str:
    """Return how much is still to be judged, in a line."""
    return f"{store.arrivals.waiting()} still to be judged"
