"""Values between the daemon and its judge processes: a length, then a pickle.

Both ends are this program, of the same version, over pipes that nobody else holds: that is what pickle is safe for.
"""

import pickle
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!Q")
_CHUNK = 256 * 1024


def pack(value: Any) -> bytes:
    """Return `value` as one frame."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> Any:
    """Read one frame from a blocking stream.

    Raises:
        EOFError: the other end is gone.
    """
    body = _exactly(stream, *_LENGTH.unpack(_exactly(stream, _LENGTH.size)))
    return pickle.loads(body)  # noqa: S301 - our own parent wrote it


def _exactly(stream: BinaryIO, size: int) -> bytes:
    octets = stream.read(size)
    if len(octets) < size:
        raise EOFError
    return octets


async def send(stream: StreamWriter, value: Any) -> None:
    """Write one frame to an asyncio stream, piece by piece: a large one is not copied as a whole on its way.

    Raises:
        ConnectionError: the other end is gone.
    """
    body = memoryview(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    stream.write(_LENGTH.pack(len(body)))
    for start in range(0, len(body), _CHUNK):
        stream.write(body[start : start + _CHUNK])
        await stream.drain()


async def receive(stream: StreamReader) -> Any:
    """Read one frame from an asyncio stream.

    Raises:
        EOFError: the other end is gone.
    """
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        return pickle.loads(await stream.readexactly(length))  # noqa: S301 - our own child wrote it
    except IncompleteReadError as error:
        raise EOFError from error
