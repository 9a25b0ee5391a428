"""`dtm-contact demo`: a whole office on one's own machine: mail, calls, photos, an incident, and a mail server to read.

What it sends goes to a mail server of its own on loopback, and is read on a page beside it: nothing leaves the machine.
"""

import asyncio
import html
import io
import random
import re
import smtplib
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final

import click
from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image, ImageDraw
from rich.console import Console
from rich.live import Live

from dtm_contact import log
from dtm_contact.access import Role, new_account, new_link
from dtm_contact.access.login import LINK_MINUTES
from dtm_contact.beginning import make_store
from dtm_contact.cli.grounds import ListingNames, listing_names
from dtm_contact.cli.output import ReadablePath, terminal_output
from dtm_contact.cli.queue import cases_table, queues_table
from dtm_contact.daemon import RunningDaemon, daemon, stop_signal
from dtm_contact.directory import Directory, in_force, read_export
from dtm_contact.errors import DtmContactError, NoDirectoryError
from dtm_contact.model import domain_of
from dtm_contact.settings import Settings
from dtm_contact.settings.common import shipped
from dtm_contact.store import Store, open_store

_LOOK_SECONDS = 0.25
_CASES_SHOWN = 3
_VISITOR = "essai"
_IMPORTER = "demo"
_CALLS_SHOWN: Final = 40
_CALLS_ENDED: Final = timedelta(minutes=2)
_INCIDENT_HOMES: Final = 4
_MOST_KEPT: Final = 500
_CALLS_CHANNEL: Final = "asterisk_cdr"


class ForeignStoreError(DtmContactError):
    """The store holds a directory that is not the demo's, and sample messages would mix with its mail."""


_NEXT = """
The daemon goes on. In another terminal:

  send a message     printf 'From: Moi <moi@free.example>\\nSubject: Fuite\\n\\nGrosse fuite au 3e.\\n' | \\
                     python3 -c "import smtplib,sys; smtplib.SMTP('{host}', {port}).sendmail(
                     'moi@free.example', '{recipient}', sys.stdin.read())"
  another way in     {program} user link essai
  read a queue       {program} queue show {queue}
  read a case        {program} case show {case}
  why it lies there  {program} explain {message}
  stop               Ctrl-C here; what has arrived is kept in {store}

What the desk sends is read at {mails}; nothing leaves this machine.
"""


@click.command()
@click.argument("fixtures", required=False, type=ReadablePath(file_okay=False))
@click.option("--once", is_flag=True, help="Stop once the queues are shown.")
@click.pass_obj
def demo(settings: Settings, fixtures: Path | None, *, once: bool) -> None:
    """Import a sample directory, start the daemon on loopback, send it sample messages and calls, show the queues.

    FIXTURES holds `directory/`, `mail/` and, where there are calls, `calls/`; without it, those that come with the
    program. What is sent, replies included, goes to a mail server of the demo's own, which keeps it to be read. The
    daemon goes on until Ctrl-C.
    """
    fixtures = fixtures or shipped("sample")
    messages = sorted((fixtures / "mail").glob("*.eml"))
    if not messages:
        raise click.UsageError(f"{fixtures} holds no messages (mail/*.eml); the sample ones are in `fixtures`")
    # The desk is served on loopback without TLS.
    desk = settings.desk.model_copy(update={"open": True, "secure_cookies": False})
    level = settings.log.model_copy(update={"level": "WARNING"})
    quiet = settings.model_copy(update={"log": level, "desk": desk})
    log.configure(quiet.log)
    make_store(quiet)
    _import_directory(quiet, fixtures / "directory")
    asyncio.run(_demo(_with_calls(quiet, fixtures / "calls"), messages, once=once))


def _import_directory(settings: Settings, folder: Path) -> None:
    with open_store(settings.store.url) as store:
        last = next(iter(store.directory.imports(1)), None)
        if last is not None and last.imported_by != _IMPORTER:
            raise ForeignStoreError("name another one, by DTM_STORE_URL for instance")
        try:
            records = store.directory.load()
            done = "The directory imported before is in force"
        except NoDirectoryError:
            records, _warnings = read_export(folder)
            store.directory.save(records, _IMPORTER, datetime.now(UTC))
            done = f"Imported the directory {folder}"
    click.echo(
        f"{done}: {len(records.offices)} offices, {len(records.residences)} residences,"
        f" {len(records.dwellings)} units, {len(records.leases)} leases."
    )


