"""`dtm-contact arrivals …`: what came in."""

from collections.abc import Callable
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

import click

from dtm_contact.backup import replay as replay_journal
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import ReadablePath, as_json_option, clock_behind, plain, print_json, table, terminal_output
from dtm_contact.privacy.erasing import erased_arrivals
from dtm_contact.settings import Settings
from dtm_contact.store import ArrivalLine, ArrivalState, Store, open_store

_PAGE = 1_000
_LISTS = ("gaps", "replies")
_SINCE = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


@click.group(cls=CommandGroup)
def arrivals() -> None:
    """Look at what came in; judge again what was parked or set aside."""


@arrivals.command("list")
@click.option("--parked", "state", flag_value=ArrivalState.PARKED, type=ArrivalState, help="What could not be judged.")
@click.option(
    "--set-aside", "state", flag_value=ArrivalState.SET_ASIDE, type=ArrivalState, help="What is automatic or spam."
)
@click.option("--waiting", "state", flag_value=ArrivalState.WAITING, type=ArrivalState, help="What is to be judged.")
@as_json_option
@click.pass_obj
def list_(settings: Settings, state: ArrivalState | None, *, as_json: bool) -> None:
    """List arrivals, oldest first: all, or those in one state."""
    with open_store(settings.store.url, read_only=True) as store:
        lines = _all(store, state)
    if as_json:
        for line in lines:
            print_json(plain(line))
        return
    rows = [_row(line, settings) for line in lines]
    terminal_output().print(table(("arrival", "received", "state", "case", "from", "subject", "reason"), rows))


@arrivals.command()
@click.argument("arrival", type=click.IntRange(min=1))
@click.pass_obj
def retry(settings: Settings, arrival: int) -> None:
    """Judge a parked ARRIVAL again; the case that stands in for it is completed."""
    _change(settings, lambda store, who, now: store.arrivals.retry(arrival, who, now))
    click.echo(f"arrival {arrival} will be judged again")


@arrivals.command()
@click.argument("arrival", type=click.IntRange(min=1))
@click.pass_obj
def release(settings: Settings, arrival: int) -> None:
    """Make a case of an ARRIVAL that was set aside as automatic or spam."""
    _change(settings, lambda store, who, now: store.arrivals.release(arrival, who, now))
    click.echo(f"arrival {arrival} becomes a case")


@arrivals.command()
@click.argument("journal", type=ReadablePath(file_okay=False))
@click.option("--since", type=click.DateTime(_SINCE), help="Only what was received from then on, by the offices' time.")
@as_json_option
@click.pass_obj
def replay(settings: Settings, journal: Path, since: datetime | None, *, as_json: bool) -> None:
    """Take in what the intake JOURNAL holds and the store does not: what came after a backup that was restored."""
    from_then = None if since is None else since.replace(tzinfo=settings.zone)
    now = datetime.now(UTC)
    with open_store(settings.store.url) as store:
        done = replay_journal(store, journal, now, from_then, erased=erased_arrivals(settings))
    if as_json:
        print_json({**plain(done), **{name: [plain(each) for each in getattr(done, name)] for name in _LISTS}})
        return
    click.echo(f"{done.taken_in:,} of {done.held:,} arrivals were not in the store and are taken in")
    waited = f"{done.settled:,} of them waited in it" if done.settled else "none of them waited in it"
    click.echo(f"{done.marks:,} e-mails were sent that the store did not know, {waited}; they are not sent again")
    if done.called:
        click.echo(
            f"but those on call are notified again of what was {', '.join(done.called)} and has a new number: "
            "call them by hand now where no daemon runs yet; case show finds it by the old number, too"
        )
    if done.replies:
        click.echo(
            f"{len(done.replies):,} replies were sent after the backup, and their text is gone; the cases say so "
            "(case show finds them by these numbers):"
        )
    for reply in done.replies:
        click.echo(f"  to case {reply.case_number} at {reply.sent_at.astimezone(settings.zone):%d/%m/%Y %H:%M:%S}")
    if late := clock_behind("the journal's last record is of", done.newest, now, settings.zone):
        click.echo(late)
    for gap in done.gaps:
        click.echo(
            f"before {gap.astimezone(settings.zone):%d/%m/%Y %H:%M:%S} the journal could not be written for a while"
        )
    if done.damaged:
        click.echo(f"in {done.damaged} places the journal is damaged: what stood there is not taken in", err=True)


def _change(settings: Settings, change: Callable[[Store, str, datetime], None]) -> None:
    with open_store(settings.store.url) as store:
        change(store, getuser(), datetime.now(UTC))


def _all(store: Store, state: ArrivalState | None) -> list[ArrivalLine]:
    lines: list[ArrivalLine] = []
    while page := store.arrivals.listing(state, limit=_PAGE, after=lines[-1].id if lines else 0):
        lines += page
    return lines


def _row(line: ArrivalLine, settings: Settings) -> tuple[str, ...]:
    return (
        str(line.id),
        line.received_at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M"),
        line.state.value.replace("_", " ") + (f" ({line.kind})" if line.state is ArrivalState.SET_ASIDE else ""),
        line.case_number or "–",
        line.sender,
        line.subject,
        line.reason or "",
    )
