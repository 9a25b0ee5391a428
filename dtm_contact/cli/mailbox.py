"""`dtm-contact mailbox …`: taking over a mailbox in use before, a trial beside it, and the way back to it."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any, TypeVar

import click

from dtm_contact.cases import Command
from dtm_contact.cases.registered import look_up
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.case import perform
from dtm_contact.cli.grounds import ListingNames, grounds_options, listing_names, load_grounds, names_of
from dtm_contact.cli.output import ReadablePath, as_json_option, plain, print_json, printable, table, terminal_output
from dtm_contact.directory import Directory
from dtm_contact.ingest.imap import imap_tokens, login_by
from dtm_contact.labels.coded_text import text_of
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.columns import DataClass
from dtm_contact.store.imports import ImportCounts, PendingDanger
from dtm_contact.takeover import (
    GivenBack,
    ImapFolder,
    ImapTarget,
    MaildirFolder,
    MailSource,
    MboxFile,
    MboxTarget,
    Progress,
    TakenOver,
    as_csv,
    as_html,
    give_back,
    take_over,
    try_out,
)
from dtm_contact.takeover.summary import LEFT_OUT, SummaryWriter

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_SINCE = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
_STEP = 100
"""After so many messages a line tells how far it is, where no terminal shows it."""
_CONFIRMED = "danger confirmé à la reprise de l’ancienne boîte"
_NOBODY_NOTIFIED = "NOBODY COULD BE TOLD BY MAIL. Call those on call yourself."


@click.group(cls=CommandGroup)
def mailbox() -> None:
    """Take over a mailbox in use before, try the program beside it, and give its cases back to it."""


def _source_options(command: Decorated) -> Decorated:
    """Add what says which mailbox is meant, and from when on."""
    for decorate in (
        click.option("--unanswered", is_flag=True, help="Only what nobody has marked as answered there."),
        click.option(
            "--since",
            type=click.DateTime(_SINCE),
            help="Only what came to the mailbox from then on, by the offices' time; without it, all.",
        ),
        click.option(
            "--maildir", type=ReadablePath(file_okay=False), help="A Maildir: the folder that holds cur and new."
        ),
        click.option("--mbox", type=ReadablePath(dir_okay=False), help="An mbox file."),
        click.option(
            "--folder", help="A folder of the mailbox of DTM_IMAP_…; without any of the three, DTM_IMAP_FOLDER."
        ),
    ):
        command = decorate(command)
    return command


def _source(
    settings: Settings, folder: str | None, mbox: Path | None, maildir: Path | None, *, unanswered: bool
) -> MailSource:
    if sum(each is not None for each in (folder, mbox, maildir)) > 1:
        raise click.UsageError("name one of --folder, --mbox and --maildir")
    limit, zone = settings.imap.size_limit, settings.zone
    if mbox is not None:
        return MboxFile(mbox, limit, zone, unanswered=unanswered)
    if maildir is not None:
        return MaildirFolder(maildir, limit, zone, unanswered=unanswered)
    imap = settings.imap
    where = f"{imap.user}@{imap.host}:{imap.port}"
    return ImapFolder(
        login_by(imap, imap_tokens(settings)), where, folder or imap.folder, limit, zone, unanswered=unanswered
    )


def _aware(since: datetime | None, settings: Settings) -> datetime | None:
    return since.replace(tzinfo=settings.zone) if since is not None else None


@mailbox.command("import")
@_source_options
@click.option("--pending", is_flag=True, help="Ask nothing: leave recent dangers to `mailbox dangers`.")
@click.option("--as", "who", default=getuser, help="Who does it; without it, the login name.")
@as_json_option
@click.pass_obj
def import_(
    settings: Settings,
    /,
    since: datetime | None,
    who: str,
    *,
    unanswered: bool,
    pending: bool,
    as_json: bool,
    **where: Any,
) -> int:
    """Take over the open mail of a mailbox: a case for each matter, and nobody is answered, told or reminded.

    The mailbox stays as it is. A daemon must run, which judges. Due times count from now. Ended at any moment and begun
    again, it goes on; no message is taken over twice, whatever channel brought it. Certain dangers of the last 48 hours
    are shown one by one: a person says whether somebody is in danger still, and the import is not ended before. Exit
    status: 0 ended, 1 not ended, or something could not be read.
    """
    source = _source(settings, **where, unanswered=unanswered)
    with open_store(settings.store.url) as store:
        done = asyncio.run(take_over(source, store, _aware(since, settings), who, _progress(as_json=as_json)))
        counts = store.imports.counts(done.begun.id)
        if not as_json:
            _print_counts(done, counts, store)
        waiting = store.imports.pending(done.begun.id)
        if waiting and not pending and not as_json and sys.stdin.isatty():
            _ask_of_each(settings, store, waiting, who)
            waiting = store.imports.pending(done.begun.id)
        ended = store.imports.end(done.begun.id, who, datetime.now(UTC))
        if as_json:
            unread = [plain(each) for each in done.progress.unread]
            told = {**plain(done.progress), **plain(counts), "unread": unread, "ended": ended}
            print_json({**told, "dangers": [plain(each) for each in waiting]})
        else:
            _print_end(settings, store, waiting, ended=ended)
    return 0 if ended and not done.progress.unread else 1


def _progress(*, as_json: bool) -> Callable[[Progress], None]:
    terminal = sys.stderr.isatty()
    last = -_STEP

    def show(progress: Progress) -> None:
        nonlocal last
        if as_json or (not terminal and progress.seen - last < _STEP and progress.seen < progress.listed):
            return
        last = progress.seen
        line = f"{progress.seen:,} of {progress.listed:,} messages looked at, {progress.taken:,} taken over"
        click.echo(f"\r{line}" if terminal else line, err=True, nl=not terminal or progress.seen == progress.listed)

    return show


def _print_counts(done: TakenOver, counts: ImportCounts, store: Store) -> None:
    progress = done.progress
    click.echo(f"{progress.listed:,} messages in {done.begun.source}:")
    for number, told in (
        (progress.taken, "taken over now"),
        (progress.before, "taken over before"),
        (progress.elsewhere, "in the store already, by another channel"),
        (progress.twice, "copies of one of those"),
        (len(progress.unread), "could not be read"),
    ):
        click.echo(f"  {number:8,}  {told}")
    for unread in progress.unread:
        click.echo(printable(f"            {unread.place}: {unread.reason}"))
    click.echo(f"{counts.taken:,} messages of this import:")
    for number, told in (
        (counts.in_cases, f"in {counts.cases:,} cases"),
        (counts.automatic, "automatic, set aside"),
        (counts.spam, "spam, set aside"),
        (counts.without_case, "no matter of their own"),
        (counts.parked, "could not be judged: a person reads them"),
    ):
        click.echo(f"  {number:8,}  {told}")
    for case, reason in store.imports.parked(done.begun.id):
        click.echo(f"            {case}: {reason}")


def _print_end(settings: Settings, store: Store, waiting: Sequence[PendingDanger], *, ended: bool) -> None:
    if ended:
        click.echo("The import is ended.")
        return
    if waiting:
        click.echo(
            f"The import is NOT ENDED: of {len(waiting)} recent dangers nobody has said whether they are so now."
        )
        _print_dangers(waiting, listing_names(settings, store))
        click.echo("Go through them: dtm-contact mailbox dangers")
    else:
        click.echo("The import is NOT ENDED: messages still wait to be judged. Begin it again.")


def _print_dangers(waiting: Sequence[PendingDanger], names: ListingNames) -> None:
    rows = [
        (
            each.number,
            names.time(each.reached_at),
            text_of(each.subject),
            _place(each, names),
            names.queue(each.queue),
            text_of(each.who),
        )
        for each in waiting
    ]
    terminal_output().print(table(("case", "came", "subject", "place", "queue", "from"), rows))


def _place(danger: PendingDanger, names: ListingNames) -> str:
    return names.place(danger.residence_id, danger.dwelling_id) or "unknown"


def _ask_of_each(settings: Settings, store: Store, waiting: Sequence[PendingDanger], who: str) -> None:
    names = listing_names(settings, store)
    for number, danger in enumerate(waiting, start=1):
        click.echo(f"\nDanger {number} of {len(waiting)}: case {danger.number}, came {names.time(danger.reached_at)}")
        for name, value in (
            ("subject", text_of(danger.subject)),
            ("from", text_of(danger.who)),
            ("place", _place(danger, names)),
            ("queue", names.queue(danger.queue)),
        ):
            click.echo(printable(f"  {name:8} {value}"))
        answer = click.prompt(
            "Is somebody in danger now? confirm: those on call are told at once",
            type=click.Choice(["confirm", "no", "later"]),
            default="later",
        )
        if answer == "confirm":
            _confirm(settings, danger.number, who)
        elif answer == "no":
            why = click.prompt("Why not? It is kept in the case, with your name")
            _decline(settings, danger.number, who, why)


def _confirm(settings: Settings, number: str, who: str) -> None:
    done = perform(settings, Command("danger", who, number, {"reason": _CONFIRMED}))
    told = [address for event in done.events for address in event.data.get("told", ())]
    line = f"{number}: P1; told: {', '.join(told)}" if told else f"{number}: P1. {_NOBODY_NOTIFIED}"
    click.echo(printable(line), err=True)


def _decline(settings: Settings, number: str, who: str, why: str) -> None:
    perform(settings, Command("no_danger", who, number, {"reason": why}))
    click.echo(f"{number}: no danger now; it stays open as a P2", err=True)


@mailbox.command()
@click.option("--confirm", metavar="CASE", multiple=True, help="Somebody is in danger: those on call are told at once.")
@click.option("--no", "declined", metavar="CASE", multiple=True, help="Nobody is in danger (any more).")
@click.option("--why", metavar="WORDS", help="With --no: why, kept in the case.")
@click.option("--as", "who", default=getuser, help="Who says so; without it, the login name.")
@as_json_option
@click.pass_obj
def dangers(
    settings: Settings,
    /,
    confirm: tuple[str, ...],
    declined: tuple[str, ...],
    why: str | None,
    who: str,
    *,
    as_json: bool,
) -> int:
    """Say of each recent danger that an import brought whether it is one now; then the import is ended.

    At a terminal each is asked for; elsewhere they are listed. Exit status: 0 none is left, 1 some are.
    """
    if declined and not (why or "").strip():
        raise click.UsageError("--no wants --why, in words")
    with open_store(settings.store.url) as store:
        waiting = store.imports.pending()
        _require({*confirm, *declined}, waiting)
        for number in confirm:
            _confirm(settings, number, who)
        for number in declined:
            _decline(settings, number, who, why or "")
        if not (confirm or declined or as_json) and sys.stdin.isatty():
            _ask_of_each(settings, store, waiting, who)
        waiting = store.imports.pending()
        if as_json:
            print_json({"dangers": [plain(each) for each in waiting], "ended": _end_all(store, who)})
        else:
            if waiting:
                _print_dangers(waiting, listing_names(settings, store))
            for source in _end_all(store, who):
                click.echo(f"The import of {source} is ended.")
    return 1 if waiting else 0


def _require(numbers: set[str], waiting: Sequence[PendingDanger]) -> None:
    wrong = numbers - {each.number for each in waiting}
    if wrong:
        raise click.ClickException(f"no danger waits in {', '.join(sorted(wrong))}; `mailbox dangers` lists them")


def _end_all(store: Store, who: str) -> list[str]:
    """End the imports of which nothing waits any more; return their sources."""
    not_ended = [each for each in store.imports.listing() if each.ended_at is None]
    return [each.source for each in not_ended if store.imports.end(each.id, who, datetime.now(UTC))]


@mailbox.command()
@_source_options
@grounds_options
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as a page, in French.")
@click.option("--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a table for a spreadsheet.")
@click.option("--senders", is_flag=True, help="Show names and whole addresses; without it they are masked.")
@click.pass_obj
def trial(
    settings: Settings,
    /,
    since: datetime | None,
    html: Path | None,
    csv: Path | None,
    directory: Path | None,
    rules: Path | None,
    *,
    unanswered: bool,
    senders: bool,
    **where: Any,
) -> int:
    """Report where the messages of a mailbox would lie. Nothing is stored or sent, and the mailbox stays as it is.

    No daemon is needed. Without --html and --csv the figures by queue are printed alone.
    """
    source = _source(settings, **where, unanswered=unanswered)
    grounds = load_grounds(settings, directory, rules)
    told = _trial_progress(terminal=sys.stderr.isatty())
    found = asyncio.run(try_out(source, _aware(since, settings), grounds, names_of(grounds), told, masked=not senders))
    for path, write in ((html, as_html), (csv, as_csv)):
        if path is not None:
            path.write_bytes(write(found))
            path.chmod(0o600)
            click.echo(f"written: {path}")
    rows = [
        (each.queue, *(f"{count:,}" for count in (each.messages, each.danger, each.possible, each.urgent)))
        for each in found.queues
    ]
    terminal_output().print(table(("queue", "messages", "danger", "possible danger", "of the day"), rows))
    for unread in found.unread:
        click.echo(printable(f"could not be read: {unread.place}: {unread.reason}"), err=True)
    return 1 if found.unread else 0


def _trial_progress(*, terminal: bool) -> Callable[[int, int], None]:
    def show(done: int, of: int) -> None:
        if terminal:
            click.echo(f"\r{done:,} of {of:,} messages judged", err=True, nl=done == of)

    return show


@mailbox.command("give-back")
@click.argument("folder", required=False)
@click.option("--mbox", type=click.Path(path_type=Path), help="Write a folder with an mbox file for each queue.")
@click.option(
    "--leave-out",
    multiple=True,
    type=click.Choice([each.value for each in LEFT_OUT]),
    help="A class of data that the summaries do without; may be repeated.",
)
@as_json_option
@click.pass_obj
def give_back_(
    settings: Settings, /, folder: str | None, mbox: Path | None, leave_out: tuple[str, ...], *, as_json: bool
) -> int:
    """Give all open cases back as mail, by queue: the original messages as they came, and a summary of each case.

    FOLDER is where they go in the mailbox of DTM_IMAP_…, `/` between levels: "Reprise" gets a folder for each queue.
    What is given back is read again and counted. The store stays as it is. Exit status: 0 all is there, 1 not.
    """
    if (folder is None) is (mbox is None):
        raise click.UsageError("name a FOLDER of the mailbox, or --mbox DIR")
    with open_store(settings.store.url, read_only=True) as store:
        names = listing_names(settings, store)
        directory = Directory(store.directory.load())
        today = datetime.now(settings.zone).date()
        writer = SummaryWriter(
            settings,
            names.names,
            names.queue,
            lambda case: look_up(store.desk, directory, case, today),
            frozenset(map(DataClass, leave_out)),
        )
        target: MboxTarget | ImapTarget
        if mbox is not None:
            target = MboxTarget(mbox, settings.zone)
        else:
            limit = settings.imap.size_limit
            login = login_by(settings.imap, imap_tokens(settings))
            target = ImapTarget(login, lambda queue: f"{folder}/{queue}", limit)
        given = asyncio.run(give_back(store, target, writer))
    if as_json:
        for each in given:
            print_json(plain(each))
    else:
        _print_given(given, names)
    return 1 if any(each.missing for each in given) else 0


def _print_given(given: Sequence[GivenBack], names: ListingNames) -> None:
    rows = [
        (names.queue(each.queue), *(f"{count:,}" for count in (each.cases, each.originals, each.erased)))
        for each in given
    ]
    terminal_output().print(table(("queue", "cases", "messages", "erased by age"), rows))
    for each in given:
        if each.missing:
            shown = ", ".join(each.missing[:10])
            click.echo(f"{each.queue}: of {len(each.missing)} cases not all is there: {shown}", err=True)
    cases, originals = sum(each.cases for each in given), sum(each.originals for each in given)
    if not any(each.missing for each in given):
        click.echo(f"all {cases:,} cases are there, read again: {originals:,} messages, and a summary of each case")
