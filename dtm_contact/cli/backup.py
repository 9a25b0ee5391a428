"""`dtm-contact backup`, `verify` and `restore`: the store and what belongs to it, out of the machine and back."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from dtm_contact.backup import Restored, Verified, make_backup
from dtm_contact.backup import restore as restore_backup
from dtm_contact.backup import verify as verify_backup
from dtm_contact.backup.making import mark_verified
from dtm_contact.backup.restoring import take_out_files, user_named
from dtm_contact.cli.outbox import held_table
from dtm_contact.cli.output import ReadablePath, as_json_option, plain, print_json, terminal_output
from dtm_contact.privacy.erasing import erase_again, erase_copies_again
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

_FILE = ReadablePath(dir_okay=False)


@click.command("backup")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder; else DTM_BACKUP_DIR.")
@click.option("--keep", type=click.IntRange(1, 1000), help="How many are kept; else DTM_BACKUP_KEEP.")
@click.option("--verify", "check", is_flag=True, help="Verify it before it is encrypted.")
@click.option("--secrets", is_flag=True, help="With the passwords and keys that files of the settings hold.")
@as_json_option
@click.pass_obj
def backup_command(
    settings: Settings, folder: Path | None, keep: int | None, *, check: bool, secrets: bool, as_json: bool
) -> None:
    """Make a backup of the store, the rules and the settings, while the daemon runs."""
    into = folder or settings.backup.dir
    if into is None:
        raise click.UsageError("name a folder: --to DIR, or set DTM_BACKUP_DIR")
    with open_store(settings.store.url, read_only=True) as store:
        made = make_backup(
            settings, store, into, datetime.now(UTC), keep=keep or settings.backup.keep, secrets=secrets, check=check
        )
    if as_json:
        told = {"file": str(made.path), "octets": made.octets, **plain(made.manifest)}
        print_json({**told, "verified": bool(made.verified and made.verified.loaded), "erased": len(made.erased)})
        return
    click.echo(f"{made.path} ({made.octets:,} octets)")
    if made.verified is not None:
        click.echo(_summary(made.verified))
    if made.manifest.left_out:
        click.echo(f"secret, and not in it: {', '.join(made.manifest.left_out)} (--secrets takes them in)")
    if taken := [Path(name).name for name in made.manifest.members if name.startswith("secrets/")]:
        click.echo(f"with the secrets {', '.join(taken)}: keep it as closely as they are")
    for path in made.erased:
        click.echo(f"erased: {path.name}")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--scratch", "scratch_url", default="", help="An empty PostgreSQL database to load it into.")
@as_json_option
@click.pass_obj
def verify(settings: Settings, file: Path, scratch_url: str, *, as_json: bool) -> None:
    """Say whether a backup is whole and can be restored: status 1 where it is not."""
    found = verify_backup(settings, file, scratch_url=scratch_url)
    if as_json:
        told = {"file": str(file), "faults": list(found.faults), "loaded": found.loaded, "arrivals": found.arrivals}
        print_json({**told, **plain(found.manifest)})
    found.raise_faults()
    if found.loaded:
        mark_verified(file)
    if not as_json:
        click.echo(_summary(found))


def _summary(found: Verified) -> str:
    manifest = found.manifest
    of = f"made at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by version {manifest.program}, tables {manifest.schema}"
    if not found.loaded:
        return f"read to its end, and not loaded: set DTM_BACKUP_SCRATCH_URL to have it proved ({of})"
    rows = sum(manifest.counts.values())
    return f"sound: {rows:,} rows as counted, {found.arrivals:,} arrivals' octets as they came ({of})"


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Move a store that lies there aside first; the daemon must be stopped.")
@click.option("--margin", type=click.IntRange(min=0), help="Case numbers to leave out, in place of the rule.")
@click.option(
    "--files", "folder", type=click.Path(path_type=Path), help="Only write its rules and settings into a new folder."
)
@click.pass_obj
def restore(settings: Settings, file: Path, margin: int | None, folder: Path | None, *, replace: bool) -> None:
    """Put a backup back where DTM_STORE_URL says; what waited in it to be sent is held (see `outbox`)."""
    if folder is not None:
        names = take_out_files(settings, file, folder)
        rules = sum(name.startswith("rules/") for name in names)
        click.echo(f"{folder}/rules ({rules} files)")
        for name in names:
            if not name.startswith("rules/"):
                click.echo(folder / name)
        return
    done = restore_backup(
        settings,
        file,
        datetime.now(UTC),
        replace=replace,
        margin=margin,
        done_again=partial(erase_again, settings),
    )
    with open_store(settings.store.url) as store:
        again = erase_copies_again(settings, store, done.manifest.made_at)
    click.echo(f"restored: the store as it was at {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC")
    if again:
        click.echo(f"{again} persons who were erased since are erased again")
    if done.moved:
        click.echo(f"what lay there is kept as {done.moved}")
    click.echo(f"case numbers go on behind a gap of {done.margin:,} or more")
    if done.rules is not None:
        click.echo(f"the rules are back in {done.rules}")
        if not os.access(done.rules.absolute().parent, os.W_OK):
            # Somebody else laid it out: the rules were theirs, and are now whose this process is.
            click.echo(f"  and belong to {user_named(os.geteuid())}; as root: chown -R root: {done.rules}")
    if done.held:
        click.echo(f"{len(done.held)} e-mails waited, and nobody knows whether they were sent since; they are held:")
        terminal_output().print(held_table(done.held, settings))
    _say_what_next(done, file, settings)


def _say_what_next(done: Restored, file: Path, settings: Settings) -> None:
    """Say what is left to do on the new machine: its settings first, since the daemon acts by them from its start."""
    if done.not_in_force:
        click.echo(f"settings of the backup that say otherwise on this machine: {', '.join(done.not_in_force)}")
        click.echo(f"  put them back before the start: dtm-contact restore {file} --files FOLDER; FOLDER/settings.env")
    if settings.rules.observe:
        click.echo("DTM_RULES_OBSERVE is true here: started like this, the daemon tells nobody of danger")
    click.echo(
        "next: dtm-contact arrivals replay JOURNAL (if one is kept), then outbox list --status held, "
        "then start the daemon"
    )
