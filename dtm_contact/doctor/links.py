"""What the daemon speaks with over the network: the mail server that sends, the mailbox, names in the DNS."""

import asyncio
import random
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from dtm_contact.doctor.local import certificate_finding, ends_at
from dtm_contact.doctor.registry import SECONDS, CheckResult, Site, SkipError, check, fault, ok, warning
from dtm_contact.doctor.sources import is_example, notified_addresses
from dtm_contact.errors import WrongSettingError, described
from dtm_contact.ingest.graph_client import GraphClient
from dtm_contact.ingest.imap import imap_tokens, logged_in, login_by
from dtm_contact.ingest.mailbox import (
    CredentialsRefusedError,
    MailboxLostError,
    MailboxRefusedError,
    TokenRefusedError,
)
from dtm_contact.ingest.oauth import token_source
from dtm_contact.ingest.web_client import web_client
from dtm_contact.outbound.relay import Relay
from dtm_contact.settings import AttachmentSettings, ImapSettings, Settings
from dtm_contact.settings.files import SecretFile, is_out_of_reach

RESOLVERS: Path = Path("/etc/resolv.conf")
DNS_PORT: int = 53
_DNS_SECONDS: Final = 3.0
_MX: Final = 15
_INTERNET: Final = 1
_RECURSIVE: Final = 0x0100
_NO_SUCH_NAME: Final = 3
_CODE: Final = 0x000F
_LARGEST_DATAGRAM: Final = 4096
_FOLLOWED: Final = ("imap", "imap_sent")
_BY_GRAPH: Final = ("graph", "graph_sent")


@check(
    "relay",
    "The mail server that sends for us answers, its certificate is sound, it takes our credentials, our address as the "
    "sender and those on call and offices as recipients (`RSET` ends it before there is a message), and letters with "
    "as much as agents may attach.",
)
def relay(site: Site) -> Iterator[CheckResult]:
    """Connect to it and log in; no message is handed over."""
    outbound = site.settings.outbound
    if not outbound.host:
        if site.settings.rules.observe:
            raise SkipError("nothing is to be sent: rules.observe")
        yield warning(
            "nothing is sent, and nobody is told of danger (P1) by mail: outbound.host is empty", "set outbound.host"
        )
        return
    _require_secrets("outbound", outbound.password_file)
    at = f"{outbound.host}:{outbound.port} ({outbound.security})"
    bounds = {"connect_seconds": min(outbound.connect_seconds, SECONDS), "seconds": min(outbound.seconds, SECONDS)}
    tried = Relay(outbound.model_copy(update=bounds))
    reached = asyncio.run(tried.reach(outbound.sender, _one_of_each_domain(site) or [outbound.sender]))
    if reached.trouble is not None:
        yield fault(f"{at}: {reached.trouble}{_by(outbound.authority)}", _remedy(reached.trouble, "outbound"))
        return
    if outbound.user and outbound.security == "none" and not _local(outbound.host):
        yield fault(f"{at}: the password is sent in the clear", "outbound.security: starttls or tls")
    for each in reached.unwelcome:
        what = "the sender" if each.is_sender else "mail for"
        message = f"{at}: it refuses {what} {each.address}: {each.reply}"
        yield fault(message, _WELCOME) if each.for_good else warning(f"{message} (it may later)", _WELCOME)
    yield from _of_size(at, reached.size, site.settings.attachments)
    if reached.certificate:
        yield certificate_finding(at, ends_at(reached.certificate), site.now)
    elif not reached.unwelcome:
        yield ok(f"{at}: it answers, takes our {'credentials and ' if outbound.user else ''}address as the sender")


_WELCOME: Final = "have it let this machine send from outbound.sender to everybody: its log says which rule refused it"


def _one_of_each_domain(site: Site) -> list[str]:
    """Return an address of each domain that notices go to; those of tenants, whom answers go to, may be of any."""
    given = [each for found in notified_addresses(site).values() for each in found if not is_example(each)]
    return list({each.rpartition("@")[2].lower(): each for each in reversed(given)}.values())


def _of_size(at: str, most: int | None, attachments: AttachmentSettings) -> Iterator[CheckResult]:
    """Hold the largest message that a server says it takes (SIZE, RFC 1870) against what agents may attach."""
    if most is None or most >= attachments.largest_letter:
        return
    remedy = f"where that is Postfix, there: postconf -e 'message_size_limit = {attachments.largest_letter}', reload"
    if fits := attachments.megabytes_within(most):
        remedy += f"; or attachments.megabytes = {fits}"
    may = f"{attachments.largest_letter:,} with what agents may attach (attachments.megabytes)"
    yield warning(f"{at}: it takes letters of {most:,} octets, and they may have {may}", remedy)


@check("mailbox", "Where a mailbox is read: it answers, its certificate is sound and does not end soon, it takes our "
       "credentials, and its folders can be opened.")  # fmt: skip