def _with_calls(settings: Settings, samples: Path) -> Settings:
    """Return settings by which the daemon follows a switchboard's logs: the last sample calls, as if of just now.

    The logs are laid beside the store, once; where it is no file, or the settings follow logs already, nothing changes.
    """
    path = settings.store.url.removeprefix("sqlite:///")
    records = samples / "Master.csv"
    if path == settings.store.url or not records.is_file() or _CALLS_CHANNEL in settings.channels:
        return settings
    folder = Path(path).absolute().parent / "demo-calls"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for name, text in recent_calls(records, samples / "queue_log", datetime.now(settings.switchboard.zone)).items():
            (folder / name).write_text(text, "utf-8")
    follows = {"records": folder / "Master.csv", "queue_log": folder / "queue_log", "quiet_seconds": 0.0}
    switchboard = settings.switchboard.model_copy(update=follows)
    return settings.model_copy(update={"switchboard": switchboard, "channels": (*settings.channels, _CALLS_CHANNEL)})


_LOCAL_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_EPOCH: Final = re.compile(r"\b1[0-9]{9}(?=[.|])")


def recent_calls(records: Path, queue_log: Path, now: datetime) -> dict[str, str]:
    """Return the last sample calls with their times moved, as the switchboard's two files by their names.

    Args:
        records: the call records.
        queue_log: what happened in the queues.
        now: the last call ended two minutes before; on the switchboard's wall clock.
    """
    last = records.read_text("utf-8").splitlines()[-_CALLS_SHOWN:]
    epochs = [int(found[0]) for line in last if (found := _EPOCH.findall(line))]
    moved = timedelta(seconds=int(now.timestamp()) - max(epochs)) - _CALLS_ENDED

    def local(match: re.Match[str]) -> str:
        return str(datetime.fromisoformat(match[0]) + moved)

    def epoch(match: re.Match[str]) -> str:
        return str(int(match[0]) + int(moved.total_seconds()))

    shown = {epoch for line in last for epoch in _EPOCH.findall(line)}
    lines = queue_log.read_text("utf-8").splitlines() if queue_log.is_file() else []
    waits = [line for line in lines if shown & set(_EPOCH.findall(line))]
    return {
        "Master.csv": "".join(f"{_EPOCH.sub(epoch, _LOCAL_TIME.sub(local, line))}\n" for line in last),
        "queue_log": "".join(f"{_EPOCH.sub(epoch, line)}\n" for line in waits),
    }


async def _demo(settings: Settings, messages: Sequence[Path], *, once: bool) -> None:
    stopped = stop_signal()
    async with mail_sink() as sink:
        if not settings.outbound.host:
            sends = {"host": "127.0.0.1", "port": sink.smtp, "security": "none"}
            settings = settings.model_copy(update={"outbound": settings.outbound.model_copy(update=sends)})
        async with daemon(settings) as running:
            click.echo(
                "The daemon listens: " + ", ".join(f"{name} on {at}" for name, at in running.addresses.items()) + "\n"
            )
            names = listing_names(settings, running.store)
            if await _unless(stopped, _send_and_watch(settings, running, messages, names)) and not once:
                _say_what_next(settings, running, messages, sink)
                # The last thing said: nobody has to look for it.
                click.echo(_way_in(running))
                await stopped.wait()
            click.echo("Stopping …")
    click.echo("Stopped. Everything is kept.")


def _way_in(running: RunningDaemon) -> str:
    """Make a link that lets whoever sees it into the desk, once, as somebody of the agency."""
    accounts, now = running.store.accounts, datetime.now(UTC)
    agency = Directory(running.store.directory.load()).agency.office_id
    accounts.add(new_account(_VISITOR, "Essai", Role.AGENCY, agency, None), now)
    secret = new_link(running.store, accounts.named(_VISITOR), now)
    at = f"http://{running.addresses['desk']}"
    return f"The desk, once within {LINK_MINUTES} minutes:\n\n  {at}/entrer/{secret}\n"


