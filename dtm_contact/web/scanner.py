"""Looking through files for viruses, by clamd at its socket (the command INSTREAM of its protocol)."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from dtm_contact.errors import DtmContactError
from dtm_contact.settings import AttachmentSettings

_CLEAN: Final = "OK"
_FOUND: Final = " FOUND"
_LONGEST_ANSWER: Final = 4096


class ScannerAwayError(DtmContactError):
    """The virus scanner does not answer, or refuses the file, which may be too large for it."""

    retry = True


def scan(settings: AttachmentSettings, pieces: Iterator[bytes]) -> str | None:
    """Have a file looked through; return the name of the virus that was found in it, None where nothing was.

    Args:
        settings: where clamd listens, and how long it may take.
        pieces: the file's octets.

    Raises:
        ScannerAwayError: it does not answer, or refuses the file, which may be too large for it.
    """
    try:
        with closing(_connected(settings)) as connection:
            connection.sendall(b"zINSTREAM\0")
            for piece in pieces:
                connection.sendall(struct.pack("!I", len(piece)) + piece)
            connection.sendall(struct.pack("!I", 0))
            with connection.makefile("rb") as answers:
                told = answers.read(_LONGEST_ANSWER).rstrip(b"\0\n").decode(errors="replace")
    except OSError as error:
        raise ScannerAwayError(type(error).__name__) from None
    verdict = told.partition(": ")[2]
    if verdict == _CLEAN:
        return None
    if verdict.endswith(_FOUND):
        return verdict.removesuffix(_FOUND)
    raise ScannerAwayError("no verdict")


def _connected(settings: AttachmentSettings) -> socket.socket:
    if settings.clamd.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address: str | tuple[str, int] = settings.clamd
    else:
        host, _, port = settings.clamd.rpartition(":")
        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        address = host.strip("[]"), int(port)
    connection.settimeout(settings.clamd_seconds)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
