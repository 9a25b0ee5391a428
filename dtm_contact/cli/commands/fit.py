"""`dtm-contact fit`: learn from labelled messages."""

from collections.abc import Iterator
from pathlib import Path

import click

from dtm_contact.rehearsal import Example, read_examples, read_letters
from dtm_contact.rehearsal.fit import fit, learned_of, write_numbers
from dtm_contact.rehearsal.trust import Tried
from dtm_contact.rules.learned_file import packed
from dtm_contact.rules.topics_file import load_words, points_of
from dtm_contact.settings import Settings

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("examples", type=_FOLDER, nargs=-1, required=True)
@click.option("--rules", type=_FOLDER, help="Folder of rules; without it, that of the settings.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the model, outside of the rules: DTM_MODEL names it to the daemon. Without it, nothing is written.",
)
@click.option("--numbers", is_flag=True, help="Also write the points and limits that do best into topics.yaml.")
@click.option("--judge-on", multiple=True, default=("*",), help="Names of the batches to judge on; * stands for any.")
@click.option("--model-only", is_flag=True, help="Learn of all at once and judge nothing: points and limits stay.")
@click.pass_obj
def command(
    settings: Settings,
    examples: tuple[Path, ...],
    rules: Path | None,
    output: Path | None,
    judge_on: tuple[str, ...],
    *,
    numbers: bool,
    model_only: bool,
) -> None:
    """Learn from labelled messages.

    EXAMPLES are folders of labelled texts (.yaml), or of mail (.eml) with its truth (truth.jsonl). Each batch (file) is
    judged by what was learned of other writers (files that differ by a number at the end are of one writer); the
    figures printed are those, and which topics were taken for which most often, and the points and limits that do
    best; with --numbers they are written into topics.yaml, where nothing else is touched. The model learned of all is
    written to --output. That takes seven trainings; `--model-only` takes one.
    """
    folder = rules or settings.rules.dir
    if output is not None and output.resolve().is_relative_to(folder.resolve()):
        raise click.UsageError(f"{output} lies in {folder}: the model is no part of the rules; name a file elsewhere")
    read, words = tuple(_read(examples)), load_words(folder)
    fitted = None if model_only else fit(read, words, points_of(folder), judge_on)
    model = learned_of(read, words) if fitted is None else fitted.model
    if fitted is not None:
        _tell(fitted.tried)
    click.echo(f"{len(model.features):,} features learned of {model.provenance}")
    for line in write_numbers(folder, fitted.numbers(), only_tell=not numbers) if fitted is not None else ():
        click.echo(f"topics.yaml: {line}")
    if output is not None:
        _put(output, packed(model))


def _read(folders: tuple[Path, ...]) -> Iterator[Example]:
    for folder in folders:
        yield from read_examples(folder) if any(folder.glob("*.yaml")) else read_letters(folder)


def _put(path: Path, content: bytes) -> None:
    """Write a file at once: a daemon that starts meanwhile never reads half of it."""
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(content)
    beside.replace(path)


def _tell(tried: Tried) -> None:
    click.echo(f"left out in turn: topic {tried.topics} of {tried.messages}")
    click.echo(f"people in danger found: {tried.found} of {tried.dangers}")
    click.echo(f"false alarms: {tried.alarms} of {tried.quiet}")
    for right, said, times in tried.confusions:
        click.echo(f"{right} taken for {said}: {times}")
