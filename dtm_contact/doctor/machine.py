"""The machine that the daemon runs on: its disks, its memory, its limits; and whether the daemon on it is well."""

import json
import math
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from subprocess import SubprocessError
from typing import Any, Final

from dtm_contact.backup import BackupState, KeptBackup, encrypted_for, kept_in, keys_here, last_opening
from dtm_contact.daemon import files_needed
from dtm_contact.doctor.registry import SECONDS, CheckResult, Site, SkipError, check, days, fault, ok, warning
from dtm_contact.errors import described
from dtm_contact.health import backup_trouble, free_octets
from dtm_contact.recognition.reader import missing_languages, missing_programs
from dtm_contact.settings import Settings

_MIB: Final = 1024 * 1024
_FEW_FILES: Final = 0.05
_PROCESS: Final = 190 * _MIB
"""What the daemon, and each process that judges, holds at rest with a directory of 17,000 leases."""
_DESK: Final = 130 * _MIB
_LARGEST_ANSWER: Final = 1024 * 1024
_FAMILIES: Final = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs"}
_OF_MEMORY: Final = {"tmpfs", "ramfs"}

PROC: Path = Path("/proc")
CGROUPS: Path = Path("/sys/fs/cgroup")


@check(
    "disk", "Each disk that the daemon or its backups write on has the room and the files free that the settings want."
)
def disk(site: Site) -> Iterator[CheckResult]:
    """Look at the room on the disks, and at the kind of the store's."""
    settings, free = site.settings, free_octets(site.settings)
    wanted = settings.monitor.free_octets
    sqlite = settings.store.sqlite_path
    found = []
    for folder, octets in free.items():
        of_store = sqlite is not None and sqlite.absolute().parent == folder.absolute()
        message = f"{folder} has {octets // _MIB:,} MiB free"
        if of_store and octets < settings.store.reserve:
            message = f"{message}; store.reserve keeps {settings.store.reserve // _MIB:,}, so no mail is taken in"
            found.append(fault(message, f"free space at {folder}, or enlarge that disk"))
        elif octets < wanted:
            found.append(warning(f"{message}; monitor.free_octets wants {wanted // _MIB:,}", f"free space at {folder}"))
        status = os.statvfs(folder)
        if status.f_files and status.f_favail < status.f_files * _FEW_FILES:
            found.append(
                fault(f"{folder} has {status.f_favail:,} files (inodes) left", f"delete files on the disk of {folder}")
            )
    if sqlite is not None:
        found.extend(_kind_of_disk(sqlite.absolute().parent))
    yield from found
    if not found:
        yield ok("; ".join(f"{folder}: {octets // _MIB:,} MiB free" for folder, octets in free.items()))


def _kind_of_disk(folder: Path) -> Iterator[CheckResult]:
    mounted: list[tuple[int, str]] = []
    for line in _text(PROC / "self/mounts").splitlines():
        _device, at, kind, *_rest = line.split(" ")
        at = at.replace("\\040", " ")
        if folder.is_relative_to(at):
            mounted.append((len(at), kind))
    kind = max(mounted)[1] if mounted else ""
    if kind in _FAMILIES:
        yield fault(
            f"the store lies on {kind}: {folder}; SQLite's locks do not hold there", "a local disk, or PostgreSQL"
        )
    elif kind in _OF_MEMORY:
        yield warning(f"the store lies in memory ({kind}): {folder}; it is gone with the next start", "a disk")


@check(
    "recognition",
    "Where scanned letters are to be recognised: Tesseract, its languages and pdftoppm are on this machine.",
    offline=True,
)
def recognition(site: Site) -> Iterator[CheckResult]:
    """Look for the programs and languages that recognise letters."""
    settings = site.settings.recognition
    if settings.mode == "off":
        raise SkipError("recognition.mode is off: a person reads every scanned letter")
    try:
        missing = (*missing_programs(), *missing_languages(settings))
    except (OSError, SubprocessError) as error:
        yield fault(f"Tesseract does not answer: {described(error)}", "reinstall it: apt install tesseract-ocr")
        return
    if missing:
        message = f"scanned letters go to the reception unread: not on this machine are {', '.join(missing)}"
        yield warning(message, f"apt install {' '.join(missing)}, or set recognition.mode to off")
        return
    yield ok(f"scanned letters are recognised, {settings.processes} at a time, in {settings.languages}")


@check(
    "backup",
    "Where a folder of backups is set: the newest backup in it is not older than the settings allow, and the newest "
    "that was verified neither; each has the size that it had then.",
)
def backup(site: Site) -> Iterator[CheckResult]:
    """Look at the age of the newest backup, and of the newest that is known to be sound."""
    folder = site.settings.backup.dir
    if folder is None:
        raise SkipError("backup.dir is not set, so nobody is told where no backup is made")
    message = backup_trouble(site.settings, site.now)
    if message is not None:
        remedy = "see why none is made: journalctl -u dtm-contact-backup; then: dtm-contact backup --verify"
        yield warning(message, remedy)
    try:
        found = kept_in(folder)
    except OSError:
        # Told above, and by the check of rights.
        return
    changed = [each for each in found if each.state is BackupState.CHANGED]
    for each in changed:
        yield warning(f"{each.path} has changed since it was verified, and counts for none", "dtm-contact verify it")
    doubt = _nobody_knows(found, site) if found else None
    if doubt is not None:
        yield doubt
    if message is None and doubt is None and not changed:
        yield ok(_backups_told(found, folder, site) if found else "age is no matter")


