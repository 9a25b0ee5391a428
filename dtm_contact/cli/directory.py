"""`dtm-contact directory …`: the landlord's export of the estate and its people."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

import click

from dtm_contact.alerting import announce_once, notifiers_of
from dtm_contact.beginning import make_store, require_no_lost_store
from dtm_contact.cases.rerouting import Placement, former_offices
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import (
    ReadablePath,
    as_json_option,
    plain,
    print_json,
    print_problems,
    table,
    terminal_output,
)
from dtm_contact.directory import (
    Directory,
    ExportFiles,
    FileDifference,
    Records,
    Suspicion,
    compare,
    look_at,
    read_export,
    suspicions,
)
from dtm_contact.errors import InvalidFilesError, NoDirectoryError, StoreUnavailableError, UnknownSchemaError
from dtm_contact.log import get_log
from dtm_contact.model import errors_first
from dtm_contact.rules import load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import DirectoryImport, Origin, Store, open_store
from dtm_contact.store.rule_versions import files_in_force

_FOLDER = click.argument("folder", type=ReadablePath(file_okay=False))
_KEYS_SHOWN = 5
_MOST_FAULTS_SHOWN = 20
_COUNTED = ("residences", "dwellings", "leases", "caretakers", "assignments")
_BEING_WRITTEN = "the export is still being written"
_ASKED = "look at the export; if it is right after all, --force imports it"

_log = get_log("directory")

Key = tuple[str, ...]


@click.group(cls=CommandGroup)
def directory() -> None:
    """Check, import and restore the landlord's directory."""


@directory.command()
@_FOLDER
@as_json_option
@click.pass_obj
def check(settings: Settings, folder: Path, *, as_json: bool) -> int:
    """Check the files and say every fault with file, line and column. Exit status 1 where an import would be refused.

    Where a directory is in force the files are compared with it: what would change all at once is suspicious.
    """
    read = _read(folder, as_json=as_json)
    if read is None:
        return 1
    records, _files = read
    in_force = _in_force_if_any(settings)
    suspected = suspicions(in_force or Records(), records)
    _print_suspicions(suspected, as_json=as_json)
    if as_json:
        print_json({"records": _counts(records)})
        return 1 if suspected else 0
    verdict = "readable, but an import would be refused" if suspected else "sound"
    alone = "" if in_force else " (no directory is in force to compare it with)"
    counted = ", ".join(f"{count} {name}" for name, count in _counts(records).items())
    click.echo(f"{folder}: {verdict}: {counted}{alone}")
    if suspected:
        click.echo(_ASKED, err=True)
    return 1 if suspected else 0


@directory.command("import")
@_FOLDER
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--force", is_flag=True, help="Import even where so much would change at once that the export looks wrong."
)
@click.option(
    "--scheduled",
    is_flag=True,
    help="Import from a drop folder: do nothing while it is unchanged or being written; mail the admins a refusal.",
)
@as_json_option
@click.pass_obj
def import_(settings: Settings, folder: Path, *, dry_run: bool, force: bool, scheduled: bool, as_json: bool) -> int:
    """Replace the directory by these files, all of them or nothing, and say what is added, changed and gone.

    What agents confirmed survives. A running daemon takes the new directory up by itself. Open cases of a residence
    that has another office now are moved to that office's queue. `directory restore` brings an earlier one back.
    """
    if scheduled:
        if dry_run or force or as_json:
            raise click.UsageError("--scheduled stands alone: nobody watches a scheduled import.")
        return _import_scheduled(settings, folder)
    read = _read(folder, as_json=as_json)
    if read is None:
        return 1
    records, files = read
    make_store(settings)
    with open_store(settings.store.url) as store:
        in_force = _current(store)
        suspected = suspicions(in_force, records)
        if as_json:
            _print_suspicions(suspected, as_json=True)
        _print_difference(compare(in_force, records), as_json=as_json)
        if not as_json:
            _print_suspicions(suspected, as_json=False)
        if suspected and not force:
            click.echo(f"nothing was changed: {_ASKED}", err=True)
            return 1
        if not dry_run:
            _put_in_force(settings, store, records, getuser(), _origin(files, suspected))
    if not as_json:
        click.echo("nothing was changed (--dry-run)" if dry_run else "imported")
    return 0


