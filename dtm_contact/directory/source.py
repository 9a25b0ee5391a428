"""The bytes of a file that somebody else has put there, whatever they have put there."""

import stat
from pathlib import Path

from dtm_contact.directory.report import Report, suggestion
from dtm_contact.model import Severity

_MAX_BYTES = 256 * 2**20


def read_bytes(path: Path, report: Report, *, optional: bool = False) -> bytes | None:
    """Return what a file holds; None, with the reason in `report`, where it cannot be read.

    An `optional` file that is missing is None without a reason. Whatever is no regular file is left alone: a pipe would
    make the reader wait, a device give no end of bytes.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.add(Severity.ERROR, (0, 0), "this is no file", "a folder, a pipe or a device cannot be read as CSV")
            return None
        if status.st_size > _MAX_BYTES:
            report.add(Severity.ERROR, (0, 0), f"the file is larger than {_MAX_BYTES // 2**20} MiB")
            return None
        return path.read_bytes()
    except FileNotFoundError:
        if not optional or path.is_symlink():
            report.add(Severity.ERROR, (0, 0), "the file is missing", _other_name(path))
    except OSError as error:
        report.add(Severity.ERROR, (0, 0), f"the file cannot be read: {error.strerror}")
    return None


def _other_name(path: Path) -> str:
    if path.is_symlink():
        return "it is a link to a file that is not there"
    try:
        others = sorted(other.name for other in path.parent.iterdir())
    except OSError:
        return ""
    same = [name for name in others if name.lower() == path.name]
    return f"{same[0]!r} must be called so" if same else suggestion(path.name, others)
