"""What can be told without a connection: settings, rights, secrets, addresses, certificates, ways to raise an alarm."""

import os
import shutil
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dtm_contact.doctor.registry import (
    SECONDS,
    CheckResult,
    CheckState,
    Site,
    SkipError,
    addresses_of,
    check,
    days,
    fault,
    ok,
    warning,
)
from dtm_contact.errors import DtmContactError, WrongSettingError, closed_folder, described, shut_out, user_name
from dtm_contact.ingest import known_receivers
from dtm_contact.rules.queues import QUEUES_FILE
from dtm_contact.rules.ruleset import yaml_files
from dtm_contact.settings import MailServerSettings, Settings, secret_files
from dtm_contact.settings.files import SecretFile, is_out_of_reach, secret_file

SOON: Final = timedelta(days=21)
"""How long before its end a certificate is told of."""
_LONGEST_SOCKET: Final = 107
_FIRST_FREE_PORT: Final = 1024
_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH
_RUN: Final = Path("/run")
_LOOPBACK: Final = ("127.", "::1", "localhost")


@check("settings", "The settings file and the environment are read; no key is misspelt.", offline=True)
def settings(site: Site) -> Iterator[CheckResult]:
    """Tell where the settings come from, and of variables and channels that there are not."""
    found = [warning(slip, "correct its name, or delete it") for slip in site.loaded.slips]
    others = (name for name in site.settings.channels if name not in known_receivers())
    found += [
        fault(f"channels: there is no channel {name}", f"choose from {', '.join(known_receivers())}") for name in others
    ]
    if not site.settings.channels:
        found.append(fault("channels: no way in is open", 'name at least one: channels = ["smtp"]'))
    yield from found
    if not found:
        file = site.loaded.file
        yield ok(
            f"they hold; read from {file.path}" if file else "they hold; only the environment is read, and no file"
        )


@check(
    "rights",
    "The folders of the store, of backups, of the intake journal, of alarms, of the page of open P1, of sockets and of "
    "the heartbeat are there and can be written; the rules and files that settings name can be read; the command runs "
    "as the daemon's user.",
    offline=True,
)
def rights(site: Site) -> Iterator[CheckResult]:
    """Look at every folder and file that the settings name, as the user who runs this."""
    found = [*_wrong_folders(site.settings), *_wrong_files(site.settings)]
    yield from found
    stranger = _runs_as_another(site.settings)
    if stranger is not None:
        yield stranger
    if not found:
        yield ok(f"folders and files are as they must be for the user {user_name(os.geteuid())}")


def _wrong_folders(settings: Settings) -> Iterator[CheckResult]:
    for setting, folder in written_folders(settings):
        message = cannot_write(folder)
        if message is not None:
            owner = user_name(os.geteuid()) if os.geteuid() else "USER"
            remedy = f"give it to the daemon's user: mkdir -p {folder}; chown {owner} {folder}"
            yield fault(f"{setting}: {message}", remedy)
    store = settings.store.sqlite_path
    if store is None:
        return
    if not store.is_absolute():
        yield warning(f"store.url: {store} is another file in each folder where a command is started", "write it whole")
    for file in (store, store.with_name(f"{store.name}-wal")):
        with suppress(OSError):
            if file.exists() and not os.access(file, os.W_OK):
                owner = user_name(os.geteuid()) if os.geteuid() else "USER"
                yield fault(
                    f"store.url: {file} cannot be written", f"give it to the daemon's user: chown {owner} {file}*"
                )
            elif file.exists() and file.stat().st_mode & _OTHERS and file.parent.stat().st_mode & stat.S_IXOTH:
                message = f"store.url: every user can read {file}, and with it all that tenants wrote"
                yield fault(message, f"chmod 600 {file}; chmod 700 {file.parent}")


