"""`dtm-contact rules restore`: an earlier version of the rules taken back."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from dtm_contact.errors import NotFoundError
from dtm_contact.rules.rule_tests import FOLDER as TESTS
from dtm_contact.rules.ruleset import deciding_files, digest
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import unpack


@click.command()
@click.argument("version")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--force", is_flag=True, help="Also where the folder holds rules that were never in force: they are lost."
)
@click.pass_obj
def command(settings: Settings, version: str, folder: Path | None, *, force: bool) -> None:
    """Write the files of an earlier VERSION into FOLDER, where a running daemon takes them up.

    FOLDER is a folder of rules; without it, that of the settings. `rules history` lists the versions.
    """
    folder = folder or settings.rules.dir
    with open_store(settings.store.url, read_only=True) as store:
        archive = store.rule_versions.archive(version)
        if folder.exists() and not force and not _is_kept(store, digest(folder)):
            raise click.ClickException(
                f"{folder} holds rules that were never in force; put them away, or add --force to lose them"
            )
    for aside in _replace(folder, archive):
        click.echo(f"{aside}: put aside, since that version had no such test")
    now = digest(folder)
    # Earlier versions of the program counted the learned model as one of the files.
    told = "" if now == version else f", which is told as {now} now"
    click.echo(f"{folder} holds version {version} again{told}; a running daemon tries it and takes it up")


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
        tests = sorted((folder / TESTS).glob("[!.]*"))
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
