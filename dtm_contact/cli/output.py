"""What commands print: tables for people, JSON lines for programs, faults of files that people edit."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dtm_contact import __version__
from dtm_contact.errors import closed_folder, user_name
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import CodedText, Problem, Severity, errors_first
from dtm_contact.wording import translated, worded

# Wide enough for every table of ours: output that goes to a file or a pipe must not lose cells to an unknown width.
_WIDTH_OFF_TERMINAL = 200

PRIORITY_STYLE = {"P1": "bold white on red", "P2": "bold yellow", "P3": "default", "P4": "dim"}

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


def terminal_output() -> Console:
    """Return where people read: standard output, with colour on a terminal only (NO_COLOR and TERM are heeded)."""
    terminal = Console(highlight=False, soft_wrap=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_WIDTH_OFF_TERMINAL)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], title: str | None = None) -> Table:
    """Return a table, with the wordings of it in the language in use; what comes from outside is no markup."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(translated(column), overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(printable(translated(cell))) for cell in row))
    return made


def printable(text: str) -> str:
    """Return `text` without control characters, so that a message cannot command the terminal that shows it."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def priority(value: str) -> Text:
    """Return a priority in its colour."""
    return Text(value, style=PRIORITY_STYLE.get(value, "default"))


class ReadablePath(click.Path):
    """A file or folder that must be there and that this user can read, of which click itself only says that it is not.

    Commands of the service run as the daemon's user, who cannot enter the folders of whoever types them.
    """

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        """Take which of both it may be."""
        super().__init__(exists=True, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises:
            click.BadParameter: it is not there, is not of the kind, or cannot be read by this user.
        """
        path = Path(value)
        user = user_name(os.geteuid())
        if (folder := closed_folder(path)) is not None:
            said = worded(
                "{path} cannot be read by {user}, who may not enter {folder}", path=path, user=user, folder=folder
            )
            self.fail(translated(said), param, ctx)
        if path.exists() and not os.access(path, os.R_OK):
            self.fail(translated(worded("{path} cannot be read by {user}", path=path, user=user)), param, ctx)
        return super().convert(value, param, ctx)


def clock_behind(what: str, at: datetime | None, now: datetime, zone: tzinfo) -> str | None:
    """Say that this machine's clock is behind, where something was written after the time that it shows; else nothing.

    Args:
        what: what was written, for the beginning of the sentence.
        at: when, aware; None where nothing was.
        now: what the clock shows, aware.
        zone: of the wall clock that both are told by.
    """
    if at is None or at - now <= _CLOCK_STEP:
        return None
    then, here = (each.astimezone(zone).strftime("%d/%m/%Y %H:%M:%S") for each in (at, now))
    return (
        f"{what} {then}, and this machine's clock says {here}: it is behind. Set it before the daemon starts "
        "(timedatectl): due times and the next on call go by it"
    )


_CLOCK_STEP: Final = timedelta(seconds=5)


def say_number_now(asked: str, now: str) -> None:
    """Say on standard error which number a case has now where the one asked for is of before a restore."""
    if asked != now:
        click.echo(printable(f"case {asked} is {now} now"), err=True)


def print_json(value: Any) -> None:
    """Print one JSON object as a line."""
    line = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    # A file's name may hold bytes that are no text.
    click.echo(line.encode("utf-8", "backslashreplace"))


def plain(value: Any) -> Any:
    """Return a record of ours as JSON can hold it: times and days in ISO 8601, enumerations by their value."""
    if isinstance(value, CodedText):
        return text_of(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def say(text: str, *, err: bool = False, fg: str | None = None) -> None:
    """Print a text on a line, in the language of who typed the command where the catalogue has it."""
    click.secho(translated(text), err=err, fg=fg)


class NotDoneError(click.ClickException):
    """What a command cannot do, told in the language of who typed it."""

    def format_message(self) -> str:
        """Return what is told."""
        return translated(self.message)


class WrongUseError(click.UsageError):
    """Options or arguments that do not go together, told in the language of who typed them."""

    def format_message(self) -> str:
        """Return what is told."""
        return translated(self.message)


_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def print_problems(problems: Iterable[Problem], *, as_json: bool) -> None:
    """Print each problem on a line, errors first; for people on standard error, in colour on a terminal."""
    for problem in errors_first(problems):
        if as_json:
            print_json(
                {
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "severity": problem.severity.value,
                    "message": problem.message,
                    "hint": problem.hint,
                }
            )
        else:
            say(problem.wording, err=True, fg=_COLOURS[problem.severity])


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE = "rules"


def sarif(problems: Iterable[Problem]) -> dict[str, Any]:
    """Return one run's log with a result for each problem, files relative to the folder of the rules."""
    driver = {
        "name": "dtm-contact rules check",
        "version": __version__,
        "rules": [{"id": _RULE, "shortDescription": {"text": "A fault in the rules"}}],
    }
    results = [_sarif_result(problem) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_result(problem: Problem) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": problem.file, "uriBaseId": "RULES"}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": max(1, problem.column)}
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return {
        "ruleId": _RULE,
        "level": problem.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }
