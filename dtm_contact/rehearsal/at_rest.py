"""Messages that lie in files: one each, a folder of them, a mailbox file, or standard input."""

import mailbox
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from dtm_contact.errors import DtmContactError
from dtm_contact.model import Arrival
from dtm_contact.reading import message_time

STANDARD_INPUT = "-"


class UnreadablePathError(DtmContactError):
    """This path cannot be read as messages."""


def messages_at_rest(paths: Iterable[str], now: datetime) -> Iterator[Arrival]:
    """Yield an arrival for each message, in the order given; a folder's `.eml` files in the order of their names.

    Args:
        paths: `.eml` files, folders of them, mbox files (RFC 4155), or `-` for standard input.
        now: the time of a message that bears none.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield _at_rest(STANDARD_INPUT, sys.stdin.buffer.read(), now)
        else:
            yield from _messages_in(Path(path), now)


def _messages_in(path: Path, now: datetime) -> Iterator[Arrival]:
    try:
        if path.is_dir():
            yield from _messages_in_folder(path, now)
        elif _is_mbox(path):
            yield from _messages_in_mbox(path, now)
        else:
            yield _at_rest(path.name, path.read_bytes(), now)
    except OSError as error:
        raise UnreadablePathError(f"{path}: {error.strerror}") from error


def _messages_in_folder(folder: Path, now: datetime) -> Iterator[Arrival]:
    files = sorted(folder.glob("*.eml"))
    if not files:
        raise UnreadablePathError(f"{folder}: the folder holds no .eml file")
    for file in files:
        yield _at_rest(file.name, file.read_bytes(), now)


def _messages_in_mbox(path: Path, now: datetime) -> Iterator[Arrival]:
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), start=1):
            yield _at_rest(f"{path.name}#{number}", box.get_bytes(key), now)
    finally:
        box.close()


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _at_rest(name: str, raw: bytes, now: datetime) -> Arrival:
    return Arrival(
        channel="file",
        external_id=name,
        received_at=message_time(raw, now),
        media_type="message/rfc822",
        envelope=None,
        raw=raw,
    )
