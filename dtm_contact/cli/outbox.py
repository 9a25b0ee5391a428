"""`dtm-contact outbox …`: what waits to be sent, what failed, what was sent lately; what a restore has held back."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from getpass import getuser
from typing import Final

import click
from rich.table import Table

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import as_json_option, plain, print_json, say_number_now, table, terminal_output
from dtm_contact.model import Urgency
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.outbox import OutboxEntry, OutboxStatus
from dtm_contact.store.restores import HeldOutgoing, awaits_journal

_LATELY_HOURS: Final = 24
_MOST_LISTED: Final = 200


@click.group(cls=CommandGroup)
def outbox() -> None:
    """See what waits to be sent, what failed and what was sent; release or drop what a restore has held back."""


@outbox.command("list")
@click.option(
    "--status",
    type=click.Choice([each.value for each in OutboxStatus]),
    help="These alone: held since a restore, waiting, failed (refused, given up, come back), sent.",
)
@click.option("--case", "case_number", metavar="NUMBER", help="What was written for this case alone, however old.")
@click.option(
    "--hours",
    type=click.IntRange(min=1),
    default=_LATELY_HOURS,
    show_default=True,
    help="Of what is done with, what was within so many hours.",
)
@click.option("--limit", type=click.IntRange(min=1), default=_MOST_LISTED, show_default=True, help="At most so many.")
@as_json_option
@click.pass_obj
def list_(
    settings: Settings, status: str | None, case_number: str | None, hours: int, limit: int, *, as_json: bool
) -> None:
    """List what is to be sent, the most urgent first, then what failed or was sent lately, the newest first."""
    wanted = OutboxStatus(status) if status is not None else None
    since = None if case_number is not None else datetime.now(UTC) - timedelta(hours=hours)
    with open_store(settings.store.url, read_only=True) as store:
        if (asked := case_number) is not None:
            case_number = store.cases.number_now(asked)
            say_number_now(asked, case_number)
        found = store.outbox.entries(status=wanted, case_number=case_number, since=since, limit=limit)
    if as_json:
        for each in found:
            print_json({**plain(each), "urgency": each.urgency.name.lower(), "status": each.status.value})
        return
    terminal_output().print(_entry_table(found, settings))


def _entry_table(found: Iterable[OutboxEntry], settings: Settings) -> Table:
    """Return rows of the outbox as a table."""
    columns = (
        "outgoing",
        "status",
        "urgency",
        "kind",
        "case",
        "to",
        "written",
        "tries",
        "reply",
        "next or done",
        "why",
    )

    def shown(at: datetime | None) -> str:
        return at.astimezone(settings.zone).strftime("%d/%m %H:%M") if at is not None else ""

    rows = [
        (
            str(each.id),
            each.status.value if each.status is not OutboxStatus.FAILED else each.state.replace("_", " "),
            each.urgency.name.lower(),
            each.kind,
            each.case_number,
            each.to,
            shown(each.created_at),
            str(each.attempts),
            each.reply or "",
            shown(each.settled_at or each.not_before or each.held_since),
            each.reason,
        )
        for each in found
    ]
    return table(columns, rows)


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
@click.option(
    "--without-journal", is_flag=True, help="Though no intake journal was taken in: none was kept, or it is lost, too."
)
@click.pass_obj
def release(
    settings: Settings, outgoing: tuple[int, ...], *, everything: bool, danger: bool, without_journal: bool
) -> None:
    """Send what is held: who has had it already has it twice.

    What tells of danger is sent at once. The rest stays held until the intake journal was taken in (`arrivals
    replay`), which knows what of it was sent.
    """
    with open_store(settings.store.url) as store:
        wanted = _wanted(store, outgoing, everything=everything, danger=danger)
        with store.database.reading() as connection:
            unknown = awaits_journal(connection)
        dangers = {each.id for each in store.outbox.held() if each.urgency is Urgency.DANGER}
        kept = [each for each in wanted if unknown and not without_journal and each not in dangers]
        done = store.outbox.release([each for each in wanted if each not in kept], getuser(), datetime.now(UTC))
    if unknown and dangers.intersection(done):
        click.echo("the intake journal was not taken in: whoever was told of these dangers before is told twice")
    _tell([each for each in outgoing if each not in kept], done, "will be sent")
    if kept:
        raise click.ClickException(f"{len(kept)} stay held: {_JOURNAL_FIRST}")


_JOURNAL_FIRST: Final = (
    "what of it was sent after the backup the intake journal knows, and it was not taken in since the restore. First: "
    "dtm-contact arrivals replay JOURNAL; where none was kept, or it is lost, too: --without-journal"
)


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
        raise click.UsageError("name numbers of dtm-contact outbox list --status held, or --all")
    if outgoing:
        return list(outgoing)
    return [each.id for each in store.outbox.held() if everything or each.urgency is Urgency.DANGER]


def _tell(asked: Sequence[int], done: Sequence[int], what: str) -> None:
    for number in done:
        click.echo(f"outgoing {number} {what}")
    if missing := sorted(set(asked) - set(done)):
        raise click.ClickException(f"not held: {', '.join(map(str, missing))} (dtm-contact outbox list --status held)")
