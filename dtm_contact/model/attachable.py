"""Which files may go out, by their names and by how they begin: what people send each other, and nothing that runs."""

from collections.abc import Mapping
from typing import Final

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "rtf": "application/rtf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
"""The type of each by the end of its name; what is not here is not sent."""
_ZIPPED: Final = b"PK\x03\x04"
_BEGINNINGS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "image/heic": (b"\x00\x00\x00",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
    "application/rtf": (b"{\\rtf",),
}
ACCEPTED: Final = "PDF, images, Word, Excel, PowerPoint, LibreOffice, texte, CSV, calendrier"
"""All of them as agents call them."""


def extension_of(name: str) -> str:
    """Return the end of a file's name in lower case, without the dot; "" where it has none."""
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def begins_as(media_type: str, first: bytes) -> bool:
    """Return whether a file begins as what its name says it is."""
    if media_type.startswith("text/"):
        return b"\x00" not in first
    if media_type.startswith("application/vnd."):
        return first.startswith(_ZIPPED)
    return first.startswith(_BEGINNINGS[media_type])