async def _unless(stopped: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do `work` to its end, or drop it when the event is set; return whether it came to its end."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if doing.done():
        doing.result()
        return True
    doing.cancel()
    await asyncio.wait((doing,))
    return False


async def _send_and_watch(
    settings: Settings, running: RunningDaemon, messages: Sequence[Path], names: ListingNames
) -> None:
    out = terminal_output()
    directory = Directory(await asyncio.to_thread(running.store.directory.load))
    samples = [path.read_bytes() for path in messages]
    further = incident(directory, datetime.now(settings.zone))
    send = asyncio.to_thread(_send, settings, running.addresses["smtp"], [*samples, *further])
    sending = asyncio.ensure_future(send)
    with Live(console=out, auto_refresh=False, transient=True) as live:
        waiting = True
        while waiting:
            await asyncio.sleep(_LOOK_SECONDS)
            waiting = not sending.done() or await asyncio.to_thread(running.store.arrivals.waiting) > 0
            counts = await asyncio.to_thread(running.store.cases.queue_counts, datetime.now(UTC))
            live.update(queues_table(counts, names), refresh=True)
    click.echo(f"Sent {await sending} messages by SMTP to {settings.smtp.recipients[0]}; all are judged.\n")
    await asyncio.to_thread(_show_queues, running.store, names, out)


_LIFT: Final = (
    "Bonjour, l'ascenseur est en panne depuis ce matin, pouvez-vous faire intervenir ? Merci.",
    "L'ascenseur ne marche plus, je suis au 5e avec des courses. Quand sera-t-il réparé ?",
    "Encore une panne d'ascenseur dans notre immeuble. Ma mère a du mal à monter à pied.",
    "Ascenseur arrêté au rez-de-chaussée, les portes restent fermées, il est vide.",
)


def incident(directory: Directory, now: datetime) -> list[bytes]:
    """Return messages of several households of one residence whose lift is out: what the desk shows as one incident.

    Args:
        directory: the estate; where no residence has enough tenants with an address, there are no messages.
        now: when they write.
    """
    homes: dict[str, dict[str, tuple[str, str]]] = {}
    for lease in directory.records.leases:
        residence = directory.residence_of(lease.dwelling_id)
        if lease.email and residence is not None and in_force(lease, now.date()):
            name = f"{lease.first_name} {lease.last_name}".strip()
            homes.setdefault(residence.residence_id, {}).setdefault(lease.dwelling_id, (name, lease.email))
    writers = next((each for each in homes.values() if len(each) >= _INCIDENT_HOMES), {})
    made = list[bytes]()
    for text, (name, address) in zip(_LIFT, writers.values(), strict=False):
        message = EmailMessage()
        message["From"], message["Subject"] = f'"{name}" <{address}>', "Ascenseur en panne"
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<demo-{int(now.timestamp())}-{len(made)}@{domain_of(address)}>"
        message.set_content(f"{text}\n\n{name}\n")
        made.append(message.as_bytes())
    return made


def with_real_photos(raw: bytes) -> bytes:
    """Return a message with a drawn photo in the place of each picture that is none: the samples hold made-up bytes.

    The same name gives the same picture. A message without such a picture stays as it is, octet for octet.
    """
    if b"image/" not in raw:
        return raw
    message = BytesParser(policy=policy.SMTP).parsebytes(raw)
    changed = False
    for part in message.walk():
        if part.get_content_maintype() == "image" and not _is_picture(part.get_payload(decode=True)):
            disposition, name = part.get_content_disposition() or "attachment", part.get_filename() or "photo.jpg"
            part.set_content(_photo(name), "image", "jpeg", disposition=disposition, filename=name)
            changed = True
    return message.as_bytes() if changed else raw


def _is_picture(octets: object) -> bool:
    if not isinstance(octets, bytes):
        return False
    try:
        Image.open(io.BytesIO(octets)).load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def _photo(name: str) -> bytes:
    """Return a JPEG of a stained wall, as tenants send them: spots, a skirting board, a little noise of the camera."""
    chance = random.Random(name)  # noqa: S311 - it draws a picture
    width, height = 960, 720
    wall = tuple(chance.randint(185, 225) for _ in range(3))
    picture = Image.new("RGB", (width, height), wall)
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(4, 9)):
        left, top = chance.randint(0, width - 200), chance.randint(0, height - 300)
        size, dark = chance.randint(60, 260), chance.randint(20, 80)
        colour = tuple(max(0, channel - dark - shade) for channel, shade in zip(wall, (0, 15, 40), strict=True))
        draw.ellipse((left, top, left + size, top + size * chance.uniform(0.5, 1.2)), fill=colour)
    draw.rectangle((0, height - 90, width, height), fill=(120, 92, 66))
    draw.line((0, height - 92, width, height - 92), fill=(240, 240, 235), width=6)
    noise = Image.effect_noise((width, height), 18).convert("RGB")
    made = io.BytesIO()
    Image.blend(picture, noise, 0.08).save(made, "JPEG", quality=82)
    return made.getvalue()


