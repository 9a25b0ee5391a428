"""`dtm-contact run` and `dtm-contact demo`: the daemon, and the way of a message through it on one's own machine."""

import asyncio
import faulthandler
import os
import smtplib
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from dtm_contact import log
from dtm_contact.access import Role, new_account, new_link
from dtm_contact.access.login import LINK_MINUTES
from dtm_contact.cli.grounds import ListingNames, listing_names
from dtm_contact.cli.output import console
from dtm_contact.cli.queue import cases_table, queues_table
from dtm_contact.daemon import RunningDaemon, daemon, run, stop_signal
from dtm_contact.directory import Directory, read_export
from dtm_contact.errors import DtmContactError, NoDirectoryError
from dtm_contact.log import get_log
from dtm_contact.model import domain_of
from dtm_contact.settings import Settings, unknown
from dtm_contact.settings.common import shipped
from dtm_contact.settings.loading import CONFIG_VARIABLE
from dtm_contact.store import Store, migrate, open_store


@click.command()
@click.pass_obj
def run_command(settings: Settings) -> None:
    """Run the daemon: take in mail, judge it, fill the queues; stop cleanly on SIGINT or SIGTERM, reload on SIGHUP."""
    log.configure(settings.log, to_file=True)
    # Where the program hung or crashed stands on standard error, by files and lines alone: systemd ends it by SIGABRT.
    faulthandler.enable()
    for sentence in unknown(name for name in os.environ if name != CONFIG_VARIABLE):
        get_log("settings").warning(sentence)
    asyncio.run(run(settings))


_LOOK_SECONDS = 0.25
_CASES_SHOWN = 6
_VISITOR = "essai"
_IMPORTER = "demo"


class ForeignStoreError(DtmContactError):
    """The store holds a directory that is not the demo's, and sample messages would mix with its mail."""


_NEXT = """
The daemon goes on. In another terminal:

  send a message     printf 'From: Moi <moi@free.example>\\nSubject: Fuite\\n\\nGrosse fuite au 3e.\\n' | \\
                     python3 -c "import smtplib,sys; smtplib.SMTP('{host}', {port}).sendmail(
                     'moi@free.example', '{recipient}', sys.stdin.read())"
  the desk           the address above; another way in: {program} user link essai
  read a queue       {program} queue show {queue}
  read a case        {program} case show {case}
  why it lies there  {program} explain {message}
  stop               Ctrl-C here; what has arrived is kept in {store}
"""


@click.command()
@click.argument("fixtures", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--once", is_flag=True, help="Stop once the queues are shown.")
@click.pass_obj
def demo(settings: Settings, fixtures: Path | None, *, once: bool) -> None:
    """Import a sample directory, start the daemon on loopback, send it sample messages, show the queues.

    FIXTURES holds `directory/` and `mail/`; without it, those that come with the program. The daemon goes on until
    Ctrl-C.
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
    migrate(quiet.store.url)
    _import_directory(quiet, fixtures / "directory")
    asyncio.run(_demo(quiet, messages, once=once))


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


async def _demo(settings: Settings, messages: Sequence[Path], *, once: bool) -> None:
    stopped = stop_signal()
    async with daemon(settings) as running:
        click.echo(
            "The daemon listens: " + ", ".join(f"{name} on {at}" for name, at in running.addresses.items()) + "\n"
        )
        click.echo(_way_in(running))
        names = listing_names(settings, running.store)
        if await _unless(stopped, _send_and_watch(settings, running, messages, names)) and not once:
            _say_what_next(settings, running, messages)
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
    return f"The desk: {at}\n  come in, once within {LINK_MINUTES} minutes: {at}/entrer/{secret}\n"


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
    out = console()
    sending = asyncio.ensure_future(asyncio.to_thread(_send, settings, running.addresses["smtp"], messages))
    with Live(console=out, auto_refresh=False, transient=True) as live:
        waiting = True
        while waiting:
            await asyncio.sleep(_LOOK_SECONDS)
            waiting = not sending.done() or await asyncio.to_thread(running.store.arrivals.waiting) > 0
            counts = await asyncio.to_thread(running.store.cases.queue_counts, datetime.now(UTC))
            live.update(queues_table(counts, names), refresh=True)
    click.echo(f"Sent {await sending} messages by SMTP to {settings.smtp.recipients[0]}; all are judged.\n")
    await asyncio.to_thread(_show_queues, running.store, names, out)


def _send(settings: Settings, address: str, messages: Sequence[Path]) -> int:
    host, _, port = address.rpartition(":")
    with smtplib.SMTP(host.strip("[]"), int(port)) as client:
        for path in messages:
            raw = _vouched_for(path.read_bytes(), settings.servers[:1])
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


def _say_what_next(settings: Settings, running: RunningDaemon, messages: Sequence[Path]) -> None:
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
        )
    )
