"""`dtm-contact rules status`, `history` and `restore`: which rules judge, which did, and how to have those back."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from dtm_contact.cli.output import NotDoneError, as_json_option, plain, print_json, say, table, terminal_output
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Problem
from dtm_contact.rules import read_document
from dtm_contact.rules.rule_tests import TESTS_FOLDER
from dtm_contact.rules.ruleset import deciding_files, digest
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import DaemonRules, RuleChange, unpack
from dtm_contact.wording import EMPTY, Translatable, counted, joined, translated, worded


@click.command()
@as_json_option
@click.pass_obj
def status(settings: Settings, *, as_json: bool) -> int:
    """Say by which rules each daemon judges, since when, and what is wrong with those that do not take effect.

    A version is told by what decides; tests are no part of it. Exit status 1 where a daemon refuses what its folder
    holds.
    """
    with open_store(settings.store.url, read_only=True) as store:
        in_force = store.rule_versions.in_force()
    folder = digest(settings.rules.dir)
    if as_json:
        for version in in_force:
            print_json(plain(version) | {"folder": folder})
    else:
        for line in _status_lines(settings, in_force, folder):
            say(line)
    return 1 if any(version.refused for version in in_force) else 0


def _status_lines(settings: Settings, in_force: list[DaemonRules], folder: str) -> Iterator[Translatable]:
    if not in_force:
        yield worded("no daemon has judged by any rules yet")
    for version in in_force:
        since = version.since.astimezone(settings.zone)
        yield worded(
            "{daemon}: version {version} in force since {time}",
            daemon=version.daemon,
            version=version.version,
            time=format(since, _TIME),
        )
        if version.refused and version.refused_at:
            at = version.refused_at.astimezone(settings.zone)
            yield worded(
                "{daemon}: version {version} REFUSED at {time}:",
                daemon=version.daemon,
                version=version.refused,
                time=format(at, _TIME),
            )
            yield from (joined(("  ", problem), "") for problem in version.problems)
    yield _folder_line(settings.rules.dir, in_force, folder)


def _folder_line(folder: Path, in_force: list[DaemonRules], held: str) -> Translatable:
    """Say which version a folder holds, and whether that one judges."""
    if any(version.version == held for version in in_force):
        return worded("the folder {folder} holds version {version}, which is in force", folder=folder, version=held)
    if any(version.refused == held for version in in_force):
        return worded("the folder {folder} holds version {version}, which is refused", folder=folder, version=held)
    return worded(
        "the folder {folder} holds version {version}, which is not in force: a daemon that runs is about to try it",
        folder=folder,
        version=held,
    )


_HISTORY_COLUMNS = (worded("at"), worded("daemon"), worded("version"), "", worded("changed"))
_MOST_NAMED = 6
_TIME = "%Y-%m-%d %H:%M:%S"


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many at the most.")
@as_json_option
@click.pass_obj
def history(settings: Settings, limit: int, *, as_json: bool) -> None:
    """List the versions that daemons found in their folders, the newest first, with what each changed.

    A version is told by the files that decide, to the letter: a comment makes a new one, a file of tests/ does not.
    """
    with open_store(settings.store.url, read_only=True) as store:
        changes = list(store.rule_versions.changes(limit + 1))
        differences = _differences(store, changes)
    rows = list(zip(changes, differences, strict=True))[:limit]
    if as_json:
        for change, what in rows:
            print_json(plain(change) | {"changed": what})
        return
    columns = [translated(column) for column in _HISTORY_COLUMNS]
    terminal_output().print(table(columns, [_change_row(settings, change, what) for change, what in rows]))


def _change_row(settings: Settings, change: RuleChange, what: str) -> tuple[str, ...]:
    at = change.at.astimezone(settings.zone).strftime(_TIME)
    state = worded("in force") if change.taken else worded("refused")
    return at, change.daemon, change.version, translated(state), translated(what)


def _differences(store: Store, changes: list[RuleChange]) -> list[str]:
    """Return what each version changed against the one that was in force before; "" where that cannot be told."""
    parts = {change.version: _parts(store, change.version) for change in changes if change.taken}
    differences = []
    for number, change in enumerate(changes):
        before = next(
            (earlier for earlier in changes[number + 1 :] if earlier.taken and earlier.daemon == change.daemon), None
        )
        differences.append(_difference(parts[before.version], parts[change.version]) if before and change.taken else "")
    return differences


def _parts(store: Store, version: str) -> dict[str, Any]:
    """Return each rule, and each other file, of a version by its name."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        folder = Path(name)
        unpack(store.rule_versions.archive(version), folder)
        parts: dict[str, Any] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "routing.yaml"
        }
        problems: list[Problem] = []
        routing = read_document(folder / "routing.yaml", folder, problems)
        return parts | {rule["id"]: rule for rule in (routing.data if routing else ())}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    changes = {
        "+": after.keys() - before.keys(),
        "-": before.keys() - after.keys(),
        "~": {name for name in before.keys() & after.keys() if before[name] != after[name]},
    }
    named = [f"{sign}{name}" for sign, names in changes.items() for name in sorted(names)]
    rest = len(named) - _MOST_NAMED
    listed = ", ".join(named[:_MOST_NAMED])
    return (
        counted("{listed} and {count} more", "{listed} and {count} more", rest, listed=listed) if rest > 0 else listed
    )


