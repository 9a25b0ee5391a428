"""Files that came along: a safe name, the type that the content shows, size and digest, and the words of PDFs.

No archive is opened. A part can be asked for after its message was read: a file by its digest, the layout as HTML.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from dtm_contact.model import Attachment, FileOutcome, FileReader
from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import clean, clean_line, decode
from dtm_contact.reading.mime import Node, parse_message
from dtm_contact.reading.notes import Notes

PDF: Final = "application/pdf"

_MAGIC: Final = (
    (0, b"%PDF-", PDF),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
)
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE: Final = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"),
)
_CONFIRMED: Final = (
    "application/zip",
    "application/x-zip",
    "application/msword",
    "application/vnd.ms-",
    "application/vnd.o",
)
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*]')
_UNNAMED: Final = "piece-jointe"
_ENDINGS: Final = {
    PDF: ".pdf",
    "application/zip": ".zip",
    "application/rtf": ".rtf",
    "audio/amr": ".amr",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/html": ".html",
    "text/plain": ".txt",
    "video/mp4": ".mp4",
}

_LIGATURES: Final = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
"""Two letters or three that fonts draw in one, as in "chauffage"."""

_OUTCOME_NOTES: Final = {
    FileOutcome.CUT: notes.FILE_CUT,
    FileOutcome.EMPTY: notes.FILE_WITHOUT_WORDS,
    FileOutcome.LOCKED: notes.FILE_LOCKED,
    FileOutcome.BROKEN: notes.FILE_BROKEN,
    FileOutcome.COSTLY: notes.FILE_COSTLY,
}


def describe(node: Node) -> Attachment:
    """Return the attachment that a part is."""
    return describe_octets(node.filename, node.octets(), node.media_type)


def describe_octets(name: str, octets: bytes, declared: str) -> Attachment:
    """Return the attachment that a file with these octets is."""
    media_type = real_type(octets, declared)
    return Attachment(
        name=safe_name(name) or _UNNAMED + _ENDINGS.get(media_type, ""),
        media_type=media_type,
        size=len(octets),
        sha256=hashlib.sha256(octets).hexdigest(),
    )


def read_pdf_words(
    files: Sequence[Attachment], letters: Mapping[str, bytes], reader: FileReader, noted: Notes
) -> tuple[str, tuple[Attachment, ...]]:
    """Read the words of the PDFs that came along.

    Args:
        files: what came along.
        letters: the octets of PDFs that are small enough to be read, by their digest.
        reader: reads them.
        noted: takes a note on each that was not read in full.

    Returns:
        Their words, in the order of the files, with a line feed between; the files, marked where they were read.
    """
    pdfs = list(dict.fromkeys(file.sha256 for file in files if file.media_type == PDF))
    kept = [digest for digest in pdfs if digest in letters][: limits.FILES_READ]
    if len(kept) < len(pdfs):
        noted.add(notes.FILES_CUT if len(kept) == limits.FILES_READ else notes.FILE_COSTLY)
    if not kept:
        return "", tuple(files)
    texts: dict[str, str] = {}
    for digest, file_text in zip(kept, reader([letters[digest] for digest in kept]), strict=True):
        words = clean(file_text.text).translate(_LIGATURES).strip()
        if words:
            texts[digest] = words
        if file_text.outcome in _OUTCOME_NOTES:
            noted.add(_OUTCOME_NOTES[file_text.outcome])
    text = "\n".join(texts.values())
    if len(text) > limits.ATTACHED_TEXT:
        noted.add(notes.FILE_CUT)
    return text[: limits.ATTACHED_TEXT], tuple(replace(file, read=file.sha256 in texts) for file in files)


def safe_name(name: str) -> str:
    """Return a file name without a path, control or direction characters, reserved names; bounded, its ending kept.

    Empty where nothing of it is left.
    """
    base = re.split(r"[/\\]", clean_line(name[: 5 * limits.NAME] + name[5 * limits.NAME :][-5 * limits.NAME :]))[-1]
    base = _UNSAFE.sub("_", base).strip(" .")
    if _RESERVED.match(base):
        base = f"_{base}"
    if len(base) > limits.NAME:
        stem, dot, ending = base.rpartition(".")
        keep = dot + ending if dot and len(ending) <= 10 else ""  # noqa: PLR2004
        base = (stem if keep else base)[: limits.NAME - len(keep)] + keep
    return base


def real_type(octets: bytes, declared: str) -> str:
    """Return the media type that the first octets show, else the declared one."""
    for offset, magic, media_type in _MAGIC:
        if octets.startswith(magic, offset):
            return media_type
    if octets.startswith(_ZIP):
        return _zip_type(octets, declared)
    if octets.startswith(_OLE):
        return declared if declared.startswith(_CONFIRMED) else "application/x-ole-storage"
    head = octets[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return declared


def _zip_type(octets: bytes, declared: str) -> str:
    """Distinguish an office document from any other zip by the names of its first members, without unpacking."""
    head = octets[:4096]
    for member, media_type in _OFFICE:
        if member in head:
            return media_type
    return declared if declared.startswith(_CONFIRMED) else "application/zip"


def attached_file(raw: bytes, sha256: str) -> tuple[bytes, str] | None:
    """Return the octets and the safe name of the part of a message whose content has this digest; None without one."""
    for node in parse_message(raw, Notes()).walk():
        if not node.children:
            octets = node.octets()
            if hashlib.sha256(octets).hexdigest() == sha256:
                return octets, describe(node).name
    return None


def html_of(raw: bytes) -> str | None:
    """Return the HTML that a message was written in; None where it has none."""
    for node in parse_message(raw, Notes()).walk():
        if node.media_type == "text/html" and node.disposition != "attachment" and not node.children:
            return _text(node)
    return None


def _text(node: Node) -> str:
    return decode(node.octets(), node.parameters.get("charset", ""))
