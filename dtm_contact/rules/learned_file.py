"""`learned.npz`: what `dtm-contact fit` has learned of labelled messages, read into the model beside the words."""

import io
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import Problem
from dtm_contact.topics.learned import MORE_COLUMNS, Floats, Learned, Senses, Trust

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


@cache
def word_senses() -> Senses:
    """Return the senses of words that come with the package."""
    arrays = _arrays((files("dtm_contact.rules") / "word_senses.npz").read_bytes())
    rows = dict(zip(_lines(arrays["words"]), arrays["rows"].tolist(), strict=True))
    return Senses(rows, np.asarray(arrays["vectors"] * arrays["scale"], np.float32))


def packed(model: Learned) -> bytes:
    """Return the model as the bytes of a `learned.npz`, its weights in steps of one byte."""
    weights, scale = _in_bytes(model.weights)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        topics=_bytes("\n".join(model.topics)),
        features=_bytes("\n".join(model.features)),
        rarity=model.rarity.astype(np.float16),
        bias=model.bias.astype(np.float32),
        weights=weights,
        scale=scale,
        words=_bytes("\n".join(model.importance)),
        importance=np.array(list(model.importance.values()), np.float32),
        rare=np.float32(model.rare),
        sense_weights=model.sense_weights.astype(np.float32),
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
    weights: Floats = np.asarray(arrays["weights"] * arrays["scale"], np.float32)
    senses = word_senses()
    columns = len(topics) + MORE_COLUMNS
    shapes = ((len(features), columns), (senses.vectors.shape[1], columns), (columns,), (len(features),))
    if tuple(arrays[name].shape for name in ("weights", "sense_weights", "bias", "rarity")) != shapes:
        raise ValueError("its parts do not fit together")
    return Learned(
        topics,
        {name: row for row, name in enumerate(features)},
        np.asarray(arrays["rarity"], np.float32),
        weights,
        np.asarray(arrays["bias"], np.float32),
        senses,
        dict(zip(_lines(arrays["words"]), arrays["importance"].tolist(), strict=True)),
        float(arrays["rare"]),
        np.asarray(arrays["sense_weights"], np.float32),
        bytes(arrays["provenance"]).decode("utf-8"),
        trust,
    )


def _in_bytes(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return weights in steps of one byte, and the step of each column."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _lines(array: NDArray[Any]) -> list[str]:
    return bytes(array).decode("utf-8").split("\n")
