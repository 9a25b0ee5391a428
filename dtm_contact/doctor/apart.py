"""What is there for the day when the store is lost must not be lost with it: on which disk each of them lies."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from dtm_contact.doctor.registry import CheckResult, CheckState, Site, SkipError, check, ok, warning
from dtm_contact.settings import Settings

PROC: Path = Path("/proc")
SYS: Path = Path("/sys")
_KEPT_APART: Final[Mapping[str, str]] = MappingProxyType(
    {
        "danger.folder": "the page of the open P1",
        "journal.dir": "the intake journal",
        "privacy.dir": "the record of erasures",
    }
)
"""What is to outlast the store, by its setting; backups are copied off the machine, wherever they are made."""
_OF_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_UNIT: Final = "in ReadWritePaths of the unit, too (docs/alarms.md, docs/backup.md)"


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system that is mounted.

    Attributes:
        at: where.
        number: of its device, `MAJOR:MINOR`; the major is 0 where it has none of its own.
        kind: `ext4`, `nfs4`.
        source: what is mounted: a device, a share.
        writable: whether anything can be written there.
    """

    at: Path
    number: str
    kind: str
    source: str
    writable: bool


@check(
    "apart",
    "What is to outlast the store lies on another disk than it: the page of open P1, the intake journal, the record of "
    "erasures; and where those on call are notified, that page is kept at all.",
    offline=True,
)
def apart(site: Site) -> Iterator[CheckResult]:
    """Hold the disks of what is kept for the loss of the store against the store's own."""
    settings = site.settings
    folders = dict(_folders(settings))
    found = []
    if settings.danger.folder is None and not settings.rules.observe:
        found.append(
            warning(
                "danger.folder is not set: while the store is down, nobody can look up the open P1",
                "name a folder on another disk than the store, or a share: docs/alarms.md",
            )
        )
    if not folders and not found:
        raise SkipError("nothing is kept apart from the store: danger.folder, journal.dir and privacy.dir are not set")
    if folders:
        found += _together(settings, folders)
    yield from found
    if not found:
        yield ok(f"on another disk than the store: {', '.join(folders)}")


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield what is to outlast the store and is there; that a folder is not there the check `rights` tells."""
    for setting in _KEPT_APART:
        group, _, name = setting.partition(".")
        folder = getattr(getattr(settings, group), name)
        with suppress(OSError):
            if folder is not None and folder.is_dir():
                yield setting, folder


def _together(settings: Settings, folders: Mapping[str, Path]) -> Iterator[CheckResult]:
    """Yield what is wrong with the places of folders, or that nobody can tell."""
    mounts = mounted()
    for setting, folder in folders.items():
        mount = mount_of(folder, mounts)
        if mount is not None and mount.kind in _OF_MEMORY:
            message = f"{setting}: {folder} lies in memory ({mount.kind}): it is gone with the next start"
            yield warning(message, f"name a folder on a disk, {_UNIT}")
    sqlite = settings.store.sqlite_path
    if sqlite is None:
        host = sa.make_url(settings.store.url).host or ""
        if host in ("", "localhost", "127.0.0.1", "::1") or host.startswith("/"):
            message = (
                "PostgreSQL runs on this machine, and which disk it writes on it tells its superuser alone: compare "
                f"SHOW data_directory with {', '.join(folders)}, by findmnt --target FOLDER"
            )
            yield CheckResult("", CheckState.SKIPPED, message)
        return
    of_store = disks_of(sqlite.absolute().parent, mounts)
    together = [setting for setting, folder in folders.items() if of_store & disks_of(folder, mounts)]
    if not together:
        return
    what = " and ".join(_KEPT_APART[each] for each in together)
    message = (
        f"{', '.join(together)}: on the disk of the store ({', '.join(sorted(of_store))}): whatever takes that disk "
        f"takes {what}, too"
    )
    # A file in place of a folder, such as a container's /etc/hosts, is no place for one.
    others = {each.at for each in mounts if each.writable and _is_disk(each) and each.at.is_dir()}
    others = {at for at in others if not of_store & disks_of(at, mounts)}
    if others:
        remedy = f"name a folder on another disk; one is mounted at {min(map(str, others), key=len)}; {_UNIT}"
    else:
        remedy = f"this machine has one disk: mount a share of another machine, or a second disk, {_UNIT}"
    yield warning(message, remedy)


def mounted() -> list[Mount]:
    """Return what is mounted; nothing where the system does not tell."""
    try:
        lines = (PROC / "self" / "mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        ours, _, of_disk = line.partition(" - ")
        _id, _parent, number, _root, at, options, *_more = ours.split(" ")
        kind, source, of_file_system = of_disk.split(" ", 2)
        writable = "ro" not in (*options.split(","), *of_file_system.split(","))
        found.append(Mount(Path(_unescaped(at)), number, kind, _unescaped(source), writable))
    return found


def _unescaped(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode("unicode_escape") if "\\" in name else name


def mount_of(folder: Path, mounts: list[Mount]) -> Mount | None:
    """Return the file system that a folder lies on; None where the system does not tell."""
    real = folder.resolve()
    above = [each for each in mounts if real.is_relative_to(each.at)]
    # Of two at one place the later one covers the earlier.
    return max(reversed(above), key=lambda each: len(each.at.parts), default=None)


def disks_of(folder: Path, mounts: list[Mount]) -> frozenset[str]:
    """Return the names of the disks below a folder, its partitions and volumes; of a share, what is mounted."""
    mount = mount_of(folder, mounts)
    if mount is None:
        return frozenset({f"device {folder.stat().st_dev}"})
    number = _number(mount)
    if number is None:
        return frozenset({f"{mount.kind} {mount.source}"})
    return frozenset(_whole_disks((SYS / "dev" / "block" / number).resolve())) or frozenset({mount.source})


def _number(mount: Mount) -> str | None:
    """Return the number of the device below a file system; None where it lies on none of this machine."""
    if not mount.number.startswith("0:"):
        return mount.number
    if mount.source.startswith("/dev/"):
        # Btrfs gives itself a number, and names the device that it lies on.
        with suppress(OSError):
            of_device = Path(mount.source).stat().st_rdev
            return f"{os.major(of_device)}:{os.minor(of_device)}"
    return None


def _is_disk(mount: Mount) -> bool:
    return _number(mount) is not None


def _whole_disks(device: Path) -> Iterator[str]:
    """Yield the names of the disks that a device of the kernel lies on."""
    if not device.is_dir():
        return
    below = sorted((device / "slaves").iterdir()) if (device / "slaves").is_dir() else []
    for each in below:
        yield from _whole_disks(each.resolve())
    if not below:
        yield device.parent.name if (device / "partition").exists() else device.name
