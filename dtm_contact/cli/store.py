"""`dtm-contact store …` and `dtm-contact daemons`: the store's tables, and the daemons that share the store."""

from dataclasses import asdict
from datetime import datetime

import click

from dtm_contact.backup import copy_store
from dtm_contact.beginning import make_store
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import as_json_option, plain, print_json, table, terminal_output
from dtm_contact.privacy.erasing import vacuum
from dtm_contact.settings import Settings
from dtm_contact.store import Held, LeaseLine, open_store


@click.group(cls=CommandGroup)
def store_group() -> None:
    """Look after the store's tables."""


@store_group.command("migrate")
@click.option(
    "--new", is_flag=True, help="Begin anew, on purpose, though backups or a journal of an earlier store lie."
)
@click.pass_obj
def migrate_(settings: Settings, *, new: bool) -> None:
    """Bring the store's tables to this version; creates the store where there is none, and none was lost.

    Prints how long each revision took: meanwhile nobody else could write, and the mail server kept what came.
    """
    migration = make_store(settings, anew=new)
    if migration.came_from is not None:
        for revision, seconds in migration.revisions:
            click.echo(f"revision {revision}: {seconds:.1f} s")
        if migration.revisions:
            click.echo(f"from {migration.came_from}; writes were held for {migration.seconds:.1f} s")
    click.echo("the store's tables are those of this version")


@store_group.command("copy")
@click.argument("from_url")
@click.argument("to_url")
def copy(from_url: str, to_url: str) -> None:
    """Copy a store, stopped, into an empty database: from sqlite:///PATH to postgresql://USER@HOST/DATABASE."""
    for url in (from_url, to_url):
        if not url.startswith(("sqlite", "postgresql")):
            raise click.UsageError("write sqlite:///PATH or postgresql://USER@HOST/DATABASE")
    counts = copy_store(from_url, to_url)
    click.echo(f"{sum(counts.values()):,} rows in {len(counts)} tables, counted on both sides")
    click.echo("set DTM_STORE_URL to the copy before the daemon is started again")


@store_group.command("vacuum")
@click.pass_obj
def vacuum_(settings: Settings) -> None:
    """Write the store anew without free room, so that no octet of what was erased is left in it.

    Nobody else can write meanwhile, and as much room again is needed on the disk: seconds for each gigabyte.
    """
    with open_store(settings.store.url) as store:
        path = store.database.sqlite_path
        before = path.stat().st_size if path else 0
        vacuum(store.database)
        click.echo(f"{before:,} octets before, {path.stat().st_size:,} now" if path else "written anew")


@click.command()
@as_json_option
@click.pass_obj
def daemons(settings: Settings, *, as_json: bool) -> None:
    """List the daemons that share the store, until when each has its lease, and what it holds."""
    with open_store(settings.store.url, read_only=True) as store:
        held_by_line = [(line, store.leases.held_by(line.incarnation)) for line in store.leases.listing()]
    if as_json:
        for line, held in held_by_line:
            print_json({**plain(line), **asdict(held)})
        return
    columns = ("daemon", "host", "process", "since", "lease until", "judges", "sends", "follows")
    terminal_output().print(table(columns, [_daemon_row(line, held, settings) for line, held in held_by_line]))


def _daemon_row(line: LeaseLine, held: Held, settings: Settings) -> tuple[str, ...]:
    def here(moment: datetime, form: str) -> str:
        return moment.astimezone(settings.zone).strftime(form)

    until = here(line.until, "%H:%M:%S") + ("" if line.alive else " (over)")
    since = here(line.started_at, "%d/%m/%Y %H:%M")
    return (line.name, line.host, str(line.pid), since, until, *map(str, (held.arrivals, held.outgoing, held.channels)))
