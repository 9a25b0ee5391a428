"""From bytes to a Contact: who writes, when, which words are new. Pure, and raising nothing for any bytes whatever."""

from collections.abc import Collection
from datetime import datetime, tzinfo

from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.model import Arrival, Contact, FileReader
from dtm_contact.reading.automatic import is_speech, kind_of_sign, voice_notice
from dtm_contact.reading.formats import FormatContext, all_formats
from dtm_contact.reading.glance import message_id_at_a_glance, sender_at_a_glance, texts_at_a_glance
from dtm_contact.reading.headers import PARIS, split_head, time_of, with_line_feeds

__all__ = [
    "all_formats",
    "is_speech",
    "kind_of_sign",
    "message_id_at_a_glance",
    "message_time",
    "read",
    "sender_at_a_glance",
    "texts_at_a_glance",
    "voice_notice",
]


def read(
    arrival: Arrival,
    *,
    authserv_ids: Collection[str] = (),
    zone: tzinfo = PARIS,
    files: FileReader | None = None,
    file_octets: int = 0,
    own_received: int = 0,
) -> Contact:
    """Read an arrival, whatever its bytes are.

    Args:
        arrival: what came in; its media type chooses the reader.
        authserv_ids: the names our mail servers give themselves in Authentication-Results.
        zone: of times that give no offset.
        files: reads the words of PDFs that came along; None: they are only listed.
        file_octets: how large a PDF may be that is read.
        own_received: how many of the newest Received headers are our servers', whose results stand below them.

    Returns:
        What it says. What could not be read, or was cut at a limit, stands in its notes.

    Raises:
        UnreadableArrivalError: there is no reader for its media type.
    """
    formats = all_formats()
    read_as = formats.get(arrival.media_type.lower())
    if read_as is None:
        raise UnreadableArrivalError(f"media type {arrival.media_type[:80]!r}, known are {', '.join(formats)}")
    return read_as.reader(arrival, FormatContext(zone, authserv_ids, files, file_octets, own_received))


def message_time(raw: bytes, fallback: datetime) -> datetime:
    """Return a message's own time, aware: its Date; missing or absurd, its newest Received; else `fallback`."""
    raw = with_line_feeds(raw)
    headers, _ = split_head(raw, 0, len(raw))
    return time_of(headers, fallback)
