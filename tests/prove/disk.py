"""A disk of its own whose power can be cut: ext4 on a loop device, shut down without writing anything back.

The cut is ext4's own (`EXT4_IOC_SHUTDOWN`, flag `NOLOGFLUSH`), by which file systems are tested: from that moment
nothing more reaches the device, in the middle of an fsync too; what was only in memory is gone, the journal is played
back at the next mount. It does not show what a disk does that claims to have written and has not, nor torn sectors.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
_OCTETS = 512 * 1024 * 1024
_TOOLS = ("mkfs.ext4", "mount", "umount")
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


class Disk:
    """An ext4 file system in a file, mounted at `folder`."""

    def __init__(self, place: Path) -> None:
        """Make the file system and mount it.

        Raises:
            subprocess.CalledProcessError: the machine does not allow it.
        """
        self.folder = place / "mounted"
        self._image = place / "image"
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(_OCTETS)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Mount it, after a cut with what had reached the device."""
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def cut(self) -> None:
        """Cut the power: every write fails from now on, and what was not synced is gone."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def unmount(self) -> None:
        """Take it away; nobody may have a file open on it."""
        if self.folder.is_mount():
            _run("umount", str(self.folder))


def _run(program: str, *arguments: str) -> None:
    tool = shutil.which(program, path=_PATH) or program
    subprocess.run([tool, *arguments], check=True, capture_output=True, text=True)


def why_not(place: Path) -> str:
    """Return why this machine cannot do it, or nothing if it can."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    if os.geteuid() != 0:
        return "mounting needs root"
    return _trial(place)


def _trial(place: Path) -> str:
    try:
        disk = Disk(place)
    except subprocess.CalledProcessError as error:
        return f"no file system can be mounted here: {error.stderr.strip()}"
    try:
        disk.cut()
    except OSError as error:
        return f"this kernel cannot shut ext4 down: {error.strerror}"
    finally:
        disk.unmount()
    return ""
