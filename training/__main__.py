"""`python -m training`: make the models, hold them against labelled messages, propose one with a site's own labels."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import numpy as np

from dtm_contact.matching.place_model import FILE, PlaceModel
from dtm_contact.model import Problem
from dtm_contact.rules.reader_files import SHIPPED_DETAILS, SHIPPED_MODEL, load_model, load_reader, read_topics
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.topics import DetailModel, Model, Reader, understand
from training import corpus, places
from training import golden as golden_letters
from training.calibrate import TooLittleSaidError, check, kept_aside, last_words, recalibrate, worth
from training.corpus import Message
from training.details import train_details
from training.evaluate import Figures, by_set, curve, evaluate
from training.train import Trained, train
from training.wrapping import WRAPPINGS, combined

RULES: Final = Path(__file__).parents[1] / "rules"
OWN_PLACES: Final = Path(__file__).parents[1] / "dtm_contact" / FILE
KEPT: Final = corpus.FOLDER / "kept"
_ASIDE: Final = 5
"""Every so many messages of a site one is kept aside."""
_TOLD: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
_NOT_SETS: Final = frozenset({"emergencies.jsonl", "wrappings.jsonl"})


@click.group()
def main() -> None:
    """Make and judge models of topics and danger, and of places."""
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)7.0f ms  %(message)s")


@main.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=SHIPPED_MODEL, show_default=True)
def model(output: Path) -> None:
    """Make the model from nothing: the same corpus gives the same model."""
    paths = corpus.learned()
    trained = _train(list(corpus.read(paths)), [*paths, WRAPPINGS])
    _save(trained, output)


@main.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=SHIPPED_DETAILS, show_default=True)
@click.option("--model", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=SHIPPED_MODEL)
def details(output: Path, file: Path) -> None:
    """Make the small model of wishes and kinds of danger, by what the large one reads."""
    trained = train_details(_model(file))
    content = trained.packed()
    output.write_bytes(content)
    click.echo(f"{output}: {DetailModel.unpacked(content).digest}, {len(content):,} bytes; {json.dumps(trained.about)}")


@main.command(name="places")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=OWN_PLACES, show_default=True)
@click.option("--left-out", is_flag=True, help="Also print how often it is right about hands that it did not learn of.")
@click.option(
    "--mislabel", type=click.IntRange(0), help="Turn what is right of this letter round, to see what it does."
)
def place_model(output: Path, left_out: bool, mislabel: int | None) -> None:  # noqa: FBT001 - a flag
    """Make the model of places from nothing: the same letters give the same model (two minutes of one core)."""
    found = list(places.examples())
    if mislabel is not None:
        found = places.mislabelled(found, mislabel)
    made = places.learn(found, {"corpus": corpus.digest(places.sources()), "letters": len(found)})
    content = made.packed()
    output.write_bytes(content)
    click.echo(f"{output}: {PlaceModel.unpacked(content).digest}, {len(content):,} bytes, {len(made.rows):,} features")
    for kind, (told, every) in places.right(found, places.left_out(found)).items() if left_out else ():
        click.echo(f"hands left out, {kind}: {told} of {every} right")


@main.command(name="golden")
@click.option("--rules", type=click.Path(exists=True, file_okay=False, path_type=Path), default=RULES)
@click.option(
    "--model", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of topics and danger."
)
@click.option("--places", "place_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of places.")
@click.option("--accept", is_flag=True, help="Write what is said now into the file: read each change before.")
def golden(rules: Path, file: Path | None, place_file: Path | None, accept: bool) -> None:  # noqa: FBT001 - a flag
    """Print which golden letters a change of models or rules has changed, and how; exit status 1 if any."""
    place_model = PlaceModel.unpacked(place_file.read_bytes()) if place_file is not None else None
    grounds = golden_letters.golden_grounds(rules, model=file, place_model=place_model)
    letters = golden_letters.read_golden()
    changed = list(golden_letters.changed(letters, grounds))
    for letter, said in changed:
        click.echo(golden_letters.told_change(letter, said))
    click.echo(f"{len(changed)} of {len(letters)} golden letters changed")
    if accept:
        said_now = {letter.source: {name: said[name] for name in letter.said} for letter, said in changed}
        golden_letters.GOLDEN.write_text(golden_letters.accepted(golden_letters.GOLDEN, said_now), "utf-8")
    sys.exit(1 if changed and not accept else 0)


@main.command(name="evaluate")
@click.argument("sets", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=SHIPPED_MODEL)
@click.option("--rules", type=click.Path(exists=True, file_okay=False, path_type=Path), default=RULES)
def evaluate_sets(sets: Sequence[Path], file: Path, rules: Path) -> None:
    """Print how well a model understands sets: without SETS, all that are kept aside but the unseen ones."""
    reader = _reader(file, rules)
    chosen = sets or [path for path in sorted(KEPT.glob("*.jsonl")) if path.name not in _NOT_SETS]
    for path in chosen:
        for name, messages in by_set(corpus.read([path])).items():
            _tell(name, messages, reader)
    if not sets:
        emergencies = list(corpus.read([KEPT / "emergencies.jsonl"]))
        _tell("emergencies × wrappings", [m for _, m in combined(emergencies, KEPT / "wrappings.jsonl")], reader)


@main.command()
@click.argument("labels", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File of the proposal.")
@click.option("--in-force", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=SHIPPED_MODEL)
@click.option("--calibrate", is_flag=True, help="Learn of what agents said of alarms what probabilities are worth.")
@click.option("--days", type=click.IntRange(1, 3650), default=180, show_default=True, help="What they said since then.")
def fit(labels: Path | None, output: Path, in_force: Path, *, calibrate: bool, days: int) -> None:
    """Propose a model for one site, and hold it against the one in force.

    LABELS are labelled messages of the site, one JSON object a line (docs/model.md), that are learned besides. With
    --calibrate nothing is learned anew but what a probability of danger is worth, of what agents said of alarms in the
    store of the settings. Some of both is kept aside and compared by.
    Exit status 0 where the proposal is not worse anywhere, 1 where it is: it is written all the same, to be looked at.
    2 where nothing can be learned: nothing is written.
    """
    if calibrate is (labels is not None):
        raise click.UsageError("give LABELS, or --calibrate")
    worse = _recalibrated(output, in_force, days) if labels is None else _learned(labels, output)
    proposal, today = _reader(output, RULES), _reader(in_force, RULES)
    sets = by_set(corpus.read([KEPT / "week.jsonl", KEPT / "month.jsonl"]))
    own = list(corpus.read([labels]))[::_ASIDE] if labels is not None else []
    worse += [
        name
        for name, messages in {**sets, **({"site": own} if own else {})}.items()
        if _is_worse(_tell(f"{name}, proposal", messages, proposal), _tell(f"{name}, in force", messages, today))
    ]
    click.echo(f"worse on: {', '.join(worse)}" if worse else "not worse anywhere: DTM_MODEL may name it")
    sys.exit(1 if worse else 0)


def _learned(labels: Path, output: Path) -> list[str]:
    """Write the model that learned a site's own messages besides; every fifth of them is kept aside."""
    learned = [message for place, message in enumerate(corpus.read([labels])) if place % _ASIDE]
    paths = corpus.learned()
    _save(_train([*corpus.read(paths), *learned], [*paths, WRAPPINGS, labels]), output)
    return []