def written_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield each folder that is written to, with the setting that names it or what lies in it."""
    if (store := settings.store.sqlite_path) is not None:
        yield "store.url", store.absolute().parent
    if settings.alarm.folder is not None:
        yield "alarm.folder", settings.alarm.folder
    if settings.danger.folder is not None:
        yield "danger.folder", settings.danger.folder
    if settings.backup.dir is not None:
        yield "backup.dir", settings.backup.dir
    if settings.journal.dir is not None:
        yield "journal.dir", settings.journal.dir
    if settings.log.file is not None:
        yield "log.file", settings.log.file.absolute().parent
    if settings.heartbeat.file is not None:
        yield "heartbeat.file", settings.heartbeat.file.absolute().parent
    for setting, path in _sockets(settings):
        folder = path.absolute().parent
        # systemd makes that of a service with its start, and takes it away with its end (RuntimeDirectory).
        if folder.exists() or folder.parent != _RUN:
            yield setting, folder


def _sockets(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.desk.socket is not None:
        yield "desk.socket", settings.desk.socket
    if "lmtp" in settings.channels and settings.lmtp.socket is not None:
        yield "lmtp.socket", settings.lmtp.socket


def cannot_write(folder: Path) -> str | None:
    """Say why nothing can be written to a folder, as the user who runs this; None where it can."""
    try:
        if not folder.exists():
            return f"{folder} does not exist"
        if not folder.is_dir():
            return f"{folder} is no folder"
    except OSError as error:
        return described(error)
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} cannot be written"


def _wrong_files(settings: Settings) -> Iterator[CheckResult]:
    rules = settings.rules.dir
    if (closed := closed_rules(settings)) is not None:
        yield closed
    else:
        for file in (rules, *(yaml_files(rules) if rules.is_dir() else ())):
            message = _cannot_read(file)
            if message is not None:
                yield fault(f"rules.dir: {message}", "let the daemon's user read the folder of the rules and all in it")
    named = {
        "model": settings.model,
        "outbound.authority": settings.outbound.authority,
        "imap.authority": settings.imap.authority if {"imap", "imap_sent"} & set(settings.channels) else None,
        "graph.authority": settings.graph.authority if {"graph", "graph_sent"} & set(settings.channels) else None,
        "oauth.authority": settings.oauth.authority if settings.oauth.is_set else None,
        "alarm.authority": settings.alarm.authority,
        "heartbeat.authority": settings.heartbeat.authority,
    }
    for setting, file in named.items():
        if file is not None and (message := _cannot_read(file)) is not None:
            yield fault(f"{setting}: {message}", "name a file that is there and that the daemon's user may read")
    for setting, path in _sockets(settings):
        if len(os.fsencode(path)) > _LONGEST_SOCKET:
            yield fault(
                f"{setting}: {path} is longer than the {_LONGEST_SOCKET} octets of a socket's name",
                "choose a shorter one",
            )


def closed_rules(settings: Settings) -> CheckResult | None:
    """Return a fault where the folder of the rules, or one above it, is closed to who runs this; else nothing."""
    # Of a file in it: the folder itself must be entered, too.
    within = settings.rules.dir / QUEUES_FILE
    folder = closed_folder(within)
    return fault(f"rules.dir: {shut_out(within)}", f"chmod 755 {folder}") if folder is not None else None


def _cannot_read(path: Path) -> str | None:
    try:
        path.stat()
    except OSError as error:
        return described(error)
    return None if os.access(path, os.R_OK) else f"{path} cannot be read"


def _runs_as_another(settings: Settings) -> CheckResult | None:
    """Tell that what root may do says nothing of what the daemon may do."""
    store = settings.store.sqlite_path
    if os.geteuid() != 0 or store is None:
        return None
    try:
        owner = (store if store.exists() else store.absolute().parent).stat().st_uid
    except OSError:
        return None
    if owner == 0:
        return None
    name = user_name(owner)
    return warning(
        f"this runs as root, and the store is {name}'s: rights were looked at as root's",
        f"runuser -u {name} -- dtm-contact …",
    )


@check(
    "secrets",
    "Files of passwords, tokens and keys are there, hold something, belong to root or the daemon's user, and no other "
    "user can read or change them; no password stands in a settings file that others can read.",
    offline=True,
)
def secrets(site: Site) -> Iterator[CheckResult]:
    """Look at every file that holds a secret."""
    found = [*_secret_files(site.settings), *_secrets_in_the_open(site)]
    yield from found
    if not found:
        yield ok("each can be read by the daemon, and by no other user")


def _secret_files(settings: Settings) -> Iterator[CheckResult]:
    for setting, secret in (*secret_files(settings), *_certificates_with_their_key(settings)):
        if is_out_of_reach(secret):
            told = f"{setting}: {secret} is handed to the daemon's unit alone, so it is not looked at here"
            yield CheckResult("", CheckState.SKIPPED, told)
        else:
            yield from _of_secret(setting, secret)
    outbound, imap = settings.outbound, settings.imap
    with suppress(OSError, WrongSettingError):
        # That it cannot be read at all is told above.
        key = outbound.read_key()
        if key is not None and len(key) < 16:  # noqa: PLR2004 - what the setting's description says
            yield fault(f"outbound.key_file: {outbound.key_file} holds fewer than 16 octets", "openssl rand -hex 32")
    for setting, path, read in (
        ("outbound.password_file", outbound.password_file, outbound.read_password),
        ("imap.password_file", imap.password_file, imap.read_password),
        ("oauth.secret_file", settings.oauth.secret_file, settings.oauth.read_secret),
        ("oauth.refresh_token_file", settings.oauth.refresh_token_file, settings.oauth.read_refresh_token),
        ("oidc.secret_file", settings.oidc.secret_file, settings.oidc.read_secret),
        ("access.key_file", settings.access.key_file, settings.access.read_keys),
    ):
        try:
            if not is_out_of_reach(path):
                read()
        except WrongSettingError as error:
            if not isinstance(error.__cause__, OSError):
                yield fault(f"{setting}: {error}", "write the password into its first line")
    if outbound.user and outbound.password_file is None and outbound.host:
        yield fault("outbound.user: a user without a password", "name outbound.password_file, or leave the user out")


def _mail_servers(settings: Settings) -> Iterator[tuple[str, MailServerSettings]]:
    for name in settings.channels:
        server = getattr(settings, name, None)
        if isinstance(server, MailServerSettings):
            yield name, server


def _certificates_with_their_key(settings: Settings) -> Iterator[tuple[str, SecretFile]]:
    for name, server in _mail_servers(settings):
        if server.certificate is not None and server.key is None:
            yield f"{name}.certificate", SecretFile(server.certificate)


def _of_secret(setting: str, secret: SecretFile) -> Iterator[CheckResult]:
    try:
        path = secret_file(secret, setting)
    except WrongSettingError as error:
        yield fault(str(error), "docs/installation.md tells how secrets are handed over")
        return
    if (message := _cannot_read(path)) is not None:
        yield fault(f"{setting}: {message}", "name a file that is there and that the daemon's user may read")
        return
    status = path.stat()
    if status.st_mode & _OTHERS:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        yield fault(f"{setting}: every user can read {path} (mode {mode})", f"chmod 640 {path}, group of the daemon")
    if status.st_uid not in {0, os.geteuid()}:
        message = f"{setting}: {path} belongs to {user_name(status.st_uid)}, who can change it"
        yield warning(message, "give it to root, with the daemon's group")


def _secrets_in_the_open(site: Site) -> Iterator[CheckResult]:
    file = site.loaded.file
    if file is None:
        return
    try:
        mode = file.path.stat().st_mode
    except OSError:
        return
    if not mode & stat.S_IROTH:
        return
    values = {name: group for name, group in file.values.items() if isinstance(group, dict)}
    written = values.get("store", {}).get("url", "")
    held = [
        place
        for place, secret in (
            ("store.url", bool(urlsplit(str(written)).password)),
            ("alarm.webhook", "webhook" in values.get("alarm", {})),
            ("heartbeat.url", "url" in values.get("heartbeat", {})),
        )
        if secret
    ]
    for place in held:
        message = f"{file.place(tuple(place.split('.')))}: a secret stands in a file that every user can read"
        yield fault(message, f"chmod 640 {file.path}, group of the daemon")


@check(
    "addresses",
    "What the daemon listens on is an address of this machine and is named once; what is not meant for the outside is "
    "not open to it; cookies are not sent without TLS; the desk's names are that of its links.",
    offline=True,
)
def addresses(site: Site) -> Iterator[CheckResult]:
    """Look at every address to listen on; that one is taken is told only while no daemon answers there."""
    found = [*_wrong_addresses(site.settings), *_open_to_all(site.settings)]
    yield from found
    if not found:
        listening = [f"{name} on {host}:{port}" for name, host, port in addresses_of(site.settings)]
        listening += [f"{setting.partition('.')[0]} on {path}" for setting, path in _sockets(site.settings)]
        yield ok(", ".join(listening))


def _wrong_addresses(settings: Settings) -> Iterator[CheckResult]:
    seen: dict[tuple[str, int], str] = {}
    for name, host, port in addresses_of(settings):
        earlier = seen.setdefault((host, port), name)
        if port and earlier != name:
            yield fault(f"{name}.port: {host}:{port} is that of {earlier}, too", f"give {name} another port")
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as tried:
                tried.bind(address)
        except OSError as error:
            yield fault(
                f"{name}.host: {host}: {described(error)}", "name an address of this machine, such as 127.0.0.1"
            )
        if 0 < port < _FIRST_FREE_PORT and os.geteuid() != 0:
            yield fault(
                f"{name}.port: {port} is root's alone to open",
                "take one from 1024 on; a proxy or Postfix in front has the others",
            )


def _open_to_all(settings: Settings) -> Iterator[CheckResult]:
    if not settings.monitor.host.startswith(_LOOPBACK):
        message = f"monitor.host: /metrics and /healthz are open to whoever reaches {settings.monitor.host}"
        yield warning(message, "127.0.0.1, or a firewall that lets only the watching machine in")
    desk = settings.desk
    if not desk.open:
        return
    if not desk.secure_cookies and (desk.hosts or not desk.host.startswith(_LOOPBACK)):
        yield fault(
            "desk.secure_cookies: browsers send the session without TLS",
            "secure_cookies = true, and a proxy with TLS in front",
        )
    of_links = urlsplit(desk.url).hostname
    if desk.hosts and of_links and of_links not in desk.hosts:
        message = (
            f"desk.hosts: {', '.join(desk.hosts)} are not the name in desk.url, {of_links}; "
            "a browser that comes by a third one is refused (status 421)"
        )
        yield warning(message, "write the name that stands in the browsers' address bar into both")
    if desk.hosts and not desk.proxies:
        message = "desk.proxies: none is named, so all agents share one bound on attempts to log in"
        yield warning(message, 'name the proxy with TLS in front: proxies = ["127.0.0.1", "::1"]')
    smtp = settings.smtp
    if "smtp" in settings.channels and any(network.prefixlen == 0 for network in smtp.networks):
        yield fault(
            "smtp.networks: whoever reaches it may hand over mail, and vouch for any sender",
            "name the mail servers in front alone",
        )


@check(
    "certificate", "The certificate of the way in by SMTP or LMTP fits its key, and does not end soon.", offline=True
)
def certificate(site: Site) -> Iterator[CheckResult]:
    """Look at the certificates that we show."""
    shown = [(name, server) for name, server in _mail_servers(site.settings) if server.certificate is not None]
    if not shown:
        raise SkipError("no certificate is set: mail is taken in without STARTTLS, as on one machine it may be")
    for name, server in shown:
        assert server.certificate is not None  # noqa: S101 - chosen above
        message = f"{name}.certificate: {server.certificate}"
        try:
            if is_out_of_reach(server.key):
                raise SkipError(f"{name}.key is a systemd credential, which only the daemon's unit can read")
            until = _end_of(server.certificate, server.key_path())
        except (OSError, ValueError, WrongSettingError) as error:
            yield fault(
                f"{message}: {described(error)}",
                "put the renewed certificate and its key there, and restart the daemon",
            )
        else:
            yield certificate_finding(message, until, site.now)


def certificate_finding(message: str, until: datetime, now: datetime) -> CheckResult:
    """Return what is to be said of a certificate that is sound now and ends then."""
    left = until - now
    said = f"{message}: its certificate ends in {days(left.total_seconds())} ({until:%Y-%m-%d})"
    return warning(said, "have it renewed in time") if left < SOON else ok(said)


def _end_of(chain: Path, key: Path | None) -> datetime:
    """Return when a certificate ends, by showing it to ourselves.

    Raises:
        OSError: it cannot be read, does not fit its key, or has ended (`ssl.SSLError`).
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(chain)
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours, theirs = client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return ends_at(ours.getpeercert())


