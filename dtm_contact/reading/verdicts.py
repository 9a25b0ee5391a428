"""What our own mail server found, told apart from what a sender pretends that it found (RFC 8601)."""

import re
from collections.abc import Collection
from typing import Final

from dtm_contact.reading.headers import Headers
from dtm_contact.reading.words import decode_header

_AUTHENTICATION: Final = "authentication-results"
_FILTERS: Final = re.compile(r"x-(?:spam|virus|amavis|rspamd|ms-exchange-organization-scl)\b.*")
_SHOWN: Final = 500


def trusted_verdicts(headers: Headers, authserv_ids: Collection[str]) -> tuple[str, ...]:
    """Return the verdicts as "Header: value", topmost first.

    A server adds its headers above those that came in, so only what stands above the topmost Received is its own (where
    no server received the message, nothing is); and an Authentication-Results only where it bears one of our servers'
    names (RFC 8601 section 5), or where no name is given.
    """
    ours = {name.lower() for name in authserv_ids}
    if "received" not in headers:
        return ()
    found: list[str] = []
    for name, body in headers.fields:
        if name == "received":
            break
        if name == _AUTHENTICATION:
            text = decode_header(body)
            if not ours or re.split(r"[;\s]", text, maxsplit=1)[0].lower() in ours:
                found.append(f"Authentication-Results: {text}"[:_SHOWN])
        elif _FILTERS.fullmatch(name):
            found.append(f"{name.title()}: {decode_header(body)}"[:_SHOWN])
    return tuple(found)