@directory.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many imports to list.")
@as_json_option
@click.pass_obj
def history(settings: Settings, limit: int, *, as_json: bool) -> int:
    """List the last imports, the one in force first: when, by whom, from where, what was forced."""
    with open_store(settings.store.url, read_only=True) as store:
        imports = store.directory.imports(limit)
    if as_json:
        for imported in imports:
            print_json(plain(imported))
        return 0
    rows = [_history_row(imported, in_force=place == 0) for place, imported in enumerate(imports)]
    columns = ("number", "imported", "by", "exported", "from", *_COUNTED, "state", "forced")
    terminal_output().print(table(columns, rows))
    return 0


@directory.command()
@click.argument("number", type=click.IntRange(min=1, max=2**31 - 1))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@as_json_option
@click.pass_obj
def restore(settings: Settings, number: int, *, dry_run: bool, as_json: bool) -> int:
    """Put an earlier version of `directory history` in force again, as a new version, and say what changes.

    A running daemon takes it up by itself. What agents confirmed survives. The files that were imported last are not
    imported again by a scheduled import; others that are dropped are.
    """
    with open_store(settings.store.url) as store:
        records, origin = store.directory.kept(number)
        _print_difference(compare(_current(store), records), as_json=as_json)
        if not dry_run:
            _put_in_force(settings, store, records, getuser(), origin)
    if not as_json:
        click.echo("nothing was changed (--dry-run)" if dry_run else f"version {number} is in force again")
    return 0


def _import_scheduled(settings: Settings, folder: Path) -> int:
    """Import what was dropped in a folder, if it is new and complete; return the exit status."""
    require_no_lost_store(settings)
    files, now = look_at(folder), datetime.now(UTC)
    with open_store(settings.store.url) as store:
        waits = _reason_to_wait(settings, store, files, now)
        faults: list[str] = []
        records, warnings = Records(), 0
        if waits is None:
            try:
                records, problems = read_export(folder)
                warnings = len(problems)
            except InvalidFilesError as error:
                faults = [str(problem) for problem in errors_first(error.problems)]
            if look_at(folder).digest != files.digest:
                waits = _BEING_WRITTEN
        if waits is not None:
            _log.info(waits, folder=str(folder))
            return 0
        in_force = _current(store)
        if not faults and (suspected := suspicions(in_force, records)):
            faults = [*map(str, suspected), f"If all that is right: dtm-contact directory import --force {folder}"]
        if faults:
            return _refuse(settings, store, folder, files.digest, faults)
        _put_in_force(settings, store, records, f"{getuser()} (scheduled)", _origin(files))
        changes = compare(in_force, records)
        counted = {what: sum(len(getattr(change, what)) for change in changes) for what in ("added", "changed", "gone")}
        _log.info("imported", folder=str(folder), warnings=warnings, **counted)
    return 0


def _reason_to_wait(settings: Settings, store: Store, files: ExportFiles, now: datetime) -> str | None:
    """Return why a scheduled import has nothing to do now; None where it has."""
    if not files.digest:
        return "no export was dropped yet"
    # Both ways: the clock of a file server may be ahead of ours.
    if abs(now.timestamp() - files.touched) < settings.directory.quiet_seconds:
        return _BEING_WRITTEN
    if files.digest == store.directory.last_files():
        store.directory.seen_again(files.digest, _exported_at(files, now))
        return "the export is unchanged since the last import"
    return None


def _refuse(settings: Settings, store: Store, folder: Path, digest: str, faults: Sequence[str]) -> int:
    """Say that a scheduled import is refused, and tell the admins unless these files were told before."""
    more = [f"… and {len(faults) - _MOST_FAULTS_SHOWN:,} more"] if len(faults) > _MOST_FAULTS_SHOWN else []
    lines = [*faults[:_MOST_FAULTS_SHOWN], *more]
    _log.error("the export is refused; the directory in force stays", folder=str(folder))
    click.echo("\n".join(lines), err=True)
    letter = "\n".join(
        (
            f"The export in {folder} on {socket.gethostname()} is refused; the directory in force stays.",
            "",
            *lines,
            "",
            f"dtm-contact directory check {folder} tells all. Have the export made again and dropped in the folder.",
            "This is told once for these files.",
        )
    )
    now, ways = datetime.now(UTC), notifiers_of(settings.alarm)
    is_new = store.directory.refuse(digest, now) and bool(ways)
    if is_new and asyncio.run(announce_once(settings, ways, "directory-refused", letter, now)):
        store.directory.mark_refusal_reported(digest, now)
    return 1


def _put_in_force(settings: Settings, store: Store, records: Records, who: str, origin: Origin) -> None:
    """Put a directory in force; open cases follow their residences to another office."""
    before = _current(store)
    store.directory.save(records, who, datetime.now(UTC), origin, keep=settings.directory.versions)
    _take_cases_along(settings, store, before, records)


