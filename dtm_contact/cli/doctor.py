"""`dtm-contact doctor`: looks at all that the daemon rests on, and says what to do."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from dtm_contact import log
from dtm_contact.cli.output import as_json_option, print_json, printable, terminal_output
from dtm_contact.doctor import CHECKS, CheckResult, CheckState, examine
from dtm_contact.settings import LogSettings

_STYLES: Final = {
    CheckState.OK: "green",
    CheckState.SKIPPED: "dim",
    CheckState.WARNING: "yellow",
    CheckState.FAULT: "bold red",
}
_STATUS: Final = {CheckState.WARNING: 1, CheckState.FAULT: 2}


@click.command()
@as_json_option
@click.option(
    "--only", multiple=True, type=click.Choice(sorted(CHECKS)), metavar="CHECK", help="This check alone; repeatable."
)
@click.pass_obj
def doctor(config: Path | None, only: tuple[str, ...], *, as_json: bool) -> int:
    """Look at all that the daemon rests on, and say what to do: settings, rights, disk, database, mail, calls, rules.

    Run it as the daemon's user, beside a running daemon or before the first start. It connects to what the settings
    name, logs in where it is to, and sends and writes nothing. docs/doctor.md lists the checks. Exit status: 0 all
    well, 1 warnings, 2 faults.
    """
    # What the parts that are looked at have to say stands in what is found.
    log.configure(LogSettings(level="ERROR"))
    worst = print_findings(examine(config, only=only), as_json=as_json)
    return _STATUS.get(worst, 0)


def print_findings(findings: Iterable[CheckResult], *, as_json: bool) -> CheckState:
    """Print each finding as soon as it is known, on a line, and what to do below it; return the worst state."""
    worst = CheckState.OK
    out = terminal_output()
    for finding in findings:
        worst = max(worst, finding.state, key=list(CheckState).index)
        if as_json:
            print_json(
                {
                    "check": finding.check,
                    "state": finding.state.value,
                    "told": finding.message,
                    "remedy": finding.remedy,
                }
            )
            continue
        line = Text(f"{finding.state:<8}", style=_STYLES[finding.state])
        out.print(line.append(printable(f" {finding.check:<12} {finding.message}"), style="default"), soft_wrap=True)
        if finding.remedy:
            out.print(Text(printable(f"{'':<21} → {finding.remedy}")), soft_wrap=True)
    return worst
