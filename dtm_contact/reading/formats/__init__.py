"""One module for each media type that can be read; a new one is a new file here with one decorated function."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from dtm_contact.model import Arrival, Channel, Contact, FileReader
from dtm_contact.registry import Registry


@dataclass(frozen=True, slots=True)
class FormatContext:
    """What a reader knows besides the arrival.

    Attributes:
        zone: of times that give no offset.
        authserv_ids: the names our mail servers give themselves in Authentication-Results; empty: not known.
        files: reads the words of PDFs that came along; None: they are only listed.
        file_octets: how large a PDF may be that is read.
        own_received: how many of the newest Received headers are our servers', whose results stand below them.
    """

    zone: tzinfo
    authserv_ids: Collection[str] = ()
    files: FileReader | None = None
    file_octets: int = 0
    own_received: int = 0


Reader = Callable[[Arrival, FormatContext], Contact]


@dataclass(frozen=True, slots=True)
class Format:
    """What is done with a media type.

    Attributes:
        reader: reads an arrival of it.
        channel: by which channel people made contact whose words came so.
    """

    reader: Reader
    channel: Channel


_REGISTRY: Final = Registry[Format]("format", __name__)


def reads(media_type: str, channel: Channel) -> Callable[[Reader], Reader]:
    """Register a reader for arrivals of `media_type`, all of which are contacts by one channel."""

    def register(reader: Reader) -> Reader:
        _REGISTRY.add(media_type, Format(reader, channel))
        return reader

    return register


def all_formats() -> Mapping[str, Format]:
    """Return all formats by their media type."""
    return _REGISTRY.entries()
