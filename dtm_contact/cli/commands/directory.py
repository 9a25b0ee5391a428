"""`dtm-contact directory …`: the landlord's export of the estate and its people."""

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

import click

from dtm_contact.cases.rerouting import Placement, former_offices
from dtm_contact.cli import Group
from dtm_contact.cli.output import as_json_option, console, print_json, table
from dtm_contact.cli.problems import print_problems
from dtm_contact.directory import Difference, Directory, Records, compare, read_export
from dtm_contact.errors import InvalidFilesError, NoDirectoryError
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import Store, migrate, open_store
from dtm_contact.store.rule_versions import files_in_force

_FOLDER = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
_KEYS_SHOWN = 5

Key = tuple[str, ...]


@click.group(cls=Group)
def command() -> None:
    """Check and import the directory files."""


@command.command()
@_FOLDER
@as_json_option
def check(folder: Path, *, as_json: bool) -> int:
    """Check the files and say every fault with file, line and column. Exit status 1 where there is an error."""
    records = _read(folder, as_json=as_json)
    if records is None:
        return 1
    if as_json:
        print_json({"records": _counts(records)})
    else:
        click.echo(f"{folder}: sound: " + ", ".join(f"{count} {name}" for name, count in _counts(records).items()))
    return 0


@command.command("import")
@_FOLDER
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--force", is_flag=True, help="Import even where more than 5 % of the tenants or residences would go.")
@as_json_option
@click.pass_obj
def import_(settings: Settings, folder: Path, *, dry_run: bool, force: bool, as_json: bool) -> int:
    """Replace the directory by these files, all of them or nothing, and say what is added, changed and gone.

    What agents confirmed survives. A running daemon takes the new directory up by itself. Open cases of a residence
    that has another office now are moved to that office's queue.
    """
    records = _read(folder, as_json=as_json)
    if records is None:
        return 1
    migrate(settings.store.url)
    with open_store(settings.store.url) as store:
        before = _current(store)
        difference = compare(before, records)
        _print_difference(difference, as_json=as_json)
        if not force:
            difference.refuse_shrinking()
        if not dry_run:
            store.directory.save(records, getuser(), datetime.now(UTC))
            _take_cases_along(settings, store, before, records)
    if not as_json:
        click.echo("nothing was changed (--dry-run)" if dry_run else "imported")
    return 0


def _read(folder: Path, *, as_json: bool) -> Records | None:
    try:
        records, warnings = read_export(folder)
    except InvalidFilesError as error:
        print_problems(error.problems, as_json=as_json)
        click.echo("nothing was changed: mend the errors first", err=True)
        return None
    print_problems(warnings, as_json=as_json)
    return records


def _take_cases_along(settings: Settings, store: Store, before: Records, records: Records) -> None:
    """Move the open cases of residences that have another office now, by the rules in force, and say how many."""
    directory, now = Directory(records), datetime.now(UTC)
    former = former_offices(before.residences, directory)
    if not former:
        return
    try:
        with files_in_force(store.rule_versions, settings.name, settings.rules.dir) as folder:
            rules = load_rules(folder, zone=settings.zone)
    except InvalidFilesError:
        told = "the rules hold errors, so open cases stay where they are: mend them, and run rules replay --apply-open"
        click.echo(f"{len(former)} residences have another office; {told}", err=True)
        return
    moved = Placement(store, rules, directory, now).follow_offices(former)
    click.echo(f"{len(former)} residences have another office; {moved} open cases moved to it", err=True)


def _current(store: Store) -> Records:
    try:
        return store.directory.load()
    except NoDirectoryError:
        return Records()


def _counts(records: Records) -> dict[str, int]:
    return {name: len(getattr(records, name)) for name in Records.__slots__}


def _print_difference(difference: Difference, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                change.file: {
                    "added": [_key(key) for key in change.added],
                    "changed": [_key(key) for key in change.changed],
                    "gone": [_key(key) for key in change.gone],
                }
                for change in difference.files
            }
        )
        return
    rows = [
        (change.file, _shown(change.added), _shown(change.changed), _shown(change.gone)) for change in difference.files
    ]
    console().print(table(("file", "added", "changed", "gone"), rows))


def _key(key: Key) -> str:
    return " ".join(key)


def _shown(keys: tuple[Key, ...]) -> str:
    if not keys:
        return "–"
    more = f", … {len(keys)} in all" if len(keys) > _KEYS_SHOWN else ""
    return ", ".join(map(_key, keys[:_KEYS_SHOWN])) + more
