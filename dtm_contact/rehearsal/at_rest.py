"""Messages that lie in files: one each, a folder of them, a mailbox file, or standard input."""

import mailbox
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from dtm_contact.errors import DtmContactError
from dtm_contact.model import Arrival
from dtm_contact.reading import message_time

STANDARD_INPUT = "-"


class UnreadablePathError(DtmContactError):
    """This path cannot be read as messages."""


@dataclass(frozen=True, slots=True)
class MessageAtRest:
    """A message where it lies: what it is called, and how its bytes are read."""

    name: str
    read: Callable[[], bytes]

    def arrival(self, now: datetime) -> Arrival:
        """Return it as an arrival, received at its own time; `now` where it bears none.

        Raises:
            UnreadablePathError: its bytes cannot be read.
        """
        try:
            raw = self.read()
        except OSError as error:
            raise UnreadablePathError(f"{error.filename or self.name}: {error.strerror}") from error
        return Arrival(
            channel="file",
            external_id=self.name,
            received_at=message_time(raw, now),
            media_type="message/rfc822",
            envelope=None,
            raw=raw,
        )


def messages_at_rest(paths: Iterable[str], now: datetime) -> Iterator[Arrival]:
    """Yield an arrival for each message, in the order given; a folder's `.eml` files in the order of their names.

    Args:
        paths: `.eml` files, folders of them, mbox files (RFC 4155), or `-` for standard input.
        now: the time of a message that bears none.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
    """
    with ExitStack() as boxes:
        for message in found_at_rest(paths, boxes):
            yield message.arrival(now)


def require_at_rest(paths: Iterable[str]) -> None:
    """Tell at once of a path that is not there, before anything is made ready for what lies in it.

    Raises:
        UnreadablePathError: of the first one.
    """
    for path in paths:
        if path != STANDARD_INPUT:
            try:
                Path(path).stat()
            except OSError as error:
                raise UnreadablePathError(f"{path}: {error.strerror}") from error


def found_at_rest(paths: Iterable[str], boxes: ExitStack) -> Iterator[MessageAtRest]:
    """Yield each message, in the order given, without reading it; see `messages_at_rest`.

    Args:
        paths: where they lie.
        boxes: closes the mbox files when nothing is read of them any more.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield MessageAtRest(STANDARD_INPUT, partial(bytes, sys.stdin.buffer.read()))
        else:
            yield from _found_in(Path(path), boxes)


def _found_in(path: Path, boxes: ExitStack) -> Iterator[MessageAtRest]:
    try:
        if path.is_dir():
            yield from _found_in_folder(path)
        elif _is_mbox(path):
            yield from _found_in_mbox(path, boxes)
        else:
            yield MessageAtRest(path.name, path.read_bytes)
    except OSError as error:
        raise UnreadablePathError(f"{path}: {error.strerror}") from error


def _found_in_folder(folder: Path) -> Iterator[MessageAtRest]:
    files = sorted(folder.glob("*.eml"))
    if not files:
        raise UnreadablePathError(f"{folder}: the folder holds no .eml file")
    for file in files:
        yield MessageAtRest(file.name, file.read_bytes)


def _found_in_mbox(path: Path, boxes: ExitStack) -> Iterator[MessageAtRest]:
    box = mailbox.mbox(path, create=False)
    boxes.callback(box.close)
    for number, key in enumerate(box.iterkeys(), start=1):
        yield MessageAtRest(f"{path.name}#{number}", partial(box.get_bytes, key))


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "
