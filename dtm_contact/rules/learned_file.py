"""The learned model's file, which `dtm-contact fit` writes: the program's own, or a site's (`DTM_MODEL`).

It is no part of the rules: who edits them need not know of it, and a new version of the program brings a new one.
"""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import Problem, Severity
from dtm_contact.topics.learned import MORE_COLUMNS, Features, Learned, Trust

OWN = Path(__file__).parents[1] / "data" / "learned.npz"
"""The model that comes with the program."""

FORMER = "learned.npz"
"""What the model was called in the rules folders of earlier versions. It is not read any more."""

FORMAT = 1
"""What a file says that this version can read; the files of before, which say nothing, are of format 0."""

_LARGEST = 8_000_000
_DIGITS = 12
_AGAIN = "make it again: dtm-contact fit --output FILE; or leave DTM_MODEL out: the program's own is read"
_NEWER = "take one that was made by this version, or leave DTM_MODEL out: the program's own is read"
_BROKEN = "install the program again"

Arrays = dict[str, NDArray[Any]]


def load_learned(path: Path | None, trust: Trust, problems: list[Problem]) -> Learned | None:
    """Read a learned model.

    Args:
        path: its file; None for the program's own.
        trust: how much the model may say.
        problems: what is wrong is added here.

    Returns:
        The model, or None where it cannot be used.
    """
    file = path or OWN
    try:
        content = _content(file)
        arrays = _arrays(content)
        made = int(arrays["format"]) if "format" in arrays else 0
        if made == FORMAT:
            return _learned(arrays, trust, hashlib.sha256(content).hexdigest()[:_DIGITS])
        when, hint = ("a newer", _NEWER) if made > FORMAT else ("an earlier", _AGAIN)
        told = f"this model was made by {when} version of the program: it is of format {made}, and {FORMAT} is read"
    except OSError as error:
        told, hint = f"the learned model cannot be read: {error.strerror or type(error).__name__}", "check DTM_MODEL"
    except (ValueError, TypeError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        told, hint = "this is no learned model", _AGAIN
    problems.append(Problem(str(file), 0, 0, told, hint if path else _BROKEN))
    return None


def packed(model: Learned) -> bytes:
    """Return the model as the bytes of a file that `load_learned` reads."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        format=np.uint16(FORMAT),
        topics=_bytes("\n".join(model.topics)),
        features=np.frombuffer(model.features.text, np.uint8),
        rarity=model.rarity.astype(np.float16),
        bias=model.bias.astype(np.float32),
        weights=model.weights,
        step=model.step,
        words=_bytes("\n".join(model.importance)),
        importance=np.array(list(model.importance.values()), np.float32),
        rare=np.float32(model.rare),
        provenance=_bytes(model.provenance),
    )
    return buffer.getvalue()


def former_model(folder: Path) -> list[Problem]:
    """Return a warning where a rules folder still holds the model, as those of earlier versions did; else nothing."""
    if not (folder / FORMER).exists():
        return []
    message = "this file is not read any more: the learned model comes with the program"
    return [Problem(FORMER, 0, 0, message, "delete it", Severity.WARNING)]


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    # Where it is no archive, numpy gives an array, or wants to unpickle it.
    if len(content) > _LARGEST or not zipfile.is_zipfile(io.BytesIO(content)):
        raise ValueError("no archive, or too large")
    return content


def _arrays(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files}


def _learned(arrays: Arrays, trust: Trust, version: str) -> Learned:
    topics, features = tuple(_lines(arrays["topics"])), _lines(arrays["features"])
    columns = len(topics) + MORE_COLUMNS
    shapes = ((len(features), columns), (columns,), (columns,), (len(features),))
    if tuple(arrays[name].shape for name in ("weights", "step", "bias", "rarity")) != shapes:
        raise ValueError("its parts do not fit together")
    return Learned(
        topics,
        Features(features),
        np.asarray(arrays["rarity"], np.float32),
        np.asarray(arrays["weights"], np.int8),
        np.asarray(arrays["step"], np.float32),
        np.asarray(arrays["bias"], np.float32),
        dict(zip(_lines(arrays["words"]), arrays["importance"].tolist(), strict=True)),
        float(arrays["rare"]),
        bytes(arrays["provenance"]).decode("utf-8"),
        trust,
        version,
    )


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _lines(array: NDArray[Any]) -> list[str]:
    return bytes(array).decode("utf-8").split("\n")
