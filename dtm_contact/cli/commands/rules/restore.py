"""`dtm-contact rules restore`: an earlier version of the rules taken back."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from dtm_contact.errors import NotFoundError
from dtm_contact.rules.ruleset import digest
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
    _replace(folder, archive)
    click.echo(f"{folder} holds version {digest(folder)} again; a running daemon tries it and takes it up")


def _is_kept(store: Store, version: str) -> bool:
    try:
        store.rule_versions.archive(version)
    except NotFoundError:
        return False
    return True


def _replace(folder: Path, archive: bytes) -> None:
    """Write an archive's files over those of a folder, and take away the answers and tests that it does not have."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        kept = Path(name)
        unpack(archive, kept)
        for path in (path for part in ("answers", "tests") for path in (folder / part).glob("[!.]*")):
            if not (kept / path.relative_to(folder)).exists() and path.is_file():
                path.unlink()
        shutil.copytree(kept, folder, dirs_exist_ok=True)
