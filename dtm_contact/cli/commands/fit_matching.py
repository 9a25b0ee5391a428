"""`dtm-contact fit-matching`: learn from labelled messages what evidence is worth and what a probability means."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.directory import Directory, read_export
from dtm_contact.rehearsal import messages_at_rest, read_truth
from dtm_contact.rehearsal.fit_matching import Corpus, fit
from dtm_contact.settings import Settings

_PAIR = (click.Path(exists=True, file_okay=False, path_type=Path), click.Path(exists=True, path_type=Path))


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--training", type=_PAIR, multiple=True, required=True, metavar="MESSAGES DIRECTORY")
@click.option("--calibration", type=_PAIR, multiple=True, required=True, metavar="MESSAGES DIRECTORY")
@click.option("--source", required=True, help="What the messages are: how they were made, from which seeds.")
@click.pass_obj
def command(
    settings: Settings,
    out: Path,
    training: Sequence[tuple[Path, Path]],
    calibration: Sequence[tuple[Path, Path]],
    source: str,
) -> None:
    """Learn from labelled messages how far matching believes each kind of evidence, and what its probabilities mean.

    Writes OUT (dtm_contact/matching/weights.json is what the program ships). Each folder of MESSAGES holds a
    truth.jsonl, as for `score`, over the files of DIRECTORY. Report on neither of them: `score` messages set aside.
    """
    learning, held = [_corpus(*pair) for pair in training], [_corpus(*pair) for pair in calibration]
    learnt = fit(learning, held, settings)
    content = {
        "provenance": {
            "made_by": "dtm-contact fit-matching",
            "on": datetime.now(settings.zone).date().isoformat(),
            "source": source,
            "training_messages": sum(len(each.truths) for each in learning),
            "calibration_messages": sum(len(each.truths) for each in held),
        },
        "belief": learnt.belief,
        "calibration": learnt.calibration,
    }
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"{out}: {len(learnt.belief)} kinds of evidence, {len(learnt.calibration)} curves")


def _corpus(messages: Path, directory: Path) -> Corpus:
    records, _warnings = read_export(directory)
    arrivals = tuple(messages_at_rest([str(messages)], datetime.now(UTC)))
    return Corpus(Directory(records), arrivals, read_truth(messages))
