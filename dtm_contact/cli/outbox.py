"""`dtm-contact outbox …`: what waits for a person's word since a restore, because it may have been sent before."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from getpass import getuser

import click
from rich.table import Table

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import as_json_option, plain, print_json, table, terminal_output
from dtm_contact.model import Urgency
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.restores import HeldOutgoing


@click.group(cls=CommandGroup)
def outbox() -> None:
    """See to what is held since a restore: nobody knows whether it was sent after the backup."""


@outbox.command("list")
@as_json_option
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List what is held, the most urgent first."""
    with open_store(settings.store.url, read_only=True) as store:
        held = store.outbox.held()
    if as_json:
        for each in held:
            print_json({**plain(each), "urgency": each.urgency.name.lower()})
        return
    terminal_output().print(held_table(held, settings))


def held_table(held: Iterable[HeldOutgoing], settings: Settings) -> Table:
    """Return what is held as a table."""
    columns = ("outgoing", "urgency", "kind", "case", "to", "written", "why")
    rows = [
        (
            str(each.id),
            each.urgency.name.lower(),
            each.kind,
            each.case_number,
            each.to,
            each.created_at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M"),
            each.reason,
        )
        for each in held
    ]
    return table(columns, rows)


@outbox.command()
@click.argument("outgoing", type=click.IntRange(min=1), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is held.")
@click.option("--danger", is_flag=True, help="All that is held and tells of danger (P1).")
@click.pass_obj
def release(settings: Settings, outgoing: tuple[int, ...], *, everything: bool, danger: bool) -> None:
    """Send what is held: who has had it already has it twice."""
    with open_store(settings.store.url) as store:
        wanted = _wanted(store, outgoing, everything=everything, danger=danger)
        done = store.outbox.release(wanted, getuser(), datetime.now(UTC))
    _tell(outgoing, done, "will be sent")


@outbox.command()
@click.argument("outgoing", type=click.IntRange(min=1), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is held.")
@click.pass_obj
def drop(settings: Settings, outgoing: tuple[int, ...], *, everything: bool) -> None:
    """Never send what is held: it is known to have gone out, or matters no more."""
    with open_store(settings.store.url) as store:
        wanted = _wanted(store, outgoing, everything=everything, danger=False)
        done = store.outbox.give_up(wanted, getuser(), datetime.now(UTC))
    _tell(outgoing, done, "will not be sent")


def _wanted(store: Store, outgoing: Sequence[int], *, everything: bool, danger: bool) -> list[int]:
    if sum((bool(outgoing), everything, danger)) != 1:
        raise click.UsageError("name numbers of dtm-contact outbox list, or --all")
    if outgoing:
        return list(outgoing)
    return [each.id for each in store.outbox.held() if everything or each.urgency is Urgency.DANGER]


def _tell(asked: Sequence[int], done: Sequence[int], what: str) -> None:
    for number in done:
        click.echo(f"outgoing {number} {what}")
    if missing := sorted(set(asked) - set(done)):
        raise click.ClickException(f"not held: {', '.join(map(str, missing))} (dtm-contact outbox list)")