def _recalibrated(output: Path, in_force: Path, days: int) -> list[str]:
    """Write the model in force with probabilities as the site's agents found them; return where it is worse."""
    now = datetime.now(UTC)
    with open_store(Settings().store.url, read_only=True) as store:
        said = last_words(store.alarm_labels.all(now - timedelta(days=days)))
        shown = store.alarm_labels.probabilities(now - timedelta(days=days))
    limits, model = _reader(in_force, RULES).limits.danger, _model(in_force)
    learned, aside = kept_aside(said)
    try:
        check(said)
        found = recalibrate(learned, shown, limits)
    except TooLittleSaidError as error:
        click.echo(f"nothing is proposed: {error}", err=True)
        sys.exit(2)
    content = found.of(model, len(said)).packed()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(content)
    before = [each.probability for each in aside]
    proposal, today = (
        worth(aside, probabilities, limits) for probabilities in (found.probability(before), np.array(before))
    )
    click.echo(f"{output}: {Model.unpacked(content).digest}; {len(learned)} labels learned, {len(aside)} kept aside")
    click.echo(f"log-odds × {found.stretch:.2f} {found.shift:+.2f}: " + "; ".join(
        f"{p:.2f} becomes {q:.2f}" for p, q in zip(_TOLD, found.probability(_TOLD), strict=True)))  # fmt: skip
    click.echo(f"{'labels, proposal':28} {proposal}\n{'labels, in force':28} {today}")
    return ["labels"] if proposal.is_worse_than(today) else []


def _train(messages: Sequence[Message], paths: Sequence[Path]) -> Trained:
    topics = read_topics(RULES)
    return train(messages, list(topics.values()), {"corpus": corpus.digest(paths), "messages": len(messages)})


def _save(trained: Trained, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    content = trained.model.packed()
    output.write_bytes(content)
    click.echo(f"{output}: {Model.unpacked(content).digest}, {len(content):,} bytes")
    click.echo("hands left out: " + json.dumps(trained.curve))


def _model(file: Path) -> Model:
    problems: list[Problem] = []
    learned = load_model(file, problems)
    if learned is None:
        raise click.ClickException("\n".join(map(str, problems)))
    return learned


def _reader(file: Path, rules: Path) -> Reader:
    problems: list[Problem] = []
    reader = load_reader(rules, _model(file), problems)
    if reader is None:
        raise click.ClickException("\n".join(map(str, problems)))
    return reader


def _tell(name: str, messages: Sequence[Message], reader: Reader) -> Figures:
    figures, found = evaluate(messages, lambda contact: understand(contact, reader))
    click.echo(f"{name:28} {figures}")
    for limit, seen, dangers, false, harmless in curve(messages, found):
        click.echo(f"{'':28}   from {limit:.2f}: {seen} of {dangers} dangers, {false} of {harmless} others")
    return figures


def _is_worse(proposal: Figures, today: Figures) -> bool:
    return (
        proposal.missed > today.missed
        or proposal.false_woken > today.false_woken
        or proposal.topics < today.topics
        or proposal.kept < today.kept
    )


if __name__ == "__main__":
    main()