def ends_at(seen: object) -> datetime:
    """Return when a verified certificate expires.

    Args:
        seen: as `ssl.SSLSocket.getpeercert` has it.

    Raises:
        ValueError: it holds no date of expiry, as without TLS or without verifying.
    """
    if not isinstance(seen, dict) or "notAfter" not in seen:
        raise ValueError("the server presented no certificate that could be verified")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(seen["notAfter"])), UTC)


@check("alarms", "At least one way is set by which the admins are told, and it can be used.", offline=True)
def alarms(site: Site) -> Iterator[CheckResult]:
    """Look at the ways of alarms; beside `settings check` the mail server is connected to."""
    alarm = site.settings.alarm
    given = {"mail": bool(alarm.recipients), "webhook": alarm.webhook is not None, "command": bool(alarm.command)}
    ready = [way for way in dict.fromkeys(alarm.ways) if given[way]]
    for way in (way for way in given if given[way] and way not in ready):
        yield warning(f"alarm.ways: {way} is set up, and is not among them", f"add {way}")
    if not ready:
        yield warning(
            "nobody is told when something needs a person", "set alarm.recipients, alarm.webhook or alarm.command"
        )
        return
    wrong = []
    if "command" in ready and (message := _cannot_run(alarm.command[0])) is not None:
        wrong.append(
            fault(f"alarm.command: {message}", "name a program with its whole path that the daemon's user may run")
        )
    if "mail" in ready and not site.offline:
        try:
            with socket.create_connection((alarm.host, alarm.port), timeout=min(alarm.seconds, SECONDS)):
                pass
        except OSError as error:
            message = f"alarm.host: {alarm.host}:{alarm.port}: {described(error)}"
            wrong.append(fault(message, "name a mail server that takes mail from this machine: alarm.host, alarm.port"))
    yield from wrong
    if not wrong:
        yield ok(f"told by {', then '.join(ready)}")


def _cannot_run(program: str) -> str | None:
    if shutil.which(program) is not None:
        return None
    path = Path(program)
    try:
        return f"{program} may not be run" if path.exists() else f"there is no program {program}"
    except (OSError, DtmContactError) as error:
        return described(error)