def mailbox(site: Site) -> Iterator[CheckResult]:
    """Connect to it, log in and open the folders; nothing is read or changed."""
    channels = [name for name in _FOLLOWED if name in site.settings.channels]
    if not channels:
        raise SkipError("no mailbox is read: imap is not among the channels")
    secrets = [site.settings.imap.password_file, site.settings.imap.token_file]
    if site.settings.imap.oauth:
        secrets += _of_tokens(site.settings)
    _require_secrets("imap", *secrets)
    imap = site.settings.imap.model_copy(update={"seconds": min(site.settings.imap.seconds, SECONDS)})
    at = f"{imap.host}:{imap.port}"
    if not imap.tls and not _local(imap.host):
        yield fault(f"{at}: password and mail cross the network in the clear", "imap.tls: true")
    folders = {"imap": imap.folder, "imap_sent": imap.sent_folder}
    try:
        if imap.tls:
            yield certificate_finding(at, ends_at(_certificate(imap)), site.now)
        asyncio.run(_open_folders(site.settings, imap, [folders[name] for name in channels]))
    except (
        CredentialsRefusedError, TokenRefusedError, MailboxLostError, MailboxRefusedError, WrongSettingError,
    ) as error:  # fmt: skip
        # Where it is and that it is the mailbox stands before it already.
        message = str(error).removeprefix(str(MailboxLostError(at))).removeprefix(": ")
        yield fault(f"{at}: {message}{_by(imap.authority)}", _remedy(message, "imap"))
    except (OSError, ValueError) as error:
        yield fault(f"{at}: {described(error)}{_by(imap.authority)}", _remedy(described(error), "imap"))
    else:
        yield ok(f"{at}: it takes our credentials, and its folders can be opened")


def _of_tokens(settings: Settings) -> list[SecretFile | None]:
    return [settings.oauth.secret_file, settings.oauth.refresh_token_file]


@check("graph", "Where a mailbox is read by Microsoft Graph: we are given a token, the service takes it, and the "
       "folders are there.")  # fmt: skip
def graph(site: Site) -> Iterator[CheckResult]:
    """Ask for a token and for the folders; nothing is read or changed."""
    channels = [name for name in _BY_GRAPH if name in site.settings.channels]
    if not channels:
        raise SkipError("no mailbox is read by Microsoft Graph: graph is not among the channels")
    _require_secrets("oauth", *_of_tokens(site.settings))
    mailbox_of = site.settings.graph
    at = f"{mailbox_of.url} {mailbox_of.user}"
    folders = {"graph": mailbox_of.folder, "graph_sent": mailbox_of.sent_folder}
    try:
        asyncio.run(_find_folders(site.settings, [folders[name] for name in channels]))
    except (TokenRefusedError, WrongSettingError) as error:
        yield fault(f"{at}: {described(error)}", "what has to be done stands in the line")
    except CredentialsRefusedError as error:
        yield fault(f"{at}: {described(error)}", "grant the application Mail.ReadWrite for this mailbox (docs/mail.md)")
    except MailboxRefusedError as error:
        yield fault(f"{at}: {described(error)}", "mend graph.user, graph.folder or graph.sent_folder")
    except (MailboxLostError, OSError) as error:
        remedy = "see whether a firewall lets us through; oauth.token_url and graph.url say where it is"
        yield fault(f"{at}: {described(error)}", remedy)
    else:
        yield ok(f"{at}: we are given a token, it is taken, and the folders are there")


async def _find_folders(settings: Settings, folders: list[str]) -> None:
    seconds = min(settings.graph.seconds, SECONDS)
    async with web_client(settings.graph.authority, seconds) as web:
        client = GraphClient(settings.graph, web, token_source(settings, settings.graph.scope))
        for folder in folders:
            await client.folder(folder)


def _require_secrets(group: str, *paths: SecretFile | None) -> None:
    """Let a check be made only where this process can read the secrets that it logs in with.

    Raises:
        SkipError: one is a credential.
    """
    if any(map(is_out_of_reach, paths)):
        raise SkipError(f"the password of {group} is a systemd credential, which only the daemon's unit can read")


def _certificate(imap: ImapSettings) -> object:
    """Return the server's certificate, verified as for reading.

    Raises:
        OSError: it cannot be reached, or its certificate is refused.
    """
    context = ssl.create_default_context(cafile=str(imap.authority) if imap.authority else None)
    with (
        socket.create_connection((imap.host, imap.port), timeout=imap.seconds) as plain,
        context.wrap_socket(plain, server_hostname=imap.host) as protected,
    ):
        return protected.getpeercert()


async def _open_folders(settings: Settings, imap: ImapSettings, folders: list[str]) -> None:
    tokens = imap_tokens(settings)
    async with logged_in(login_by(imap, tokens), tokens) as box:
        for folder in folders:
            await box.select(folder)


def _by(authority: Path | None) -> str:
    return f" (checked against {authority})" if authority else ""


