"""One module for each media type that can be read; a new one is a new file here with one decorated function."""

import importlib
import pkgutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from dtm_contact.model import Arrival, Channel, Contact, FileReader


@dataclass(frozen=True, slots=True)
class FormatContext:
    """What a reader knows besides the arrival.

    Attributes:
        zone: of times that give no offset.
        authserv_ids: the names our mail servers give themselves in Authentication-Results; empty: not known.
        files: reads the words of PDFs that came along; None: they are told of only.
        file_octets: how large a PDF may be that is read.
    """

    zone: tzinfo
    authserv_ids: Collection[str] = ()
    files: FileReader | None = None
    file_octets: int = 0


Reader = Callable[[Arrival, FormatContext], Contact]
READERS: Final[dict[str, Reader]] = {}
CHANNELS: Final[dict[str, Channel]] = {}
"""By which channel people made contact whose words came as a media type."""


def reads(media_type: str, channel: Channel) -> Callable[[Reader], Reader]:
    """Register a reader for arrivals of `media_type`, all of which are contacts by one channel."""

    def register(reader: Reader) -> Reader:
        READERS[media_type] = reader
        CHANNELS[media_type] = channel
        return reader

    return register


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
