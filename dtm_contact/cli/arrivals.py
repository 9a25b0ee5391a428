"""`dtm-contact arrivals …`: what came in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from dtm_contact.backup import replay as replay_journal
from dtm_contact.backup import take_journal_as_lost
from dtm_contact.cases.knowledge import ConfigurationProvider
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import ReadablePath, as_json_option, clock_behind, plain, print_json, table, terminal_output
from dtm_contact.danger_page.unjudged import (
    OCTETS,
    DangerSuspicion,
    Suspect,
    Suspects,
    glance,
    message_id_of,
    sender_of,
    subject_of,
)
from dtm_contact.errors import DtmContactError, described
from dtm_contact.privacy.erasing import erased_arrivals
from dtm_contact.reading import message_id_at_a_glance
from dtm_contact.settings import Settings
from dtm_contact.store import ArrivalLine, ArrivalState, Store, open_store
from dtm_contact.store.unjudged import UNJUDGED, Unjudged, unjudged

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
    """List arrivals, oldest first: all, or those in one state; the mail server's log has each by its message id."""
    with open_store(settings.store.url, read_only=True) as store:
        lines = _with_heads(store, _all(store, state))
    if as_json:
        for line in lines:
            print_json(plain(line))
        return
    rows = [_row(line, settings) for line in lines]
    terminal_output().print(
        table(("arrival", "received", "state", "case", "from", "subject", "message id", "reason"), rows)
    )


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
@click.argument("journal", type=ReadablePath(file_okay=False), required=False)
@click.option(
    "--lost", is_flag=True, help="In place of JOURNAL: none is left, and what may be missing was looked for by hand."
)
@click.option("--since", type=click.DateTime(_SINCE), help="Only what was received from then on, by the offices' time.")
@as_json_option
@click.pass_obj
def replay(settings: Settings, journal: Path | None, since: datetime | None, *, lost: bool, as_json: bool) -> None:
    """Take in what the intake JOURNAL holds and the store does not: what came after a backup that was restored.

    With --lost nothing is taken in: doctor, danger and its page then ask no more for a journal of before the restore.
    """
    if (journal is None) is not lost:
        raise click.UsageError("name the folder of the JOURNAL; where none is left: --lost")
    if journal is None:
        _take_as_lost(settings, as_json=as_json)
        return
    from_then = None if since is None else since.replace(tzinfo=settings.zone)
    now = datetime.now(UTC)
    with open_store(settings.store.url) as store:
        done = replay_journal(store, journal, now, from_then, erased=erased_arrivals(settings))
        suspects = _suspects(store, settings)
    if as_json:
        lists = {name: [plain(each) for each in getattr(done, name)] for name in _LISTS}
        print_json({**plain(done), **lists, "dangers": [_as_json(each) for each in suspects.likeliest]})
        return
    click.echo(f"{done.taken_in:,} of {done.held:,} arrivals were not in the store and are taken in")
    waited = f"{done.settled:,} of them waited in it" if done.settled else "none of them waited in it"
    click.echo(f"{done.marks:,} e-mails were sent that the store did not know, {waited}; they are not sent again")
    if done.called:
        click.echo(
            f"of {', '.join(done.called)} those on call were notified; what lay in it waits to be judged. Of a danger "
            "(P1) they are notified again then, by a new number (case show finds it by the old one, too, from then on)"
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
    _print_suspects(suspects, settings)


def _take_as_lost(settings: Settings, *, as_json: bool) -> None:
    """Keep that the journal is lost, and say of which time nothing is known."""
    with open_store(settings.store.url) as store:
        gap = take_journal_as_lost(store)
    if as_json:
        print_json({"gap": plain(gap) if gap is not None else None})
        return
    if gap is None:
        click.echo("nothing asks for a journal: the store was not restored, or one was taken in since")
        return
    since, until = gap.since.astimezone(settings.zone), gap.until.astimezone(settings.zone)
    click.echo(
        f"what came in between {since:%d/%m/%Y %H:%M:%S} and {until:%d/%m/%Y %H:%M:%S} is not asked for any more"
    )


def _suspects(store: Store, settings: Settings) -> Suspects:
    """Glance at what waits to be judged; where there are no rules or no directory to do it by, say so."""
    waiting = store.arrivals.waiting()
    if not waiting:
        return Suspects()
    try:
        return glance(store, ConfigurationProvider(store, settings)().rules.reader)
    except DtmContactError as error:
        click.echo(f"danger in what waits cannot be looked for: {described(error)}", err=True)
        return Suspects(waiting)


def _print_suspects(suspects: Suspects, settings: Settings) -> None:
    """Say what waits to be judged, and of that what seems to tell of danger, with whom is known to have been told."""
    if not suspects.waiting:
        return
    click.echo(f"{suspects.waiting:,} arrivals wait to be judged, which a daemon does")
    rows = [
        (
            str(each.arrival.id),
            each.arrival.received_at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M"),
            each.arrival.channel,
            each.sender,
            each.subject,
            _told(each.arrival, settings),
        )
        for each in suspects.of(DangerSuspicion.STRONG)
    ]
    if rows:
        click.echo("  by a glance these seem to tell of danger, the likeliest first:")
        terminal_output().print(table(("arrival", "received", "channel", "from", "subject", "told before"), rows))
    if not suspects.likeliest:
        return
    if faint := len(suspects.of(DangerSuspicion.FAINT)):
        click.echo(f"  {faint:,} more are less likely to")
    click.echo(
        "  where no daemon runs yet call by hand: dtm-contact danger shows the words of each, and whom to call, until "
        "it is judged"
    )


def _as_json(suspect: Suspect) -> dict[str, Any]:
    arrival = suspect.arrival
    return {
        "arrival": arrival.id,
        "received_at": plain(arrival.received_at),
        "channel": arrival.channel,
        "from": suspect.sender,
        "subject": suspect.subject,
        "score": suspect.score,
        "strong": suspect.suspicion is DangerSuspicion.STRONG,
        "sent_before": [plain(each) for each in arrival.sent_before],
        "is_known": arrival.is_known,
    }


def _told(arrival: Unjudged, settings: Settings) -> str:
    """Return who of us is known to have been told of an arrival."""
    to_us = [each for each in arrival.sent_before if each.to_us]
    if not to_us:
        return "nobody" if arrival.is_known else "not known"
    first = next((each for each in to_us if each.on_call), to_us[0])
    whom = "on call" if first.on_call else "one of us"
    return f"{whom}, {first.at.astimezone(settings.zone):%d/%m %H:%M}, as {first.case_number}"


def _change(settings: Settings, change: Callable[[Store, str, datetime], None]) -> None:
    with open_store(settings.store.url) as store:
        change(store, getuser(), datetime.now(UTC))


def _all(store: Store, state: ArrivalState | None) -> list[ArrivalLine]:
    lines: list[ArrivalLine] = []
    while page := store.arrivals.listing(state, limit=_PAGE, after=lines[-1].id if lines else 0):
        lines += page
    return lines


def _with_heads(store: Store, lines: list[ArrivalLine]) -> list[ArrivalLine]:
    """Return lines with sender, subject and message id also of what nobody has read, from its first octets."""
    parked = [line.id for line in lines if line.state is ArrivalState.PARKED and not line.message_id]
    ids = {each.id: message_id_at_a_glance(each.head) for each in store.arrivals.heads(parked, OCTETS)}
    lines = [replace(line, message_id=ids.get(line.id, line.message_id)) for line in lines]
    if not any(line.state in UNJUDGED for line in lines):
        return lines
    heads = {each.id: each for each in unjudged(store.database, OCTETS)}
    return [
        line
        if (head := heads.get(line.id)) is None or line.sender
        else replace(line, sender=sender_of(head), subject=subject_of(head), message_id=message_id_of(head))
        for line in lines
    ]


def _row(line: ArrivalLine, settings: Settings) -> tuple[str, ...]:
    return (
        str(line.id),
        line.received_at.astimezone(settings.zone).strftime("%d/%m/%Y %H:%M"),
        line.state.value.replace("_", " ") + (f" ({line.kind})" if line.state is ArrivalState.SET_ASIDE else ""),
        line.case_number or "–",
        line.sender,
        line.subject,
        f"<{line.message_id}>" if line.message_id else "",
        line.reason or "",
    )