@click.command()
@click.argument("version")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--force", is_flag=True, help="Also where the folder holds rules that were never in force: they are lost."
)
@click.pass_obj
def restore(settings: Settings, version: str, folder: Path | None, *, force: bool) -> None:
    """Write the files of an earlier VERSION into FOLDER, where a running daemon takes them up.

    FOLDER is a folder of rules; without it, that of the settings. `rules history` lists the versions.
    """
    folder = folder or settings.rules.dir
    with open_store(settings.store.url, read_only=True) as store:
        archive = store.rule_versions.archive(version)
        if folder.exists() and not force and not _is_kept(store, digest(folder)):
            raise NotDoneError(
                worded(
                    "{folder} holds rules that were never in force; put them away, or add --force to lose them",
                    folder=folder,
                )
            )
    for aside in _replace(folder, archive):
        say(worded("{file}: put aside, since that version had no such test", file=aside))
    now = digest(folder)
    # Earlier versions of the program counted the learned model as one of the files.
    renamed = EMPTY if now == version else worded(", which is told as {version} now", version=now)
    say(
        worded(
            "{folder} holds version {version} again{renamed}; a running daemon tries it and takes it up",
            folder=folder,
            version=version,
            renamed=renamed,
        )
    )


def _is_kept(store: Store, version: str) -> bool:
    try:
        store.rule_versions.archive(version)
    except NotFoundError:
        return False
    return True


def _replace(folder: Path, archive: bytes) -> list[Path]:
    """Write an archive's files over those of a folder; return what was put aside.

    Files that decide and that it does not have (answers, phrases) are taken away: the version that they belong to is
    kept. Tests are no part of a version, so those that it does not have are kept under another name, where they hold
    nothing up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        kept = Path(name)
        unpack(archive, kept)
        for path in _missing(deciding_files(folder), folder, kept):
            path.unlink()
        tests = sorted((folder / TESTS_FOLDER).glob("[!.]*"))
        put_aside = [path.rename(_free_name(path)) for path in _missing(tests, folder, kept)]
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    return put_aside


def _missing(paths: Iterable[Path], folder: Path, kept: Path) -> list[Path]:
    """Return those of a folder's files that the kept version does not have; backups do not count."""
    files = [path for path in paths if path.is_file() and not path.name.endswith("~")]
    return [path for path in files if not (kept / path.relative_to(folder)).exists()]


def _free_name(path: Path) -> Path:
    """Return the file's name with as many `~` as it takes to overwrite nothing; rules pass such files over."""
    free = path.with_name(f"{path.name}~")
    while free.exists():
        free = free.with_name(f"{free.name}~")
    return free
