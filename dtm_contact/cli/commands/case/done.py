"""`dtm-contact case done`."""

from datetime import datetime
from typing import Any

import click

from dtm_contact.cli.grounds import IsoTime
from dtm_contact.cli.work import Asked, danger_over_option, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.option("--reason", help="What was done.")
@danger_over_option
@click.option("--spoke", is_flag=True, help="The caller was called back and reached.")
@click.option("--no-answer", is_flag=True, help="The caller was called back in vain.")
@click.option("--again", type=IsoTime(), help="With --no-answer: when to try again.")
@click.pass_obj
def command(
    settings: Settings,
    /,
    reason: str | None,
    danger_over: str | None,
    again: datetime | None,
    *,
    spoke: bool,
    no_answer: bool,
    **asked: Any,
) -> None:
    """Close a case; or, with --no-answer, let a call-back come again."""
    if no_answer and (spoke or reason or danger_over):
        raise click.UsageError("--no-answer goes with neither --spoke nor --reason nor --danger-over")
    if again is not None and not no_answer:
        raise click.UsageError("--again goes with --no-answer")
    if no_answer:
        Asked(settings, asked).do("no_answer", again=again.isoformat() if again else None)
    else:
        Asked(settings, asked).do("done", reason=reason, danger_over=danger_over, spoke=spoke)