def _origin(files: ExportFiles, suspected: Sequence[Suspicion] = ()) -> Origin:
    """Return where records that were read from these files come from, and what was forced, without identifiers."""
    forced = tuple(
        ": ".join(part for part in (suspicion.file, suspicion.column, suspicion.message) if part)
        for suspicion in suspected
    )
    return Origin(files.digest, _exported_at(files, datetime.now(UTC)), forced)


def _exported_at(files: ExportFiles, now: datetime) -> datetime:
    """Return when the files were written; never later than now, however the clock of their author goes."""
    return min(datetime.fromtimestamp(files.written, UTC), now)


def _read(folder: Path, *, as_json: bool) -> tuple[Records, ExportFiles] | None:
    """Return what the files hold, and which they are; None where they hold errors, which are printed."""
    try:
        files = look_at(folder)
        records, warnings = read_export(folder)
    except InvalidFilesError as error:
        print_problems(error.problems, as_json=as_json)
        click.echo("nothing was changed: mend the errors first", err=True)
        return None
    print_problems(warnings, as_json=as_json)
    if look_at(folder).digest != files.digest:
        click.echo("nothing was changed: somebody is still writing the files, try again", err=True)
        return None
    return records, files


def _in_force_if_any(settings: Settings) -> Records | None:
    """Return the directory in force; None where there is no store yet, or it cannot be read."""
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return store.directory.load()
    except (NoDirectoryError, StoreUnavailableError, UnknownSchemaError):
        return None


def _take_cases_along(settings: Settings, store: Store, before: Records, records: Records) -> None:
    """Move the open cases of residences that have another office now, by the rules in force, and say how many."""
    directory, now = Directory(records), datetime.now(UTC)
    former = former_offices(before.residences, directory)
    if not former:
        return
    try:
        with files_in_force(store.rule_versions, settings.name, settings.rules.dir) as folder:
            rules = load_in_force(folder, zone=settings.zone, model=settings.model)
    except InvalidFilesError:
        reason = (
            "the rules hold errors, so open cases stay where they are: mend them, and run rules replay --apply-open"
        )
        click.echo(f"{len(former)} residences have another office; {reason}", err=True)
        return
    moved = Placement(store, rules, directory, now).follow_offices(former)
    click.echo(f"{len(former)} residences have another office; {moved} open cases moved to it", err=True)


def _current(store: Store) -> Records:
    try:
        return store.directory.load()
    except NoDirectoryError:
        return Records()


def _print_suspicions(suspected: Sequence[Suspicion], *, as_json: bool) -> None:
    for suspicion in suspected:
        if as_json:
            print_json({"suspicion": {**plain(suspicion), "message": suspicion.message, "hint": suspicion.hint}})
        else:
            click.secho(f"suspicious: {suspicion}", err=True, fg="yellow")


def _history_row(imported: DirectoryImport, *, in_force: bool) -> tuple[str, ...]:
    origin = imported.origin
    digest = origin.digest[:12] if origin.digest else "–"
    came_from = f"version {origin.restored_from}" if origin.restored_from else digest
    state = "in force" if in_force else "kept" if imported.kept else "–"
    return (
        str(imported.number),
        _shown_time(imported.imported_at),
        imported.imported_by,
        _shown_time(origin.exported_at) if origin.exported_at else "–",
        came_from,
        *(f"{imported.counts[name]:,}" if name in imported.counts else "–" for name in _COUNTED),
        state,
        "; ".join(origin.forced) or "–",
    )


def _shown_time(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _counts(records: Records) -> dict[str, int]:
    return {name: len(getattr(records, name)) for name in Records.__slots__}


def _print_difference(difference: Sequence[FileDifference], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                change.file: {
                    "added": [_key(key) for key in change.added],
                    "changed": [_key(key) for key in change.changed],
                    "gone": [_key(key) for key in change.gone],
                }
                for change in difference
            }
        )
        return
    rows = [(change.file, _shown(change.added), _shown(change.changed), _shown(change.gone)) for change in difference]
    terminal_output().print(table(("file", "added", "changed", "gone"), rows))


def _key(key: Key) -> str:
    return " ".join(key)


def _shown(keys: tuple[Key, ...]) -> str:
    if not keys:
        return "–"
    more = f", … {len(keys)} in all" if len(keys) > _KEYS_SHOWN else ""
    return ", ".join(map(_key, keys[:_KEYS_SHOWN])) + more
