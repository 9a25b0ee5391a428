"""`dtm-contact backup`, `verify` and `restore`: the store and what belongs to it, out of the machine and back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import click

from dtm_contact.backup import (
    Manifest,
    Restored,
    Verified,
    keys_here,
    last_opening,
    make_backup,
    note_opening,
)
from dtm_contact.backup import restore as restore_backup
from dtm_contact.backup import verify as verify_backup
from dtm_contact.backup.archive import AGE, BODIES, MODEL, SETTINGS, BackupDamagedError
from dtm_contact.backup.kept import BackupState, is_verified, kept_in, mark_verified, sound_in
from dtm_contact.backup.moving import Move, MovedSettings
from dtm_contact.backup.moving import parsed as parsed_moves
from dtm_contact.backup.restoring import take_out_files, user_named
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.outbox import held_table
from dtm_contact.cli.output import ReadablePath, as_json_option, clock_behind, plain, print_json, table, terminal_output
from dtm_contact.privacy.erasing import erase_again, erase_copies_again
from dtm_contact.settings import Settings, own_of_machine
from dtm_contact.store import open_store

_FILE = ReadablePath(dir_okay=False)
_identity_option = click.option(
    "--identity", type=_FILE, help="The file of the secret key that opens it (age); else DTM_BACKUP_AGE_IDENTITY."
)


@click.group("backup", cls=CommandGroup, invoke_without_command=True)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder; else DTM_BACKUP_DIR.")
@click.option("--keep", type=click.IntRange(1, 1000), help="How many are kept; else DTM_BACKUP_KEEP.")
@click.option("--verify", "check", is_flag=True, help="Verify it before it is encrypted.")
@click.option("--secrets", is_flag=True, help="With the passwords and keys that files of the settings hold.")
@as_json_option
@click.pass_context
def backup_command(
    context: click.Context, folder: Path | None, keep: int | None, *, check: bool, secrets: bool, as_json: bool
) -> None:
    """Make a backup of the store, the rules and the settings, while the daemon runs; list those that there are."""
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
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
    _say_whose_key(settings, made.manifest, into)
    if made.verified is not None:
        click.echo(_summary(made.verified))
    if made.manifest.left_out:
        click.echo(f"secret, and not in it: {', '.join(made.manifest.left_out)} (--secrets takes them in)")
    if taken := [Path(name).name for name in made.manifest.members if name.startswith("secrets/")]:
        click.echo(f"with the secrets {', '.join(taken)}: keep it as closely as they are")
    for path in made.erased:
        click.echo(f"erased: {path.name}")


@backup_command.command("list")
@click.argument("folder", type=ReadablePath(file_okay=False), required=False)
@as_json_option
@click.pass_obj
def list_(settings: Settings, folder: Path | None, *, as_json: bool) -> int:
    """List the backups in FOLDER, else in DTM_BACKUP_DIR, the newest first; status 1 where none of them is sound.

    The newest that was verified is read, to see whether it is as it was then.
    """
    where = folder or settings.backup.dir
    if where is None:
        raise click.UsageError("name a folder, or set DTM_BACKUP_DIR")
    now, found, sound = datetime.now(UTC), kept_in(where), sound_in(where)
    if as_json:
        for each in found:
            newest = {"newest_sound": each.path == sound}
            print_json({**plain(each), "path": str(each.path), "state": each.state.name.lower(), **newest})
        return 0 if sound else 1
    rows = [
        (
            each.path.name,
            f"{each.made_at.astimezone(settings.zone):%d/%m/%Y %H:%M}",
            _age(now - each.made_at),
            f"{each.octets:,}",
            f"{each.state} on {each.verified_at.astimezone(settings.zone):%d/%m/%Y %H:%M}"
            if each.verified_at is not None and each.state is BackupState.VERIFIED
            else each.state,
        )
        for each in found
    ]
    terminal_output().print(table(("backup", "made", "age", "octets", "verified"), rows))
    kept = f"{settings.backup.keep} are kept (DTM_BACKUP_KEEP), and the newest verified one"
    click.echo(f"{len(found)} backups in {where}; {kept}")
    if sound is not None:
        age = next(_age(now - each.made_at) for each in found if each.path == sound)
        click.echo(
            f"the newest sound one is {sound.name}, {age} old: what came in since is in the intake journal alone"
        )
        return 0
    click.echo("none of them is known to be sound: dtm-contact verify FILE, the newest first")
    return 1


def _age(span: timedelta) -> str:
    """Return how old something is, in hours up to two days."""
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} hours" if hours < _HOURS_TOLD else f"{hours / 24:.0f} days"


_HOURS_TOLD: Final = 48


def _say_whose_key(settings: Settings, manifest: Manifest, folder: Path) -> None:
    """Say, while there is time, which key will be needed on the day when this machine is gone."""
    if not manifest.encrypted_for:
        return
    click.echo(
        f"encrypted for {manifest.encrypted_for}: nobody restores it without the secret key that belongs to that"
    )
    click.echo("  Keep that key in two places off this machine: what burns with it opens nothing.")
    opening = last_opening(folder)
    known = opening is not None and opening.encrypted_for == manifest.encrypted_for
    last = f"{opening.opened_at.astimezone(settings.zone):%d/%m/%Y}" if opening is not None and known else "never"
    click.echo(f"  A backup here was last opened with it: {last} (dtm-contact verify FILE --identity KEY)")
    for where in keys_here(settings, opening):
        click.echo(f"  It lies on this machine: {where}")


def _with_identity(settings: Settings, identity: Path | None) -> Settings:
    if identity is None:
        return settings
    return settings.model_copy(update={"backup": settings.backup.model_copy(update={"age_identity": identity})})


def _note_opening(settings: Settings, file: Path, manifest: Manifest) -> str | None:
    """Note that a backup was opened with its key; return a sentence about it, None where no key was needed."""
    try:
        note = note_opening(settings, file, manifest, datetime.now(UTC))
    except OSError as error:
        return f"opened with its secret key, which cannot be noted in {file.parent}: {error.strerror}"
    if note is None:
        return None
    told = f"opened with its secret key: noted in {note}"
    if settings.backup.dir is None or note.parent.resolve() != settings.backup.dir.resolve():
        told += "; copy that note into DTM_BACKUP_DIR of the machine that makes the backups, whose doctor reads it"
    here = keys_here(settings, last_opening(file.parent))
    return f"{told}; take the key away from here again: {', '.join(here)}" if here else told


@contextmanager
def _leading_on(settings: Settings, file: Path) -> Iterator[None]:
    """Let what is damaged name the newest sound backup beside it, and how the journal closes the longer gap.

    Raises:
        BackupDamagedError: it is damaged; the message leads on.
    """
    try:
        yield
    except BackupDamagedError as error:
        raise BackupDamagedError(f"{error.detail}\n{_what_is_left(settings, file)}") from None


def _what_is_left(settings: Settings, file: Path) -> str:
    """Return which backup to take in place of one that is damaged."""
    try:
        sound = sound_in(file.absolute().parent, other_than=file.name)
    except OSError:
        sound = None
    if sound is None:
        return f"no other backup in {file.absolute().parent} was verified: dtm-contact verify each, newest first"
    key = " --identity KEY" if sound.suffix == AGE else ""
    journal = settings.journal.dir or "JOURNAL"
    return (
        f"the newest sound one beside it is {sound}:\n  dtm-contact restore {sound}{key}\n"
        f"  dtm-contact arrivals replay {journal}    # closes the longer gap, as far as it reaches back"
    )


@click.command()
@click.argument("file", type=_FILE)
@_identity_option
@click.option("--scratch", "scratch_url", default="", help="An empty PostgreSQL database to load it into.")
@as_json_option
@click.pass_obj
def verify(settings: Settings, file: Path, identity: Path | None, scratch_url: str, *, as_json: bool) -> None:
    """Say whether a backup is whole and can be restored: status 1 where it is not."""
    settings = _with_identity(settings, identity)
    with _leading_on(settings, file):
        found = verify_backup(settings, file, scratch_url=scratch_url)
    if as_json:
        told = {"file": str(file), "faults": list(found.faults), "loaded": found.loaded, "arrivals": found.arrivals}
        print_json({**told, **plain(found.manifest)})
    with _leading_on(settings, file):
        found.raise_faults()
    if found.loaded:
        mark_verified(file)
    noted = _note_opening(settings, file, found.manifest)
    if not as_json:
        click.echo(_summary(found))
        if noted:
            click.echo(noted)


def _summary(found: Verified) -> str:
    manifest = found.manifest
    of = f"made at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by version {manifest.program}, tables {manifest.schema}"
    if not found.loaded:
        return f"read to its end, and not loaded: set DTM_BACKUP_SCRATCH_URL to have it proved ({of})"
    rows = sum(manifest.counts.values())
    return f"sound: {rows:,} rows as counted, {found.arrivals:,} arrivals' octets as they came ({of})"


@click.command()
@click.argument("file", type=_FILE)
@_identity_option
@click.option("--replace", is_flag=True, help="Move a store that lies there aside first; the daemon must be stopped.")
@click.option("--margin", type=click.IntRange(min=0), help="Case numbers to leave out, in place of the rule.")
@click.option(
    "--files", "folder", type=click.Path(path_type=Path), help="Only write its rules and settings into a new folder."
)
@click.option(
    "--moved",
    multiple=True,
    metavar="OLD=NEW",
    callback=lambda _context, _option, written: tuple(parsed_moves(written, fault=click.BadParameter)),
    help="With --files: what its settings name below OLD lies below NEW on this machine; as often as is needed.",
)
@click.pass_obj
def restore(
    settings: Settings,
    file: Path,
    identity: Path | None,
    margin: int | None,
    folder: Path | None,
    moved: tuple[Move, ...],
    *,
    replace: bool,
) -> None:
    """Put a backup back where DTM_STORE_URL says; what waited in it to be sent is held (see `outbox`)."""
    settings = _with_identity(settings, identity)
    if folder is not None:
        with _leading_on(settings, file):
            names, now_there = take_out_files(settings, file, folder, moved)
        _say_what_was_taken_out(folder, names, now_there)
        return
    if moved:
        raise click.UsageError(
            "--moved rewrites the settings that --files writes; to restore the store itself set DTM_STORE_URL"
        )
    now = datetime.now(UTC)
    with _leading_on(settings, file):
        if not is_verified(file):
            click.echo("this backup was never verified, or has changed since: it is looked through first")
            found = verify_backup(settings, file)
            found.raise_faults()
            click.echo(_summary(found))
        done = restore_backup(
            settings,
            file,
            now,
            replace=replace,
            margin=margin,
            done_again=partial(erase_again, settings),
        )
    with open_store(settings.store.url) as store:
        again = erase_copies_again(settings, store, done.manifest.made_at)
    _say_what_was_done(done, again, settings)
    if late := clock_behind("the backup was made at", done.manifest.made_at, now, settings.zone):
        click.echo(late)
    if noted := _note_opening(settings, file, done.manifest):
        click.echo(noted)
    _say_what_next(done, file, settings)


def _say_what_was_taken_out(folder: Path, names: list[str], settings: MovedSettings) -> None:
    """Say what each file is for, which lines of the settings were rewritten, and which paths lead nowhere yet."""
    rules = sum(name.startswith("rules/") for name in names)
    click.echo(f"{folder}/rules ({rules} files): for the folder of DTM_RULES_DIR")
    for name in names:
        if not name.startswith("rules/"):
            click.echo(f"{folder / name}: {_what_it_is(name)}")
    for line, said in settings.changed:
        click.echo(f"{folder / SETTINGS}:{line}: moved: {said}")
    absent = settings.absent()
    if absent:
        click.echo(
            "not on this machine yet (restore itself puts the store and the rules there): put it there, or do it "
            "again with --moved OLD=NEW and a new folder:"
        )
    for place in absent:
        click.echo(f"  {folder / SETTINGS}:{place.line}: {place.setting}: {place.path}")


def _what_it_is(name: str) -> str:
    """Return what a member of a backup is, and where it goes."""
    if name.startswith("secrets/"):
        return f"for the file that {Path(name).name} names"
    return _MEMBERS.get(name, "of a later version of the program")


_MEMBERS: Final = {
    SETTINGS: "the settings, a variable a line; look through them, then into place",
    MODEL: "the learned model, for the file that DTM_MODEL names",
    BODIES: "the SHA-256 of each arrival's octets, by which verify knows them; it goes nowhere",
}


def _say_what_was_done(done: Restored, again: int, settings: Settings) -> None:
    """Say what lies where now, and what is held."""
    click.echo(f"restored: the store as it was at {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC")
    if again:
        who = "1 person who was erased since is" if again == 1 else f"{again} persons who were erased since are"
        click.echo(f"{who} erased again")
    if done.moved:
        click.echo(f"what lay there is kept as {done.moved}")
    click.echo(f"case numbers go on behind a gap of {done.margin:,} or more")
    if done.rules is not None:
        click.echo(f"the rules are back in {done.rules}, as they were then: look in its queues.yaml who is on call now")
        if not os.access(done.rules.absolute().parent, os.W_OK):
            # Somebody else laid it out: the rules were theirs, and are now whose this process is.
            click.echo(f"  and belong to {user_named(os.geteuid())}; as root: chown -R root: {done.rules}")
    if done.held:
        click.echo(f"{len(done.held)} e-mails waited, and nobody knows whether they were sent since; they are held:")
        terminal_output().print(held_table(done.held, settings))


def _say_what_next(done: Restored, file: Path, settings: Settings) -> None:
    """Say what is left to do on the new machine: its settings first, since the daemon acts by them from its start."""
    own = frozenset(own_of_machine(settings))
    places = [name for name in done.not_in_force if name in own]
    if places:
        click.echo(f"places that are others on this machine, as they may have to be: {', '.join(places)}")
    if others := [name for name in done.not_in_force if name not in places]:
        click.echo(f"settings of the backup that say otherwise on this machine: {', '.join(others)}")
        click.echo(f"  put them back before the start: dtm-contact restore {file} --files FOLDER; FOLDER/settings.env")
    if settings.rules.observe:
        click.echo("DTM_RULES_OBSERVE is true here: started like this, the daemon tells nobody of danger")
    click.echo(
        "next: dtm-contact arrivals replay JOURNAL (if one is kept), then danger (what is to be told by hand until the "
        "start), then outbox list --status held, then start the daemon"
    )
