"""`dtm-contact rules …`: the rules that admins own."""

from pathlib import Path

import click

from dtm_contact.cli.output import as_json_option, print_json
from dtm_contact.cli.problems import print_problems
from dtm_contact.directory import Directory
from dtm_contact.errors import InvalidFilesError, NoDirectoryError, UnknownSchemaError
from dtm_contact.rules import conditions_manual, load_rules, run_rule_tests
from dtm_contact.settings import Settings
from dtm_contact.store import open_store


@click.group()
def command() -> None:
    """Check the rules and look them up."""


@command.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json_option
@click.pass_obj
def check(settings: Settings, folder: Path | None, *, as_json: bool) -> int:
    """Check the rules, run the tests that they carry, and say every fault with file, line and column.

    FOLDER is a folder of rules; without it, that of the settings. Offices and residences are checked against the directory last
    imported, where there is one. Exit status 1 where there is an error.
    """
    folder = folder or settings.rules.dir
    try:
        directory = _directory(settings)
        rules = load_rules(
            folder,
            directory.offices if directory else None,
            residences=directory.residences.values() if directory else (),
            zone=settings.zone,
        )
    except InvalidFilesError as error:
        print_problems(error.problems, as_json=as_json)
        return 1
    failed = run_rule_tests(rules)
    print_problems((*rules.problems, *failed), as_json=as_json)
    if failed:
        return 1
    if as_json:
        print_json({"version": rules.version, "rules": len(rules.rules), "queues": len(rules.queues)})
    else:
        click.echo(f"{folder}: {len(rules.rules)} rules, {len(rules.queues)} queues, version {rules.version}: sound")
    return 0


@command.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/conditions.md.")
def conditions(*, markdown: bool) -> None:
    """List the conditions that a rule can use."""
    click.echo(conditions_manual(markdown=markdown), nl=False)


def _directory(settings: Settings) -> Directory | None:
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return Directory(store.directory.load())
    except (NoDirectoryError, UnknownSchemaError):
        return None