def _send(settings: Settings, address: str, messages: Sequence[bytes]) -> int:
    host, _, port = address.rpartition(":")
    with smtplib.SMTP(host.strip("[]"), int(port)) as client:
        for sample in messages:
            raw = _vouched_for(with_real_photos(sample), settings.servers[:1])
            client.sendmail(_return_path(raw), settings.smtp.recipients[0], raw, ["BODY=8BITMIME"])
    return len(messages)


def _vouched_for(raw: bytes, servers: Sequence[str]) -> bytes:
    """Return a message as the mail server in front hands it over, which has found that its sender is who it says.

    Whatever its first line is, what is added above it stands above the newest Received (RFC 8601 section 5).
    """
    domain = domain_of(parseaddr(str(BytesHeaderParser().parsebytes(raw).get("From", "")))[1])
    if not servers or not domain.isascii() or not domain:
        return raw
    return f"Authentication-Results: {servers[0]}; dmarc=pass header.from={domain}\r\n".encode() + raw


def _return_path(raw: bytes) -> str:
    """Return whom a message comes from by its envelope, as its last delivery noted it; else by its From."""
    headers = BytesHeaderParser().parsebytes(raw)
    return parseaddr(str(headers.get("Return-Path", headers.get("From", ""))))[1]


def _show_queues(store: Store, names: ListingNames, out: Console) -> None:
    counts = store.cases.queue_counts(datetime.now(UTC))
    out.print(queues_table(counts, names))
    for count in counts:
        shown = f"les {_CASES_SHOWN} premiers de {count.open}" if count.open > _CASES_SHOWN else "tous"
        title = f"\n{names.queue(count.queue)} ({count.queue}) : {shown}"
        out.print(cases_table(store.cases.queue(count.queue, limit=_CASES_SHOWN), names, title=title))


def _say_what_next(settings: Settings, running: RunningDaemon, messages: Sequence[Path], sink: "MailSink") -> None:
    host, _, port = running.addresses["smtp"].rpartition(":")
    first = next(iter(running.store.cases.queue(limit=1)), None)
    click.echo(
        _NEXT.format(
            program=sys.argv[0] if Path(sys.argv[0]).name == "dtm-contact" else "dtm-contact",
            host=host,
            port=port,
            recipient=settings.smtp.recipients[0],
            queue=first.queue if first else "QUEUE",
            case=first.number if first else "NUMBER",
            message=messages[0],
            store=settings.store.url,
            mails=f"http://127.0.0.1:{sink.page}/",
        )
    )


@dataclass
class MailSink:
    """A mail server on loopback that sends nothing on, and a page that shows what it took, the latest first.

    Attributes:
        smtp: the port of the server.
        page: the port of the page.
        taken: what it took, with whom each is to; the oldest are let go beyond some hundreds.
    """

    smtp: int = 0
    page: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep a message."""
        del server, session
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        message = BytesParser(policy=policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what the policy makes
        self.taken.append((", ".join(envelope.rcpt_tos), message))
        del self.taken[:-_MOST_KEPT]
        return "250 OK"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of a browser: the page, whatever it asks for."""
        # A browser that goes away, or never asks, is nobody's trouble.
        gone = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        with closing(writer), suppress(*gone):
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                body = "".join(self._html()).encode()
                head = (
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
                    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                    f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()

    def _html(self) -> Iterator[str]:
        yield (
            '<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" '
            'content="width=device-width, initial-scale=1"><title>Messages envoyés</title><style>'
            ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:1rem auto;"
            "padding:0 1rem}details{border-top:1px solid #8884;padding:.5rem 0}summary{cursor:pointer}"
            "pre{white-space:pre-wrap;font:inherit;overflow-wrap:anywhere}</style></head><body>"
            f"<main><h1>Messages envoyés ({len(self.taken)})</h1>"
            "<p>Rien n'est sorti de cette machine. Rechargez la page pour voir les derniers.</p>"
        )
        for to, message in reversed(self.taken):
            body = message.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            files = ", ".join(each.get_filename() or "" for each in message.iter_attachments())
            yield (
                f"<details><summary><b>{html.escape(to)}</b> – {html.escape(str(message['Subject'] or ''))}</summary>"
                f"<pre>{html.escape(text)}</pre>"
                + (f"<p>Pièces jointes : {html.escape(files)}</p>" if files else "")
                + "</details>"
            )
        yield "</main></body></html>"


@asynccontextmanager
async def mail_sink() -> AsyncIterator[MailSink]:
    """Run a mail server that keeps what it takes, and its page, on free ports of loopback."""
    sink, loop = MailSink(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    page = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.smtp, sink.page = server.sockets[0].getsockname()[1], page.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        page.close()