def _remedy(message: str, group: str) -> str:
    """Return what to do about a connection that fails, by what was told of it."""
    if "certificate" in message:
        wrong = f"a wrong name is {group}.host, an unknown authority {group}.authority"
        return f"renew the server's certificate if it has expired; {wrong}"
    if "gives tokens" in message or "DTM_" in message:
        return "what has to be done stands in the line"
    if "credentials" in message or "password" in message.lower() or "name, password" in message:
        return f"mend {group}.user and {group}.password_file" + (" or the token" if group == "imap" else "")
    if "STARTTLS" in message:
        return "have the server offer STARTTLS; or outbound.security: tls with port 465, or none on one machine"
    if "folder" in message:
        return "mend imap.folder or imap.sent_folder"
    return f"see whether the server runs and a firewall lets us through; {group}.host and {group}.port say where it is"


def _local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


@check(
    "dns", "The names of other machines in the settings resolve; the domains of our addresses have a mail server (MX)."
)
def dns(site: Site) -> Iterator[CheckResult]:
    """Resolve what the daemon will have to."""
    found = []
    named = dict(_hosts(site.settings))
    for setting, host in named.items():
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as error:
            message = f"{setting}: {host}: {described(error)}"
            found.append(fault(message, f"mend {setting}, or the name in the DNS (/etc/resolv.conf, /etc/hosts)"))
    domains = _domains(site.settings)
    for domain in domains:
        try:
            count = mail_exchangers(domain)
        except UnicodeError:
            found.append(fault(f"{domain} is no name that the DNS can have", "mend the addresses in the settings"))
            continue
        except OSError as error:
            found.append(
                warning(
                    f"{domain}: its MX cannot be asked for: {described(error)}",
                    "see whether the server in /etc/resolv.conf answers",
                )
            )
            break
        if not count:
            found.append(
                warning(
                    f"{domain} has no MX, so mail from outside may not reach us",
                    "add the mail server in front to its zone",
                )
            )
    yield from found
    if not found:
        yield ok(
            ", ".join([*named.values(), *(f"MX of {domain}" for domain in domains)]) or "no name is to be resolved"
        )


def _hosts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each host that the daemon connects to, by the setting that names it."""
    if settings.outbound.host:
        yield "outbound.host", settings.outbound.host
    if any(name in settings.channels for name in _FOLLOWED):
        yield "imap.host", settings.imap.host
    if any(name in settings.channels for name in _BY_GRAPH):
        yield "graph.url", urlsplit(settings.graph.url).hostname or ""
    if settings.oauth.is_set:
        yield "oauth.token_url", urlsplit(settings.oauth.token_url).hostname or ""
    if settings.alarm.recipients:
        yield "alarm.host", settings.alarm.host
    for setting, url in (("alarm.webhook", settings.alarm.webhook), ("heartbeat.url", settings.heartbeat.url)):
        if url is not None and (host := urlsplit(url).hostname):
            yield setting, host
    database = sa.make_url(settings.store.url)
    if database.get_backend_name() == "postgresql" and database.host:
        yield "store.url", database.host


def _domains(settings: Settings) -> list[str]:
    servers = [server for name, server in settings.mail_servers.items() if name in settings.channels]
    found = [address.rpartition("@")[2].lower() for server in servers for address in server.recipients]
    if "sender" in settings.outbound.model_fields_set:
        found.append(settings.outbound.sender.rpartition("@")[2].lower())
    return list(dict.fromkeys(found))


def mail_exchangers(domain: str) -> int:
    """Return how many mail servers the DNS names for a domain (RFC 1035): the system's resolver has no call for it.

    Raises:
        OSError: no server of /etc/resolv.conf answers, or it answers that it cannot.
    """
    lines = (line.split() for line in RESOLVERS.read_text(encoding="utf-8", errors="replace").splitlines())
    servers = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    number = random.SystemRandom().randrange(0x10000)
    labels = b"".join(bytes((len(label),)) + label for label in domain.encode("idna").split(b"."))
    asked = struct.pack("!6H", number, _RECURSIVE, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", _MX, _INTERNET)
    failure: OSError = OSError("no server is named in /etc/resolv.conf")
    for server in servers:
        try:
            return _answered(server, asked, number)
        except OSError as error:
            failure = error
    raise failure


def _answered(server: str, asked: bytes, number: int) -> int:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.settimeout(_DNS_SECONDS)
        sender.connect((server, DNS_PORT))
        sender.send(asked)
        head = sender.recv(_LARGEST_DATAGRAM)[:12]
    if len(head) < struct.calcsize("!6H"):
        raise TimeoutError
    same, flags, _questions, answers, _authorities, _more = struct.unpack("!6H", head)
    if same != number or flags & _CODE not in {0, _NO_SUCH_NAME}:
        raise ConnectionRefusedError("the DNS server cannot answer")
    return 0 if flags & _CODE else int(answers)
