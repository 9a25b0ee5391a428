"""The file of a learned model: a header and arrays in one archive of numpy, checked before anything of it is used.

Its first array is the header, as JSON: the version of the format, what the model says of itself (`about`), and what a
kind of model needs besides. A file is named by the first digits of its digest. Nothing in it is ever unpickled.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.errors import UnusableModelError

Arrays = Mapping[str, NDArray[Any]]

_DIGITS: Final = 12
_DAMAGES: Final = (ValueError, TypeError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class ModelArchive:
    """What the file of a model holds.

    Attributes:
        header: what it says of itself.
        arrays: its arrays by name.
        digest: the first digits of its SHA-256.
    """

    header: Mapping[str, Any]
    arrays: Arrays
    digest: str

    def lines(self, name: str) -> list[str]:
        """Return the texts that an array holds, a line each."""
        text: str = self.arrays[name].tobytes().decode()
        return text.split("\n") if text else []


def archived(header: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Return the file of a model: the same header and arrays give the same bytes.

    Args:
        header: what JSON can hold; `format` is the version that `opened_archive` asks for.
        arrays: in the order in which they shall stand.
    """
    content = io.BytesIO()
    text = json.dumps(header, ensure_ascii=False, sort_keys=True)
    np.savez_compressed(content, **{"header": text_array(text), **arrays})  # type: ignore[arg-type]
    return content.getvalue()


def text_array(text: str) -> NDArray[np.uint8]:
    """Return a text as an array of its bytes in UTF-8."""
    return np.frombuffer(text.encode(), np.uint8)


@contextmanager
def opened_archive(content: bytes, version: int) -> Iterator[ModelArchive]:
    """Give what the file of a model holds; what fails while it is looked at is told as a damage of the file.

    Args:
        content: the bytes of the file.
        version: the version of the format that the program reads.

    Raises:
        UnusableModelError: it is damaged, of another version, or the caller found that it lacks something.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes().decode())
        if header["format"] != version:
            told = f"its format is {header['format']}, this program reads {version}"
            raise UnusableModelError(f"{told}; take the file that came with this version, or train it anew")
        yield ModelArchive(header, arrays, sha256(content).hexdigest()[:_DIGITS])
    except _DAMAGES as error:
        told = f"it is damaged ({type(error).__name__})"
        raise UnusableModelError(f"{told}; take the file that came with this version, or train it anew") from error
