"""`dtm-contact figures …` and `dtm-contact board …`: what is counted of the work, and the page for a wall."""

import re
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from dtm_contact.access import digest_of, new_secret
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import NotDoneError, as_json_option, print_json, say, table, terminal_output
from dtm_contact.directory import Directory
from dtm_contact.figures import FIGURES, GROUPS, count_days
from dtm_contact.figures.definitions import table as definitions_table
from dtm_contact.figures.files import as_csv, as_rows
from dtm_contact.figures.keeping import first_day, grounds_of, keep_counts
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place
from dtm_contact.figures.telling import office_name
from dtm_contact.rules import load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Store, TrailLine, open_store
from dtm_contact.wording import UserLanguage, counted, spoken, translated, worded

_CLI = "command line"


class IsoDate(click.ParamType[date]):
    """A day as ISO 8601 writes it."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(
                translated(worded("{value} is no day; write for instance 2026-11-24", value=f"{value!r}")), param, ctx
            )


@click.group(cls=CommandGroup)
def figures() -> None:
    """Count and read the figures of the work: docs/figures.md says what each counts."""


@figures.command()
@click.option("--since", type=IsoDate(), help="Count again from this day on.")
@click.option("--all", "everything", is_flag=True, help="Count all days again.")
@click.option("--force", is_flag=True, help="Also days of which the store holds less than was counted of them.")
@click.pass_obj
def rebuild(settings: Settings, since: date | None, *, everything: bool, force: bool) -> None:
    """Count days again from what the store holds; without options the last DTM_FIGURES_DAYS.

    A day of which the store holds less than was counted of it, because personal data was erased, keeps its figures.
    """
    began = time.monotonic()
    with open_store(settings.store.url) as store:
        now = datetime.now(UTC)
        today = now.astimezone(settings.zone).date()
        recent = today - timedelta(days=settings.figures.days)
        first = first_day(store, settings)
        if first is None:
            say(worded("The store holds nothing to count."))
            return
        start = first if everything else max(first, since or recent)
        directory = Directory(store.directory.load())
        rules = load_in_force(settings.rules.dir, directory.offices, zone=settings.zone, model=settings.model)
        found = count_days(store, start, today, grounds_of(settings, rules, directory, now))
        done = keep_counts(store, found, now, guarded_before=None if force else recent)
    seconds = f"{time.monotonic() - began:.1f}"
    say(
        worded(
            "Counted {days} days from {start} to {today} in {seconds} s.",
            days=done.days,
            start=start,
            today=today,
            seconds=seconds,
        )
    )
    if done.kept:
        say(
            counted(
                "{count} day keeps its figures, {first}: the store holds less than was counted of it.",
                "{count} days keep their figures, {first} to {last}: the store holds less than was counted of them.",
                len(done.kept),
                first=min(done.kept),
                last=max(done.kept),
            )
        )


@figures.command()
@click.option("--grain", type=click.Choice([grain.value for grain in Grain]), default="mois", show_default=True)
@click.option("--day", type=IsoDate(), help="A day of the period; without it, today.")
@click.option("--office", help="The cases of this office alone.")
@click.option("--residence", help="The cases of this residence alone.")
@click.option("--topic", help="The cases of this topic alone.")
@click.option("--csv", "as_file", is_flag=True, help="As the file that the desk gives: for LibreOffice and Excel.")
@as_json_option
@click.pass_obj
def show(
    settings: Settings,
    grain: str,
    day: date | None,
    office: str | None,
    residence: str | None,
    topic: str | None,
    *,
    as_file: bool,
    as_json: bool,
) -> None:
    """Show the figures of a period, all offices beside each."""
    with open_store(settings.store.url, read_only=True) as store:
        today = datetime.now(settings.zone).date()
        span = FigureSpan.of(Grain(grain), day or today)
        directory = Directory(store.directory.load())
        overview = Overview(FigureReader(store.figures), directory, span, Place(office, residence, topic), today)
        rows = list(as_rows(overview, "bureaux", lambda _column, office_id: office_name(directory, office_id)))
    if as_file:
        sys.stdout.buffer.write(as_csv(rows))
    elif as_json:
        print_json(rows)
    else:
        terminal_output().print(
            table(tuple(rows[0]), [tuple(map(_shown, row.values())) for row in rows]) if rows else ""
        )


@figures.command()
@click.option("--markdown", is_flag=True, help="As the tables of docs/figures.md.")
@click.option(
    "--page",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write these tables into a page in place of those that it has.",
)
def definitions(*, markdown: bool, page: Path | None) -> None:
    """Say what each figure counts."""
    if page is not None:
        page.write_text(with_definitions(page.read_text(encoding="utf-8")), encoding="utf-8")
        return
    if markdown:
        click.echo(definitions_markdown())
        return
    if spoken() is UserLanguage.FRENCH:
        rows = [(figure.id, GROUPS[figure.group][0], figure.title, figure.counts) for figure in FIGURES]
    else:
        rows = [(figure.id, GROUPS[figure.group][1], figure.title_en, figure.counts_en) for figure in FIGURES]
    heads = (worded("figure"), worded("group"), worded("title"), worded("what it counts"))
    terminal_output().print(table(heads, rows))


def with_definitions(page: str) -> str:
    """Return a page with the tables of this version in place of those that it has: two sections, one behind the other.

    Raises:
        click.ClickException: the page has no such sections.
    """
    sections = re.compile(r"^## Définitions\n.*?^## Definitions\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    written, count = sections.subn(lambda _: f"{definitions_markdown()}\n\n", page, count=1)
    if not count:
        raise click.ClickException("the page has no sections « Définitions » and « Definitions », in this order")
    return written


def definitions_markdown() -> str:
    """Return the tables of docs/figures.md, in French and in English."""
    heads = {
        False: ("## Définitions", "| chiffre | titre | ce qu’il compte | unité | source |"),
        True: ("## Definitions", "| figure | title | what it counts | unit | source |"),
    }
    parts = []
    for english, (title, head) in heads.items():
        lines = (f"| {' | '.join((f'`{row[0]}`', *row[1:]))} |" for row in definitions_table(english=english))
        parts.append("\n".join((title, "", head, "| --- | --- | --- | --- | --- |", *lines)))
    return "\n\n".join(parts)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


@click.group(cls=CommandGroup)
def board() -> None:
    """Make and revoke the addresses of the board for a wall: no log-in, read only, nothing of a person."""


@board.command("add")
@click.argument("name")
@click.pass_obj
def add_board(settings: Settings, name: str) -> None:
    """Make an address for the screen NAME, and print its path; it is shown this once."""
    secret, now = new_secret(), datetime.now(UTC)
    with open_store(settings.store.url) as store:
        if not store.figures.add_board(name, digest_of(secret), now):
            raise NotDoneError(worded("there is a board {name} already; revoke it first", name=name))
        _note(store, "board added", name)
    click.echo(f"/tableau/{secret}")


@board.command()
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Let the address of the screen NAME show nothing any more, at once."""
    with open_store(settings.store.url) as store:
        if not store.figures.revoke_board(name):
            raise NotDoneError(worded("there is no board {name}", name=name))
        _note(store, "board revoked", name)
    say(worded("The board {name} shows nothing any more.", name=name))


@board.command("list")
@click.pass_obj
def list_boards(settings: Settings) -> None:
    """List the boards."""
    with open_store(settings.store.url, read_only=True) as store:
        rows = [
            (name, f"{made_at.astimezone(settings.zone):%Y-%m-%d %H:%M}") for name, made_at in store.figures.boards()
        ]
    terminal_output().print(table((worded("name"), worded("made")), rows))


def _note(store: Store, what: str, name: str) -> None:
    store.accounts.trail(TrailLine(datetime.now(UTC), _CLI, what, f"board {name}", {}))
