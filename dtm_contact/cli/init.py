"""`dtm-contact init`: lays out rules, settings and folders, for a trial or for the service."""

import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from dtm_contact.cli.rules_merge import copy_shipped
from dtm_contact.errors import DtmContactError
from dtm_contact.rules.folder_merge import SHIPPED_BEFORE
from dtm_contact.settings.common import APPLICATION, FILE_NAME, SERVICE_CONFIG, SERVICE_DATA, shipped

_RUN: Final = Path("/run") / APPLICATION
_BACKUPS: Final = Path("/var/backups") / APPLICATION
_DANGER: Final = "danger"
"""The folder of the page of the open P1, below the data: the shipped settings file names it."""
_PROGRAM_IN_FILES: Final = f"/opt/dtm-contact/venv/bin/{APPLICATION}"
_UNQUOTABLE: Final = frozenset('"\\')


class CannotLayOutError(DtmContactError):
    """Nothing was laid out."""


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--service", is_flag=True, help="Lay out /etc/dtm-contact, /var/lib/dtm-contact and the units of systemd, as root."
)
def init(folder: Path | None, *, service: bool) -> None:
    """Lay out rules, a commented settings file and folders in FOLDER, or those of the service.

    What is there already is left as it is. FOLDER ~/.config/dtm-contact is found from everywhere.
    """
    if service is (folder is not None):
        raise click.UsageError("give a folder to try it in, or --service")
    laid_out = lay_out_service() if service else lay_out(folder or Path())
    for path in laid_out.made:
        click.echo(f"made {path}")
    for path in laid_out.kept:
        click.echo(f"kept {path}, as it was")
    click.echo("\n" + laid_out.next)


@dataclass
class LaidOut:
    """What was done.

    Attributes:
        made: files and folders that are new.
        kept: those that were there before, and are as they were.
        next: what to do now.
    """

    made: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    next: str = ""

    def folder(self, path: Path, mode: int, owner: tuple[int, int] | None = None) -> None:
        """Make a folder unless there is one."""
        if path.is_dir():
            self.kept.append(path)
            return
        path.mkdir(parents=True)
        path.chmod(mode)
        if owner is not None:
            os.chown(path, *owner)
        self.made.append(path)

    def file(self, path: Path, content: str, mode: int, group: int | None = None) -> None:
        """Write a file, whole or not at all, unless there is one, or a link."""
        if path.is_symlink() or path.exists():
            self.kept.append(path)
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
                if group is not None:
                    os.fchown(file.fileno(), -1, group)
            # Not by renaming: what somebody put there meanwhile stays.
            path.hardlink_to(name)
        except FileExistsError:
            self.kept.append(path)
        else:
            self.made.append(path)
        finally:
            Path(name).unlink()

    def rules(self, path: Path) -> None:
        """Copy the shipped rules, whole or not at all, unless there is a folder of them.

        With them goes a copy that stays, by which `rules merge` knows one day what the site has changed.
        """
        if path.is_symlink() or path.exists():
            self.kept.append(path)
            return
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as beside:
            whole = Path(beside) / path.name
            # Neither rights nor times of the installed program: the files are their new owner's.
            shutil.copytree(shipped("rules"), whole, copy_function=shutil.copyfile)
            copy_shipped(shipped("rules"), whole / SHIPPED_BEFORE)
            for each in (whole, *whole.rglob("*")):
                each.chmod(0o755 if each.is_dir() else 0o644)
            whole.rename(path)
        self.made.append(path)


def lay_out(folder: Path) -> LaidOut:
    """Lay out a trial in a folder: settings, rules and data beside each other.

    Raises:
        CannotLayOutError: the folder cannot be made, or its name cannot stand in a settings file.
    """
    folder = folder.expanduser().absolute()
    if not str(folder).isprintable() or _UNQUOTABLE & set(str(folder)):
        raise CannotLayOutError(f"{str(folder)!r}: choose a folder without quotation marks, backslashes and line ends")
    done = LaidOut()
    try:
        done.folder(folder, 0o755)
        done.folder(folder / "data", 0o700)
        done.folder(folder / "data" / _DANGER, 0o700)
        done.folder(folder / "backups", 0o700)
        done.rules(folder / "rules")
        done.file(folder / FILE_NAME, _trial(folder), 0o640)
    except OSError as error:
        raise CannotLayOutError(f"{error.filename or folder}: {error.strerror}") from error
    done.next = f"""Next, in {folder}:
  1. look through {FILE_NAME}: your address, your mail servers, who hears alarms
  2. dtm-contact settings check
  3. dtm-contact directory import EXPORT      a made-up one: {shipped("sample") / "directory"}
  4. dtm-contact run
  5. dtm-contact doctor                       in another terminal; "apart": what must not lie on the disk of data/
  6. dtm-contact user add NAME --role head --without-password; dtm-contact user link NAME"""
    return done


