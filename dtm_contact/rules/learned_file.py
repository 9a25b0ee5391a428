"""`learned.npz`: what `dtm-contact fit` has learned of labelled messages, read into the model beside the words."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import Problem
from dtm_contact.topics.learned import MORE_COLUMNS, Features, Learned, Trust

FILE = "learned.npz"

_LARGEST = 8_000_000
_HINT = "make it again: dtm-contact fit; or take the file away: the words then decide alone"

Arrays = dict[str, NDArray[Any]]


def load_learned(root: Path, trust: Trust, problems: list[Problem]) -> Learned | None:
    """Read the learned model of a rules folder.

    Args:
        root: the folder; without the file the words decide alone.
        trust: how much the model may say.
        problems: what is wrong is added here.
    """
    path = root / FILE
    if not path.is_file():
        return None
    try:
        return _learned(_arrays(path.read_bytes()), trust)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError):
        problems.append(Problem(FILE, 0, 0, "this is no learned model", _HINT))
        return None


def packed(model: Learned) -> bytes:
    """Return the model as the bytes of a `learned.npz`."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
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


def _arrays(content: bytes) -> Arrays:
    if len(content) > _LARGEST:
        raise ValueError("too large")
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files}


def _learned(arrays: Arrays, trust: Trust) -> Learned:
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
    )


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _lines(array: NDArray[Any]) -> list[str]:
    return bytes(array).decode("utf-8").split("\n")
