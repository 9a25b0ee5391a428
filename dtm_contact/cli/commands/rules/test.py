"""`dtm-contact rules test`: the rules tried on the messages and calls that they carry with them."""

from pathlib import Path

import click

from dtm_contact.cli.commands.rules.check import folder_argument
from dtm_contact.cli.output import as_json_option, print_json
from dtm_contact.cli.problems import print_problems
from dtm_contact.errors import InvalidFilesError
from dtm_contact.rules import RuleSet, TestRun, load_rules, run_rule_tests
from dtm_contact.settings import Settings


@click.command()
@folder_argument
@click.option("--coverage", is_flag=True, help="Also list the conditions that no test shows both true and false.")
@as_json_option
@click.pass_obj
def command(settings: Settings, folder: Path | None, *, coverage: bool, as_json: bool) -> int:
    """Try the rules on their tests: those in routing.yaml, and those in tests/*.yaml.

    FOLDER is a folder of rules; without it, that of the settings. Exit status 1 where a test does not come true, or
    where a rule has none that it holds for and one that it does not hold for.
    """
    folder = folder or settings.rules.dir
    try:
        rules = load_rules(folder, zone=settings.zone, model=settings.model)
    except InvalidFilesError as error:
        print_problems(error.problems, as_json=as_json)
        return 1
    run = run_rule_tests(rules, folder)
    print_problems(run.problems, as_json=as_json)
    _print(rules, run, coverage=coverage, as_json=as_json)
    return 1 if run.problems else 0


def _print(rules: RuleSet, run: TestRun, *, coverage: bool, as_json: bool) -> None:
    reached = run.coverage
    default = rules.default.id
    tried = sum(bool(reached.held[name] and (reached.not_held[name] or name == default)) for name in reached.held)
    if as_json:
        told = {"tests": len(run.found), "failed": len(run.failed), "rules": len(rules.rules), "rules_tried": tried}
        print_json({**told, "conditions": reached.conditions, "conditions_both_ways": reached.both_ways})
        return
    for line in reached.one_way if coverage else ():
        click.echo(f"seen one way only: {line}")
    click.echo(
        f"{len(run.found)} tests, {len(run.failed)} failed; {tried} of {len(rules.rules)} rules tried both ways;"
        f" {reached.both_ways} of {reached.conditions} conditions seen both true and false"
    )