def _nobody_knows(found: list[KeptBackup], site: Site) -> CheckResult | None:
    """Return a warning where no backup, or an old one alone, is known to be sound."""
    newest = next((each for each in found if each.state is BackupState.VERIFIED), None)
    if newest is None:
        message = (
            f"none of the {len(found)} backups in {found[0].path.parent} was verified: whether one can be restored"
        )
        return warning(f"{message} nobody knows", _VERIFY)
    most = site.settings.backup.max_age_hours
    age = (site.now - newest.made_at) / timedelta(hours=1)
    if not most or age <= most or newest is found[0]:
        return None
    younger = found.index(newest)
    message = (
        f"the newest backup that was verified, {newest.path.name}, is {age:.0f} hours old, and {younger} made since"
    )
    return warning(f"{message} were not verified", _VERIFY)


_VERIFY: Final = (
    "dtm-contact verify FILE (encrypted: --identity KEY), or dtm-contact backup --verify; of PostgreSQL with an empty "
    "database in backup.scratch_url"
)


def _backups_told(found: list[KeptBackup], folder: Path, site: Site) -> str:
    """Say which backups there are: how many, how old, and which is the newest that was verified."""
    ages = [f"{(site.now - each.made_at) / timedelta(hours=1):.0f} hours" for each in found]
    sound = sum(each.state is BackupState.VERIFIED for each in found)
    newest = next(at for at, each in enumerate(found) if each.state is BackupState.VERIFIED)
    which = "it" if newest == 0 else f"{found[newest].path.name}, {ages[newest]} old,"
    return (
        f"{len(found)} in {folder}, {sound} of them verified; the newest is {ages[0]} old, the oldest {ages[-1]}; "
        f"{which} is the newest that was verified"
    )


@check(
    "key",
    "Where backups are encrypted: one was opened with the secret key, not too long ago and for the key in the "
    "settings, and that secret key does not lie on this machine, with which it would burn.",
)
def backup_key(site: Site) -> Iterator[CheckResult]:
    """Look when somebody had the key last, and whether they took it away again."""
    settings = site.settings
    if not encrypted_for(settings):
        raise SkipError("backups are not encrypted (backup.age_recipient, backup.gpg_key): no key is needed")
    folder = settings.backup.dir
    opening = last_opening(folder) if folder is not None else None
    here = keys_here(settings, opening)
    for where in here:
        message = f"the secret key of the backups lies on this machine, where it burns with it: {where}"
        yield warning(message, _TAKE_AWAY)
    most = timedelta(days=settings.backup.key_max_age_days)
    if opening is None:
        yield warning("no backup was ever opened with the secret key, so nobody knows that anybody has it", _OPEN_ONE)
    elif opening.encrypted_for != encrypted_for(settings):
        message = f"{opening.backup} was opened last, and the key in the settings is another: with that none was opened"
        yield warning(message, _OPEN_ONE)
    elif most and site.now - opening.opened_at > most:
        since = days((site.now - opening.opened_at).total_seconds())
        message = (
            f"a backup was last opened with the secret key {since} ago; backup.key_max_age_days allows {most.days}"
        )
        yield warning(message, _OPEN_ONE)
    elif not here:
        yield ok(f"{opening.backup} was opened with the secret key on {opening.opened_at:%Y-%m-%d}; it lies not here")


_TAKE_AWAY: Final = (
    "keep it in two places off this machine, open a backup from one of them (dtm-contact verify FILE --identity KEY), "
    "then delete it here: shred -u FILE; gpg --delete-secret-keys KEY"
)
_OPEN_ONE: Final = (
    "bring the key from where it is kept, dtm-contact verify FILE --identity KEY, and take it away again: "
    "docs/backup.md"
)


@check("memory", "The processes that judge fit into the machine's memory and into the bound of the service (cgroup).")
def memory(site: Site) -> Iterator[CheckResult]:
    """Hold what the settings may take against what there is."""
    settings = site.settings
    bounds = dict(_bounds(_pid_of_daemon(site)))
    if not bounds:
        raise SkipError(f"{PROC}/meminfo tells no total")
    where, most = min(bounds.items(), key=lambda each: each[1])
    rest, peak = _needed(settings)
    said = f"{rest // _MIB:,} MiB at rest, {peak // _MIB:,} at most; {where} allows {most // _MIB:,}"
    if rest > most:
        yield fault(said, f"lower judge.processes ({settings.judge.processes}), or give it more memory")
    elif peak > most:
        lower = "lower judge.processes, smtp.size_limit or smtp.memory_limit, or give it more memory"
        yield warning(f"{said}: several of the largest messages at once may not fit", lower)
    else:
        yield ok(said)


