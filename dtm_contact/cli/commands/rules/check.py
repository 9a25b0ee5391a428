"""`dtm-contact rules check`: every fault of the rules, with file, line and column."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from dtm_contact.cli.output import as_json_option, print_json
from dtm_contact.cli.problems import print_problems
from dtm_contact.cli.sarif import sarif
from dtm_contact.directory import Directory
from dtm_contact.errors import InvalidFilesError, NoDirectoryError, UnknownSchemaError
from dtm_contact.model import Problem, Severity
from dtm_contact.rules import RuleSet, load_rules, run_rule_tests
from dtm_contact.rules.validation import cut
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

_ROUTING = "routing.yaml"
_QUEUES = "queues.yaml"
_DAYS = re.compile("([1-9][0-9]{0,3})d")

folder_argument = click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)


class Days(click.ParamType[timedelta]):
    """A number of days, as `90d`."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return how long it is."""
        found = _DAYS.fullmatch(value) if isinstance(value, str) else None
        if isinstance(value, timedelta) or found is None:
            return value if isinstance(value, timedelta) else self.fail(f"{value!r} is no span; write 90d", param, ctx)
        return timedelta(days=int(found[1]))


@click.command()
@folder_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    help="text for people; json, a line for each fault; sarif (SARIF 2.1.0) for a code host.",
)
@as_json_option
@click.option("--since", type=Days(), help="Warn of rules that decided nothing in so many days (90d) of the store.")
@click.pass_obj
def command(settings: Settings, folder: Path | None, form: str, since: timedelta | None, *, as_json: bool) -> int:
    """Check the rules, run their tests, and say every fault with file, line and column.

    FOLDER is a folder of rules; without it, that of the settings. Offices and residences are checked against the
    directory last imported, where there is one. Exit status 1 where there is an error.
    """
    folder = folder or settings.rules.dir
    form = "json" if as_json else form
    try:
        rules, problems = checked(settings, folder)
    except InvalidFilesError as error:
        _print(error.problems, form)
        return 1
    if since is not None:
        problems = (*problems, *_never_matched(settings, rules, since))
    _print(problems, form)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return 1
    if form == "json":
        print_json({"version": rules.version, "rules": len(rules.rules), "queues": len(rules.queues)})
    elif form == "text":
        click.echo(f"{folder}: {len(rules.rules)} rules, {len(rules.queues)} queues, version {rules.version}: sound")
    return 0


def checked(settings: Settings, folder: Path) -> tuple[RuleSet, tuple[Problem, ...]]:
    """Return the rules of a folder with all that is to be said of them, the outcome of their tests included.

    Raises:
        InvalidFilesError: they hold errors.
    """
    directory = last_directory(settings)
    rules = load_rules(
        folder,
        directory.offices if directory else None,
        residences=directory.residences.values() if directory else (),
        zone=settings.zone,
        model=settings.model,
    )
    stranded = _stranded(settings, rules, directory) if directory else ()
    return rules, (*rules.problems, *run_rule_tests(rules, folder).problems, *stranded)


def _stranded(settings: Settings, rules: RuleSet, directory: Directory) -> Iterator[Problem]:
    """Yield a warning for each queue that has open cases and that these rules do not know."""
    with open_store(settings.store.url, read_only=True) as store:
        found = store.cases.open_queues()
    for queue, count in found.items():
        if rules.desks.current(queue, directory.offices) is None:
            message = f"{count} open cases lie in {cut(queue)}, which is no queue of these rules"
            hint = f"write formerly: {cut(queue)} in the queue that has its cases now"
            yield Problem(_QUEUES, 0, 0, message, hint, Severity.WARNING)


def last_directory(settings: Settings) -> Directory | None:
    """Return the directory last imported, or None where there is none."""
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return Directory(store.directory.load())
    except (NoDirectoryError, UnknownSchemaError):
        return None


def _never_matched(settings: Settings, rules: RuleSet, since: timedelta) -> Iterator[Problem]:
    with open_store(settings.store.url, read_only=True) as store:
        used = store.judgements.rules_used(datetime.now(UTC) - since)
    for rule in rules.rules:
        if rule.key not in used:
            message = f"the rule {rule.id} decided nothing in {since.days} days"
            hint = "is it still needed, or does a rule above it take what is meant for it?"
            yield Problem(_ROUTING, *rule.place, message, hint, Severity.WARNING)


def _print(problems: Iterable[Problem], form: str) -> None:
    if form == "sarif":
        print_json(sarif(problems))
    else:
        print_problems(problems, as_json=form == "json")
