"""One HTTP request to an address that a setting names: bounded in time and size, its certificate verified."""

import asyncio
import re
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dtm_contact.errors import DtmContactError

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r|$)")
_PORTS: Final = {"http": 80, "https": 443}
_TAKEN: Final = range(200, 300)


class WebcallRefusedError(DtmContactError):
    """A web server did not take a request."""


async def webcall(url: str, *, body: bytes | None = None, authority: Path | None = None, seconds: float) -> None:
    """Ask for an address, or post JSON to it; return once its server answers with a status of success.

    Nothing but the status is read, no proxy is used and no redirection followed: the address that a setting names is
    the one that is asked.

    Args:
        url: with the scheme `http` or `https`.
        body: JSON to be posted; None asks by GET.
        authority: PEM file of the authorities that the certificate is checked against; None: the system's.
        seconds: within which all of it must be done.

    Raises:
        OSError: it cannot be reached, its certificate is refused, or it takes too long.
        WebcallRefusedError: it answers with another status, or speaks no HTTP.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = None
    if parts.scheme == "https":
        context = await asyncio.to_thread(ssl.create_default_context, cafile=str(authority) if authority else None)
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(host, parts.port or _PORTS[parts.scheme], ssl=context)
        try:
            writer.write(_head(parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body))
            await writer.drain()
            line = await reader.readline()
        except ValueError as error:
            # A line without end.
            raise WebcallRefusedError("it speaks no HTTP") from error
        finally:
            writer.transport.abort()
    status = _STATUS_LINE.match(line)
    if status is None:
        raise WebcallRefusedError("it speaks no HTTP")
    if int(status.group(1)) not in _TAKEN:
        raise WebcallRefusedError(f"status {status.group(1).decode()}")


def _head(host: str, target: str, body: bytes | None) -> bytes:
    lines = [
        f"{'GET' if body is None else 'POST'} {target} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: dtm-contact",
        "Connection: close",
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")
