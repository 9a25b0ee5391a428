"""The learned model's file, which `make model` writes: the program's own, or a site's (`DTM_MODEL`).

It is no part of the rules: who edits them need not know of it, and a new version of the program brings a new one.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

from dtm_contact.errors import UnusableModelError
from dtm_contact.model import Problem, Severity
from dtm_contact.topics import DetailModel, Model

OWN: Final = Path(__file__).parents[1] / "data" / "topics.npz"
"""The model that comes with the program."""

OWN_DETAILS: Final = OWN.with_name("details.npz")
"""The small model of wishes and kinds of danger beside it; it reads what any larger one has read."""

FORMER: Final = "learned.npz"
"""What the model was called in the rules folders of earlier versions. It is not read any more."""

_LARGEST: Final = 32_000_000
_AGAIN = "make it again: make model; or leave DTM_MODEL out: the program's own is read"
_BROKEN = "install the program again"


def load_model(path: Path | None, problems: list[Problem]) -> Model | None:
    """Read a learned model; one that was read before is shared.

    Args:
        path: its file; None for the program's own.
        problems: what is wrong is added here.

    Returns:
        The model, or None where it cannot be used.
    """
    file = path or OWN
    try:
        status = file.stat()
        return _read(file, status.st_mtime_ns, status.st_size)
    except OSError as error:
        told, hint = f"the learned model cannot be read: {error.strerror or type(error).__name__}", "check DTM_MODEL"
    except UnusableModelError as error:
        told, hint = str(error), _AGAIN
    problems.append(Problem(str(file), 0, 0, told, hint if path else _BROKEN))
    return None


def load_details(problems: list[Problem]) -> DetailModel | None:
    """Read the model of wishes and kinds of danger; None where it cannot be used, which is added to `problems`."""
    try:
        return _read_details()
    except OSError as error:
        told = f"the model of wishes cannot be read: {error.strerror or type(error).__name__}"
    except UnusableModelError as error:
        told = str(error)
    problems.append(Problem(str(OWN_DETAILS), 0, 0, told, _BROKEN))
    return None


@lru_cache(maxsize=1)
def _read_details() -> DetailModel:
    return DetailModel.unpacked(OWN_DETAILS.read_bytes())


@lru_cache(maxsize=2)
def _read(file: Path, _changed: int, size: int) -> Model:
    if size > _LARGEST:
        raise UnusableModelError(f"it has {size:,} bytes, {_LARGEST:,} at the most are read")
    return Model.unpacked(file.read_bytes())


def former_model(folder: Path) -> list[Problem]:
    """Return a warning where a rules folder still holds the model, as those of earlier versions did; else nothing."""
    if not (folder / FORMER).exists():
        return []
    message = "this file is not read any more: the learned model comes with the program"
    return [Problem(FORMER, 0, 0, message, "delete it", Severity.WARNING)]
