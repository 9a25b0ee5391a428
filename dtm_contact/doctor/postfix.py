"""Postfix on the same machine: whether mail for our addresses gets through it to us."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from typing import Final

from dtm_contact.doctor.registry import SECONDS, CheckResult, Site, SkipError, check, fault, ok, warning
from dtm_contact.errors import described
from dtm_contact.settings import MailServerSettings, Settings

_ADMINS_PATH: Final = "/usr/sbin:/usr/local/sbin"
_CLASSES: Final = {
    "mydestination": "local_recipient_maps",
    "virtual_alias_domains": "virtual_alias_maps",
    "virtual_mailbox_domains": "virtual_mailbox_maps",
    "relay_domains": "relay_recipient_maps",
}
"""The lists of domains that Postfix takes mail for, with the tables of the recipients that it knows there.

The first list that names a domain counts and no other (trivial-rewrite(8), ADDRESS_CLASS_README).
"""
_ALWAYS_KNOWN: Final = ("virtual_alias_maps", "canonical_maps", "recipient_canonical_maps")
"""Whom these name is known whatever the list is (smtpd(8), `smtpd_reject_unlisted_recipient`)."""
_NEEDS_A_TABLE: Final = "virtual_alias_domains"
_PARAMETERS: Final = (
    *_CLASSES, *_CLASSES.values(), *_ALWAYS_KNOWN, "transport_maps", "message_size_limit", "recipient_delimiter",
)  # fmt: skip


class _Postfix:
    """What Postfix's own programs say of it."""

    def __init__(self) -> None:
        path = f"{os.environ.get('PATH', '')}:{_ADMINS_PATH}"
        postconf, postmap = shutil.which("postconf", path=path), shutil.which("postmap", path=path)
        if postconf is None or postmap is None:
            raise SkipError("Postfix is not on this machine")
        self._postconf, self._postmap = postconf, postmap
        asked = self._said(postconf, "-x", *_PARAMETERS)
        self.values = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in asked)}
        if not self.values:
            raise SkipError("postconf says nothing: is Postfix set up?")

    def entries(self, name: str) -> list[str]:
        """Return the members of a list; a table in braces is one of them."""
        found, depth, word = [], 0, ""
        for character in f"{self.values.get(name, '')},":
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth == 0 and character in ", \t" and not word.endswith(":"):
                found.append(word)
                word = ""
            elif word or not character.isspace():
                word += character
        return [entry for entry in found if entry]

    def looked_up(self, key: str, table: str) -> str | None:
        """Return what a table has for a key."""
        found = self._said(self._postmap, "-q", key, table.removeprefix("proxy:"))
        return found[0] if found else None

    def holds(self, name: str, key: str) -> bool:
        """Tell whether a list names a key, itself or by one of its tables."""
        return any(
            self.looked_up(key, entry) is not None if ":" in entry else entry.lower() == key
            for entry in self.entries(name)
        )

    def tables(self, name: str) -> list[str]:
        """Return the tables of a list."""
        return [entry for entry in self.entries(name) if ":" in entry]

    def in_tables(self, name: str, keys: Iterable[str]) -> bool:
        """Tell whether one of a list's tables has one of the keys."""
        return any(self.looked_up(key, table) is not None for key in keys for table in self.tables(name))

    def chroot(self, service: str) -> bool:
        """Tell whether a service of master.cf sees another root."""
        said = " ".join(self._said(self._postconf, "-F", f"{service}/unix/chroot"))
        return said.rpartition("=")[2].strip() == "y"

    @staticmethod
    def _said(program: str, *arguments: str) -> list[str]:
        try:
            done = subprocess.run(  # noqa: S603 - Postfix's own program, with names of its parameters and our addresses
                [program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace"
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        return done.stdout.splitlines() if done.returncode == 0 else []


@check(
    "postfix",
    "Where Postfix is on this machine: it takes mail for our domains, its transport leads to where we listen (and out "
    "of its chroot), somebody listens there, it keeps `+` in addresses, and refuses what is too large for us.",
)
def postfix(site: Site) -> Iterator[CheckResult]:
    """Ask postconf and postmap."""
    ways = list(_ways(site.settings))
    if not ways:
        raise SkipError("no mail is taken in by SMTP or LMTP")
    if not any(network.is_loopback for _name, server in ways for network in server.networks):
        raise SkipError("other machines hand mail over: smtp.networks, lmtp.networks")
    asked = _Postfix()
    found = list(_of_sizes(asked, ways))
    if "+" not in asked.values.get("recipient_delimiter", ""):
        message = "recipient_delimiter has no +, so replies to our signed addresses (name+…@) find no transport"
        found.append(fault(message, "postconf -e 'recipient_delimiter = +'"))
    addresses = dict.fromkeys(address.lower() for _name, server in ways for address in server.recipients)
    for address in addresses:
        found.extend(_of_address(asked, site.settings, address))
    if not found:
        found.extend(_of_listeners(site.settings, ways))
    yield from found
    if not found:
        places = " and ".join(_place(site.settings, name) for name, _server in ways)
        yield ok(f"mail for {', '.join(addresses)} is handed to us at {places}")


def _ways(settings: Settings) -> Iterator[tuple[str, MailServerSettings]]:
    yield from ((name, server) for name, server in settings.mail_servers.items() if name in settings.channels)


def _place(settings: Settings, way: str) -> str:
    if way == "lmtp" and settings.lmtp.socket is not None:
        return str(settings.lmtp.socket)
    server = settings.lmtp if way == "lmtp" else settings.smtp
    return f"{server.host}:{server.port}"


def _of_listeners(settings: Settings, ways: list[tuple[str, MailServerSettings]]) -> Iterator[CheckResult]:
    """Connect to where Postfix hands mail over."""
    for name, _server in ways:
        unix = settings.lmtp.socket if name == "lmtp" else None
        host, port = (
            (settings.lmtp.host, settings.lmtp.port) if name == "lmtp" else (settings.smtp.host, settings.smtp.port)
        )
        try:
            if unix is not None:
                with socket.socket(socket.AF_UNIX) as tried:
                    tried.settimeout(SECONDS)
                    tried.connect(str(unix))
            else:
                socket.create_connection((host, port), timeout=SECONDS).close()
        except OSError as error:
            message = f"Postfix hands mail over at {_place(settings, name)}, where nobody takes it: {described(error)}"
            remedy = "start the daemon: systemctl start dtm-contact; until then Postfix keeps the mail, and tries again"
            yield fault(message, remedy)


def _of_sizes(asked: _Postfix, ways: list[tuple[str, MailServerSettings]]) -> Iterator[CheckResult]:
    said = asked.values.get("message_size_limit", "")
    limit = int(said) if said.isdigit() else 0
    for name, server in ways:
        if not limit or limit > server.size_limit:
            refused = f"what {name}.size_limit ({server.size_limit}) refuses, and bounces it"
            message = f"message_size_limit is {limit or 'none'}: Postfix takes {refused}"
            # Never lower than what Postfix takes for others, too, such as letters with files that agents send.
            ours = f"{name}.size_limit = {limit} in the settings, then: systemctl restart dtm-contact"
            yield warning(message, ours if limit else f"postconf -e 'message_size_limit = {server.size_limit}'")


def _of_address(asked: _Postfix, settings: Settings, address: str) -> Iterator[CheckResult]:
    domain = address.rpartition("@")[2]
    counts = next((name for name in _CLASSES if asked.holds(name, domain)), None)
    if counts is None:
        message = f"Postfix takes no mail for {domain} from outside (Relay access denied)"
        yield fault(message, f"add {domain} to relay_domains")
    elif not _is_known(asked, counts, address):
        known = _CLASSES[counts]
        unknown = f"User unknown in {known.removesuffix('_maps').replace('_', ' ')} table"
        message = f"{domain} is in {counts}, where {address} is unknown ({unknown})"
        yield fault(message, _made_known(asked, counts, domain))
    tables = asked.entries("transport_maps")
    leads = next((way for key in (address, domain) for table in tables if (way := asked.looked_up(key, table))), None)
    if leads is None:
        yield fault(
            f"no transport leads {address} to us", f"transport_maps = inline:{{ {address}={_right(settings)} }}"
        )
    else:
        yield from _of_transport(asked, settings, address, leads)


def _is_known(asked: _Postfix, counts: str, address: str) -> bool:
    """Tell whether Postfix knows an address of a domain that such a list names; without a table it takes all."""
    local, _, domain = address.rpartition("@")
    keys = (address, local, f"@{domain}") if counts == "mydestination" else (address, f"@{domain}")
    if any(asked.in_tables(name, keys) for name in _ALWAYS_KNOWN):
        return True
    return (counts != _NEEDS_A_TABLE and not asked.tables(_CLASSES[counts])) or asked.in_tables(_CLASSES[counts], keys)


def _made_known(asked: _Postfix, counts: str, domain: str) -> str:
    """Return what has Postfix take mail for our address of a domain that such a list names."""
    table = f"{_CLASSES[counts]} must know the address (of a user of the system an alias will do)"
    if counts != "mydestination":
        return table.partition(" (")[0]
    rest = ", ".join(entry for entry in asked.entries(counts) if entry.lower() != domain)
    moved = "" if asked.holds("relay_domains", domain) else f"add {domain} to relay_domains, and "
    changed = f"{moved}postconf -e 'mydestination = {rest}', then: postfix reload"
    return f"{changed}; or where others have mailboxes here, {table}"


def _right(settings: Settings) -> str:
    if "smtp" in settings.channels:
        return f"smtp:[{settings.smtp.host}]:{settings.smtp.port}"
    lmtp = settings.lmtp
    return f"lmtp:unix:{lmtp.socket}" if lmtp.socket else f"lmtp:inet:{lmtp.host}:{lmtp.port}"


def _of_transport(asked: _Postfix, settings: Settings, address: str, leads: str) -> Iterator[CheckResult]:
    """Hold where mail goes against where we listen; a host that is not this one is somebody else's affair."""
    transport, _, next_hop = leads.partition(":")
    right = _right(settings)
    if next_hop.startswith("unix:"):
        path = next_hop.removeprefix("unix:")
        if "lmtp" not in settings.channels or settings.lmtp.socket is None or str(settings.lmtp.socket) != path:
            yield fault(f"the transport of {address} is {leads}, where we do not listen", f"make it {right}")
        elif asked.chroot(transport):
            message = f"Postfix's {transport} client is in a chroot, where it does not see {path}"
            yield fault(message, f"postconf -F {transport}/unix/chroot=n, then: postfix reload")
        return
    host, _, port = next_hop.removeprefix("inet:").rpartition(":")
    ours = {
        str(settings.smtp.port) if "smtp" in settings.channels else "",
        str(settings.lmtp.port) if "lmtp" in settings.channels and settings.lmtp.socket is None else "",
    }
    if host.strip("[]") in {"127.0.0.1", "localhost", "::1"} and port not in ours:
        yield fault(f"the transport of {address} is {leads}, where we do not listen", f"make it {right}")
