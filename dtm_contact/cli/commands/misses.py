"""`dtm-contact misses`: what the cases that agents corrected would want added to the words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.cli.output import as_json_option, console, plain, print_json, table
from dtm_contact.rehearsal.misses import Corrected, Missing, find_missing
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store

_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


@click.command()
@click.option(
    "--rules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of rules; without it, that of the settings.",
)
@as_json_option
@click.pass_obj
def command(settings: Settings, rules: Path | None, *, as_json: bool) -> None:
    """Tell what the cases that agents corrected would want added.

    For each topic that agents chose instead of the one understood: what was said, the words of those messages that no
    phrase of the topic has, and the phrases that spoke for the wrong one. What is understood by now is left out. No
    name and no message is shown.
    """
    lexicon = load_rules(rules or settings.rules.dir, zone=settings.zone, model=settings.model).lexicon
    with open_store(settings.store.url, read_only=True) as store:
        found = find_missing(_corrected(store), lexicon)
    if as_json:
        for missing in found:
            print_json(plain(missing))
    elif found:
        columns = ("topic", "taken for", "words that are missing", "phrases that misled")
        console().print(table(columns, map(_row, found)))
    else:
        click.echo("no correction that is not understood by now")


def _corrected(store: Store) -> Iterator[Corrected]:
    judged = store.judgements
    for item in judged.read(judged.since(_FIRST_DAY)):
        if item.is_first and item.case_number and "topic" in item.by_hand:
            topic = store.cases.get(item.case_number).case.topic
            if topic:
                yield Corrected(item.judgement.contact, topic)


def _row(missing: Missing) -> tuple[str, ...]:
    return (missing.topic, *(_counted(pairs) for pairs in (missing.said, missing.suggested, missing.blamed)))


def _counted(pairs: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{text} ({times})" for text, times in pairs)
