"""`dtm-contact explain`: why a message goes where it goes."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.cli.grounds import IsoTime, grounds_options, load_grounds, names_of
from dtm_contact.cli.output import console
from dtm_contact.explain.names import Names
from dtm_contact.explain.picture import picture
from dtm_contact.explain.told import tell
from dtm_contact.explain.waterfall import short, waterfall
from dtm_contact.model import Judgement
from dtm_contact.rehearsal import judge_messages, require_at_rest
from dtm_contact.settings import Settings


@click.command()
@click.argument("file")
@grounds_options
@click.option("--at", type=IsoTime(), help="Judge as of this time, not of the message's own.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw who it is, and why, in this file.")
@click.pass_obj
def command(
    settings: Settings, file: str, directory: Path | None, rules: Path | None, at: datetime | None, svg: Path | None
) -> None:
    """Tell why a message goes where it goes.

    The text with the words that counted, the evidence for who it is with its weights, the words that made the topic,
    and each rule with what it saw. FILE is as for `route`; of several messages, --svg draws the first.
    """
    require_at_rest([file])
    grounds = load_grounds(settings, directory, rules)
    names = names_of(grounds)
    out = console()
    for number, judgement in enumerate(judge_messages([file], datetime.now(UTC), grounds, at=at, trace=True)):
        out.print(tell(judgement, names))
        if svg is not None and not number:
            _draw(judgement, names, svg)


def _draw(judgement: Judgement, names: Names, svg: Path) -> None:
    told = waterfall(judgement.match, names)
    if told is None:
        click.echo("nothing drawn: nobody of the directory comes into question", err=True)
        return
    subject = short(judgement.contact.subject) or "(sans objet)"
    svg.write_text(picture(told, f"Qui écrit ? {judgement.source} : {subject}"), encoding="utf-8")