def _trial(folder: Path) -> str:
    """Return the settings file with the places of a trial, whose desk is reached by plain HTTP on loopback."""
    text = (shipped("deploy") / FILE_NAME).read_text(encoding="utf-8")
    for before, after in (
        (f"sqlite:///{SERVICE_DATA}", f"sqlite:///{folder / 'data'}"),
        (str(SERVICE_DATA), str(folder / "data")),
        (str(SERVICE_CONFIG), str(folder)),
        ("secure_cookies = true", "secure_cookies = false"),
        (f'[backup]\ndir = "{_BACKUPS}"', f'#[backup]\n#dir = "{folder / "backups"}"'),
        (f'\nsocket = "{_RUN}/', f'\n#socket = "{_RUN}/'),
    ):
        text = text.replace(before, after)
    return text


def lay_out_service(root: Path = Path("/"), user: str = APPLICATION) -> LaidOut:
    """Lay out the service, with the units of systemd that start this very program.

    Args:
        root: below which everything is laid out, as a package or an image is made.
        user: whom the daemon runs as.

    Raises:
        CannotLayOutError: the user does not exist, the program lies where they cannot read it, or a folder cannot be
            made.
    """
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        home = f"--home-dir {SERVICE_DATA} --shell /usr/sbin/nologin"
        raise CannotLayOutError(f"there is no user {user}; first: useradd --system {home} {user}") from None
    program = Path(sys.prefix) / "bin" / APPLICATION
    if (hidden := next(_closed_to_others(program), None)) is not None:
        told = f"{hidden} is closed to the user {user}, who is to run {program}"
        raise CannotLayOutError(f"{told}; install it into /opt/dtm-contact/venv, with /usr/bin/python3")
    owner, done = (entry.pw_uid, entry.pw_gid), LaidOut()
    below = {name: root / str(path).lstrip("/") for name, path in _PLACES.items()}
    try:
        done.folder(below["config"], 0o755)
        done.folder(below["data"], 0o700, owner)
        done.folder(below["data"] / _DANGER, 0o700, owner)
        done.folder(below["backups"], 0o700, owner)
        done.rules(below["config"] / "rules")
        text = (shipped("deploy") / FILE_NAME).read_text(encoding="utf-8")
        done.file(below["config"] / FILE_NAME, text, 0o640, entry.pw_gid)
        for source, path, mode in _program_files(below):
            path.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8").replace(_PROGRAM_IN_FILES, str(program))
            done.file(path, text, mode)
    except OSError as error:
        raise CannotLayOutError(f"{error.filename or root}: {error.strerror}; --service is for root") from error
    done.next = f"""Next, as root:
  1. look through {SERVICE_CONFIG / FILE_NAME}: your address, your mail servers, who hears alarms,
     [danger] folder on another disk than {SERVICE_DATA}; and {SERVICE_CONFIG / "rules" / "queues.yaml"}: who is on call
  2. /usr/local/sbin/dtm-contact settings check      it runs as {user}; so do all commands typed so
  3. dtm-contact directory import EXPORT; dtm-contact user add NAME --role admin --without-password
  4. systemctl daemon-reload; systemctl start dtm-contact-backup.service
  5. systemctl enable --now dtm-contact dtm-contact-backup.timer
  6. dtm-contact doctor; dtm-contact user link NAME"""
    return done


_PLACES: Final = {
    "config": SERVICE_CONFIG,
    "data": SERVICE_DATA,
    "backups": _BACKUPS,
    "units": Path("/etc/systemd/system"),
    "commands": Path("/usr/local/sbin"),
}


def _program_files(below: dict[str, Path]) -> Iterator[tuple[Path, Path, int]]:
    """Yield each file that has the path of the program in it, where it goes, and its mode."""
    for source in sorted(shipped("deploy").iterdir()):
        if source.suffix in {".service", ".timer"}:
            yield source, below["units"] / source.name, 0o644
    yield shipped("deploy") / APPLICATION, below["commands"] / APPLICATION, 0o755


def _closed_to_others(path: Path) -> Iterator[Path]:
    """Yield what of a path, and of what it leads to, a user who is neither root nor in its group cannot get through."""
    for each in dict.fromkeys((path, path.resolve(), Path(sys.executable).resolve())):
        for part in (*reversed(each.parents), each):
            if part.exists() and not part.stat().st_mode & stat.S_IXOTH:
                yield part
