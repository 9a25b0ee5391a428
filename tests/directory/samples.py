"""The bad directories: what each differs in from the good one, and what must be said of it.

`python -m tests.directory.samples` writes what is said now into every `expected.txt`, to be read before it is kept.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from dtm_contact.directory import read_export
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem

HERE = Path(__file__).parent
GOOD = HERE / "good"
FAULTS = sorted(folder.name for folder in (HERE / "bad").iterdir())
FULL_SIZE = HERE.parent.parent / "fixtures" / "directory"


def assemble(fault: str, into: Path) -> Path:
    """Lay the good directory with one fault's files over it into the new folder `into`."""
    shutil.copytree(GOOD, into)
    shutil.copytree(HERE / "bad" / fault, into, dirs_exist_ok=True)
    return into


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Return all that is said of a directory, refused or not."""
    try:
        return read_export(folder)[1]
    except InvalidFilesError as error:
        return error.problems


def said_of(folder: Path) -> str:
    """Return what is said of a directory, a line each."""
    return "".join(f"{problem}\n" for problem in problems_of(folder))


def _rewrite() -> None:
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            said = said_of(assemble(fault, Path(folder) / "directory"))
        (HERE / "bad" / fault / "expected.txt").write_text(said, encoding="utf-8")
        sys.stdout.write(f"{fault}\n{said}\n")


if __name__ == "__main__":
    _rewrite()
