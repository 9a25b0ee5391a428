"""`dtm-contact label`: say what is right for real messages, so that `score` can judge by them."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.cli.grounds import grounds_options, load_grounds
from dtm_contact.cli.output import printable
from dtm_contact.model import CaseKind, Judgement, NoHistory, Priority
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal import messages_at_rest
from dtm_contact.rehearsal.labels import Label, add_label, labelled_files, meant, placed
from dtm_contact.settings import Settings

_SHOWN = 3_000


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@grounds_options
@click.pass_obj
def command(settings: Settings, folder: Path, directory: Path | None, rules: Path | None) -> None:
    """Say what is right for each message of FOLDER (.eml), as `score` reads it (truth.jsonl).

    Shows a message, then asks for kind, topic, priority, tenant and a note; what the engine would say is only shown
    once the topic is given, so that it leads nobody. Interrupt at any time: what was labelled stands, and the next run
    goes on behind it.
    """
    grounds = load_grounds(settings, directory, rules)
    done = labelled_files(folder)
    waiting = [item for item in messages_at_rest([str(folder)], datetime.now(UTC)) if item.external_id not in done]
    click.echo(f"{len(done)} labelled, {len(waiting)} to go; Ctrl+C stops")
    for arrival in waiting:
        judgement = judge(arrival, arrival.received_at, grounds, NoHistory())
        _show(judgement)
        label = placed(_ask(judgement, grounds), grounds.directory)
        residence = grounds.directory.residences.get(label.residence_id or "")
        add_label(folder, replace(label, office=residence.office_id if residence else judgement.decision.office_id))


def _show(judgement: Judgement) -> None:
    contact = judgement.contact
    click.echo(f"\n──── {judgement.source}   {printable(contact.sender.name)} <{printable(contact.sender.address)}>")
    click.secho(printable(contact.subject), bold=True)
    click.echo(printable(contact.new_text[:_SHOWN]))


def _ask(judgement: Judgement, grounds: Grounds) -> Label:
    topics = grounds.rules.reader.topics
    kind = CaseKind(_choice("kind", [kind.value for kind in CaseKind], CaseKind.CASE.value))
    usual = kind.value if kind.value in topics else "other"
    topic = _choice("topic (its beginning will do)", topics, usual)
    click.secho(f"the engine says: {judgement.understanding.topic} {judgement.decision.priority}", dim=True)
    priority = Priority(_choice("priority", [one.value for one in Priority], topics[topic].priority.value))
    tenant = click.prompt("tenant id (empty: none)", default="", show_default=False).strip() or None
    note = click.prompt("note", default="", show_default=False)
    return Label(judgement.source, kind, topic, priority, tenant_id=tenant, note=note)


def _choice(question: str, known: Collection[str], usual: str) -> str:
    while True:
        found = meant(click.prompt(question, default=usual), known, usual)
        if found is not None:
            return found
        click.echo(", ".join(known))
