"""Faults of files that people edit, as people and as programs read them."""

from collections.abc import Iterable

import click

from dtm_contact.cli.output import print_json
from dtm_contact.model import Problem, Severity, errors_first

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
            click.secho(str(problem), err=True, fg=_COLOURS[problem.severity])
