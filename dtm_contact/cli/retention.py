"""`dtm-contact retention …`: what is archived and erased by its age, and the cases that nothing may erase."""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.case import actor_option
from dtm_contact.cli.output import as_json_option, plain, print_json, printable, say, table, terminal_output
from dtm_contact.privacy.erasing import finish
from dtm_contact.privacy.retention import RetentionPass, planned
from dtm_contact.settings import Settings
from dtm_contact.store import TrailLine, open_store
from dtm_contact.wording import joined, translated, worded


@click.group(cls=CommandGroup)
def retention() -> None:
    """Archive and erase what has reached its age, and keep cases from that."""


@retention.command("plan")
@as_json_option
@click.pass_obj
def plan_command(settings: Settings, *, as_json: bool) -> None:
    """Say what a pass would archive and erase now, by which age and law; nothing is changed."""
    with open_store(settings.store.url, read_only=True) as store:
        steps = planned(settings, store, datetime.now(UTC))
    if as_json:
        print_json([asdict(step) for step in steps])
        return
    rows = [(step.name, f"{step.rows}", f"{step.months}" if step.months else "", step.law) for step in steps]
    terminal_output().print(table((worded("what"), worded("rows"), worded("months"), worded("law")), rows))


@retention.command("run")
@click.option(
    "--share",
    type=click.FloatRange(min=0, max=100, min_open=True),
    help="Per cent of the time for which it may keep others from writing; 100 is the quickest. "
    "By default as the nightly pass.",
)
@as_json_option
@click.pass_obj
def run_command(settings: Settings, *, share: float | None, as_json: bool) -> None:
    """Archive and erase now what has reached its age; it may be broken off, and the next pass goes on."""
    if share is None and not as_json:
        paced = f"{settings.retention.share:g}"
        say(
            worded(
                "at the pace of the night ({share} % of the time), so that others write meanwhile;"
                " --share 100 is the quickest",
                share=paced,
            )
        )
    with open_store(settings.store.url) as store:
        finish(settings, store, datetime.now(UTC))
        done = RetentionPass(settings, store, share=share).run(datetime.now(UTC))
    if as_json:
        print_json(plain(done))
        return
    for name, count in done.counts.items():
        if count:
            say(joined((name, f"{count}"), ": "))
    spent, longest = f"{done.seconds:.1f}", f"{done.longest * 1000:.0f}"
    if done.longest_step:
        told = {"seconds": spent, "longest": longest, "step": done.longest_step}
        say(worded("{seconds} s, the longest transaction {longest} ms ({step})", **told))
    else:
        say(worded("{seconds} s, there was nothing to do", seconds=spent))


@retention.command()
@click.argument("number")
@click.option("--why", required=True, help="Which claim is made or defended; it is shown with the case.")
@actor_option
@click.pass_obj
def hold(settings: Settings, number: str, why: str, who: str) -> None:
    """Keep case NUMBER from being erased, by age or on request, until it is released."""
    now = datetime.now(UTC)
    with open_store(settings.store.url) as store:
        try:
            store.holds.hold(number, who, why, now)
        except ValueError as error:
            raise click.BadParameter(translated(error.args[0]), param_hint="--why") from None
        store.accounts.trail(TrailLine(now, who, "held", number))
    say(worded("case {number} is held", number=number))


@retention.command()
@click.argument("number")
@actor_option
@click.pass_obj
def release(settings: Settings, number: str, who: str) -> None:
    """Let case NUMBER be erased again."""
    with open_store(settings.store.url) as store:
        store.holds.release(number)
        store.accounts.trail(TrailLine(datetime.now(UTC), who, "hold released", number))
    say(worded("case {number} is held no more", number=number))


@retention.command()
@as_json_option
@click.pass_obj
def holds(settings: Settings, *, as_json: bool) -> None:
    """List the cases that are held: since when, by whom and why."""
    with open_store(settings.store.url, read_only=True) as store:
        found = store.holds.holds()
    if as_json:
        print_json([plain(each) for each in found])
        return
    rows = [
        (each.number, f"{each.since.astimezone(settings.zone):%d/%m/%Y}", each.who, printable(each.why))
        for each in found
    ]
    if rows:
        terminal_output().print(table((worded("case"), worded("since"), worded("by"), worded("why")), rows))
    else:
        say(worded("no case is held"))
