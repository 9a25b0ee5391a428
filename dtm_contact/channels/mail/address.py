"""Addresses of the envelope (RFC 5321 section 4.1.2, RFC 6531 section 3.3), and which of them are ours."""

import re
from collections.abc import Iterable

# Controls of both sets, and halves of surrogates, which stand for octets that are no UTF-8.
_NEVER = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_ATOM = rf"[^{_NEVER} \xa0()<>\[\]\\,;:@\"]+"
_QUOTED = rf'"(?:[^{_NEVER}"\\]|\\[ -~])*"'
_LITERAL = r"\[[0-9A-Za-z:.\-]+\]"
_NAME = rf"(?:{_ATOM}|{_QUOTED})"
_DOMAIN = rf"@(?:{_ATOM}|{_LITERAL})"
_ROUTE = rf"(?:@{_ATOM}(?:,@{_ATOM})*:)?"
_ANGLE = rf"<{_ROUTE}(?P<angle>{_NAME}(?:{_DOMAIN})?|)>"
_PATH = re.compile(rf"(?:{_ANGLE}|(?P<bare>{_NAME}{_DOMAIN}))(?:[ \t]+(?P<parameters>.*))?")
_ESCAPED = re.compile(r"\\(.)")


def parse_path(text: str) -> tuple[str, str] | None:
    """Take apart what follows `MAIL FROM:` or `RCPT TO:`.

    Two dots side by side, a name without a domain and an address without angle brackets are let through: people have
    such addresses, and mail servers send them. A route (`<@relay:name@domain>`) is left out, as RFC 5321 advises.

    Returns:
        The address, empty for the null path `<>`, and the parameters behind it; None if it is no address.
    """
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    return found["angle"] or found["bare"] or "", found["parameters"] or ""


class Recipients:
    """The addresses that are ours."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Keep the addresses; upper and lower case are the same, in the name and in the domain."""
        self._as_written = frozenset(addresses)
        self._ours = frozenset(_folded(address) for address in self._as_written)

    def __contains__(self, address: str) -> bool:
        """Return whether mail to `address` is for us; what follows a plus sign in the name does not matter."""
        if address in self._as_written:
            return True
        local, domain = _folded(address)
        return (local, domain) in self._ours or (local.partition("+")[0], domain) in self._ours


def _folded(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    if local.startswith('"') and local.endswith('"'):
        local = _ESCAPED.sub(r"\1", local[1:-1])
    return local.casefold(), domain.removesuffix(".").casefold()