def _needed(settings: Settings) -> tuple[int, int]:
    """Return the octets that the daemon takes at rest, and at most, while the largest messages come all at once."""
    judge, processes = settings.judge, settings.judge.processes
    rest = _PROCESS * (1 + processes) + (_DESK if settings.desk.open else 0)
    servers = [server for name, server in settings.mail_servers.items() if name in settings.channels]
    message = max(
        (server.size_limit for server in servers), default=max(settings.imap.size_limit, settings.graph.size_limit)
    )
    judging = (
        int(judge.memory_factor * message) + judge.memory_margin + (settings.pdf.memory if settings.pdf.octets else 0)
    )
    return rest, rest + processes * judging + sum(server.memory_limit for server in servers)


def _bounds(pid: str) -> Iterator[tuple[str, int]]:
    for line in _text(PROC / "meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            yield "the machine", int(value.split()[0]) * 1024
    for line in _text(PROC / pid / "cgroup").splitlines():
        path = line.partition("::")[2].strip("/")
        if not line.startswith("0::"):
            continue
        group = CGROUPS / path
        for folder in (group, *group.parents):
            if not folder.is_relative_to(CGROUPS):
                break
            if (most := _text(folder / "memory.max").strip()).isdigit():
                yield f"memory.max of {folder}", int(most)


def _pid_of_daemon(site: Site) -> str:
    """Return the process of the daemon on this machine; this one, where none lives or nobody knows."""
    return next(iter(_pids_of_daemons(site) or ()), "self")


def _pids_of_daemons(site: Site) -> list[str] | None:
    """Return the processes of all daemons of this store that live on this machine; None where nobody knows."""
    try:
        lines = site.store.leases.listing()
    except Exception:  # noqa: BLE001 - whatever is wrong with the store, its own check tells
        return None
    return [str(line.pid) for line in lines if line.alive and line.host == socket.gethostname()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@check("files", "The system lets the daemon open as many files as the connections that the settings allow need.")
def files(site: Site) -> Iterator[CheckResult]:
    """Look at the hard limit, since the daemon raises the soft one itself."""
    needed = files_needed(site.settings)
    pid = _pid_of_daemon(site)
    hard = _allowed_files(pid)
    if hard is None:
        raise SkipError(f"{PROC}/{pid}/limits names no bound on open files")
    if hard < needed:
        remedy = f"LimitNOFILE={needed} in the unit, or lower smtp.connections"
        yield warning(f"{hard:,} open files are allowed, the connections may need {needed:,}", remedy)
    else:
        yield ok(f"{needed:,} open files may be needed, and are allowed")


def _allowed_files(pid: str) -> float | None:
    """Return how many files a process may open at most: everybody may read that, while prlimit(2) wants its group."""
    for line in _text(PROC / pid / "limits").splitlines():
        if line.startswith("Max open files"):
            hard = line.split()[4]
            return math.inf if hard == "unlimited" else int(hard)
    return None


@check("daemon", "The daemon on this machine runs, answers, is that of this store, and is well by its own `/healthz`.")
def daemon(site: Site) -> Iterator[CheckResult]:
    """Ask the daemon itself."""
    monitor = site.settings.monitor
    at = f"{monitor.host}:{monitor.port}"
    here = _pids_of_daemons(site)
    lives = bool(here)
    try:
        status, body = _asked(monitor.host, monitor.port)
    except ConnectionRefusedError:
        if lives:
            yield fault(
                f"a daemon of this machine has a lease, and {at} refuses connections",
                "restart it; do both have the same settings?",
            )
            return
        yield warning(f"no daemon runs on this machine ({at} refuses connections)", "systemctl start dtm-contact")
        return
    except (OSError, HTTPException) as error:
        yield fault(f"{at} does not answer: {described(error)}", "restart the daemon: systemctl restart dtm-contact")
        return
    try:
        report: dict[str, Any] = json.loads(body)
        wrong = [f"{name}: {said}" for name, said in report["checks"].items() if said != "well"]
        message = [f"{cause}: {said}" for cause, said in report["told"].items()]
        # One from before names no process.
        answers = str(report.get("process", ""))
    except (ValueError, KeyError, AttributeError, TypeError):
        yield fault(f"another program answers at {at} (status {status})", "give one of both another port: monitor.port")
        return
    if here is not None and answers and answers not in here:
        ours = f"ours is process {', '.join(here)}" if lives else "none runs on the store of these settings"
        yield fault(
            f"another daemon answers at {at}, process {answers}; {ours}",
            f"end that one (ss -ltnp 'sport = :{monitor.port}'), or give one of both other ports: monitor.port …",
        )
        return
    for said in wrong:
        yield fault(said, "docs/alarms.md tells what to do")
    for said in message:
        yield warning(said, "docs/alarms.md tells what to do")
    if not wrong and not message:
        yield ok(f"it is well, as {at} says")


def _asked(host: str, port: int) -> tuple[int, bytes]:
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST_ANSWER)
    finally:
        connection.close()
