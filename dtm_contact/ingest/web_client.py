"""One web server that a setting names, spoken with again and again: bounded in time and octets.

Its certificate is verified, no proxy used, no redirection followed, nothing packed taken: what was asked for came
whole, or it is an error.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from dtm_contact.errors import described
from dtm_contact.ingest.mailbox import MailboxBusyError, MailboxLostError

_LONGEST_REST: Final = 3600.0
"""A server that asks for more seconds of rest is asked after so many all the same."""
_BUSY: Final = frozenset({429, 503})
_SERVER_ERRORS: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a server answered.

    Attributes:
        status: as in RFC 9110 section 15.
        octets: of the body.
    """

    status: int
    octets: bytes

    def fields(self) -> Mapping[str, Any]:
        """Return the JSON object that the body is; empty where it is none."""
        try:
            found = json.loads(self.octets)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class WebClient:
    """Speaks with one server; see `web_client`."""

    def __init__(self, client: httpx.AsyncClient, seconds: float) -> None:
        """Take what connects, and the seconds that each answer may take."""
        self._client = client
        self._seconds = seconds

    async def ask(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        url: str,
        *,
        most: int,
        cut: bool = False,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> WebAnswer:
        """Return the answer to a request, which came whole.

        Args:
            method: GET, POST, ….
            url: the address; it must be one of a server that may have what the headers hold.
            most: octets of the body.
            cut: what is beyond these is left out; else it is an error.
            headers: beside the usual.
            form: sent as a form.
            fields: sent as JSON.

        Raises:
            MailboxLostError: it does not answer, not in time, not whole, or has trouble of its own.
            MailboxBusyError: it wants to be asked later.
        """
        try:
            async with asyncio.timeout(self._seconds):
                request = self._client.build_request(method, url, headers=headers, data=form, json=fields)
                answer = await self._client.send(request, stream=True)
                try:
                    octets = await _body(answer, most, cut=cut)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise MailboxLostError(f"{_host(url)}: {_why(error)}") from error
        told = f"{_host(url)}: status {answer.status_code}"
        if answer.status_code in _BUSY:
            raise MailboxBusyError(told, _rest(answer))
        if answer.status_code in _SERVER_ERRORS:
            raise MailboxLostError(told, _rest(answer))
        return WebAnswer(answer.status_code, octets)


async def _body(answer: httpx.Response, most: int, *, cut: bool) -> bytes:
    """Return the body; the transport tells where one ends early, as long as it was told how long it is.

    Raises:
        MailboxLostError: it is packed, larger than allowed, or nothing says where it ends.
    """
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise MailboxLostError(f"{answer.url.host}: it packs what it sends, unasked")
    pieces: list[bytes] = []
    octets = 0
    async for piece in answer.aiter_raw():
        pieces.append(piece)
        octets += len(piece)
        if octets > most and cut:
            break
        if octets > most:
            raise MailboxLostError(f"{answer.url.host}: its answer takes no end")
    if octets and not {"content-length", "transfer-encoding"} & set(answer.headers):
        raise MailboxLostError(f"{answer.url.host}: it does not say where its answer ends")
    return b"".join(pieces)[:most]


def _rest(answer: httpx.Response) -> float:
    """Return the seconds after which the server wants to be asked again (Retry-After, RFC 9110 section 10.2.3)."""
    told = answer.headers.get("retry-after", "").strip()
    try:
        until = float(told) if told.isdigit() else (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(until, 0.0), _LONGEST_REST)


def _host(url: str) -> str:
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace")
    except httpx.InvalidURL:
        return "an address that is none"


def _why(error: Exception) -> str:
    """Return what went wrong without what the library says of it: that may quote an address with what it holds."""
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "no answer in time"
    if isinstance(error, httpx.RemoteProtocolError):
        return "its answer ended early, or is no HTTP"
    told = described(error)
    return "the connection failed" if told == "ConnectError" else told


@asynccontextmanager
async def web_client(authority: Path | None, seconds: float) -> AsyncIterator[WebClient]:
    """Give what speaks with a web server until the end of the block.

    Args:
        authority: PEM file of the authorities that its certificate is checked against; None: the system's.
        seconds: that each answer may take, from the connection to its last octet.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    context = await asyncio.to_thread(ssl.create_default_context, cafile=str(authority) if authority else None)
    headers = {"Accept-Encoding": "identity", "User-Agent": "dtm-contact"}
    async with httpx.AsyncClient(
        verify=context, timeout=seconds, trust_env=False, follow_redirects=False, headers=headers
    ) as client:
        yield WebClient(client, seconds)
