"""`dtm-contact score`: decisions held against the truth."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Group
from rich.text import Text

from dtm_contact.cli.grounds import grounds_options, load_grounds
from dtm_contact.cli.output import as_json_option, console, print_json, table
from dtm_contact.cli.problems import print_problems
from dtm_contact.rehearsal import (
    QUEUE_LOG_FILE,
    RECORDS_FILE,
    CallsAtRest,
    Figure,
    JudgedCalls,
    Miss,
    Score,
    judge_messages,
    read_call_truth,
    read_truth,
    score,
    score_calls,
)
from dtm_contact.rehearsal.reliability import Band
from dtm_contact.settings import Settings

_CONFUSIONS_SHOWN = 20


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@grounds_options
@click.option("--totals", is_flag=True, help="Only the figures: no miss, and no word of any message.")
@as_json_option
@click.pass_obj
def command(
    settings: Settings, folder: Path, directory: Path | None, rules: Path | None, *, totals: bool, as_json: bool
) -> None:
    """Hold decisions against the truth.

    FOLDER holds messages (.eml), or call records (Master.csv, with their queue_log), and what is right for each
    (truth.jsonl). Prints how many answers are right for each question, then which topic is taken for which, and every
    miss with what was said and what is right.
    """
    found = _scorer(folder)(folder, settings, directory, rules)
    if totals:
        found = replace(found, misses=())
    if as_json:
        print_json(_as_json(found))
    else:
        console().print(_as_tables(found))


def _scorer(folder: Path) -> Callable[[Path, Settings, Path | None, Path | None], Score]:
    return _of_calls if (folder / RECORDS_FILE).is_file() else _of_messages


def _of_messages(folder: Path, settings: Settings, directory: Path | None, rules: Path | None) -> Score:
    truths = read_truth(folder)
    grounds = load_grounds(settings, directory, rules)
    judgements = list(judge_messages([str(folder)], datetime.now(UTC), grounds))
    found = score(judgements, truths, grounds)
    _tell_missing(truths.keys() - {judgement.source for judgement in judgements})
    return found


def _of_calls(folder: Path, settings: Settings, directory: Path | None, rules: Path | None) -> Score:
    truths = read_call_truth(folder)
    grounds = load_grounds(settings, directory, rules)
    queue_log = folder / QUEUE_LOG_FILE
    at_rest = CallsAtRest([folder / RECORDS_FILE], queue_log if queue_log.is_file() else None, settings)
    judgements = list(JudgedCalls(grounds).judge(at_rest))
    print_problems(at_rest.problems(), as_json=False)
    _tell_missing(truths.keys() - {judgement.source for judgement in judgements})
    return score_calls(judgements, truths)


def _tell_missing(sources: AbstractSet[str]) -> None:
    for source in sorted(sources):
        click.echo(f"{source}: named in the truth, but not in the folder", err=True)


def _as_json(found: Score) -> dict[str, object]:
    return {
        "figures": [
            {
                "name": figure.name,
                "right": figure.right,
                "of": figure.of,
                "share": round(figure.share, 4),
                "interval": [round(end, 4) for end in figure.interval],
            }
            for figure in found.figures
        ],
        "reliability": [
            {
                "from": band.low,
                "to": band.high,
                "answers": band.count,
                "said": round(band.said, 4),
                "right": round(band.right, 4),
                "interval": [round(end, 4) for end in band.interval],
            }
            for band in found.reliability
        ],
        "confusions": [{"right": right, "said": said, "times": times} for right, said, times in found.confusions],
        "misses": [
            {"file": miss.file, "question": miss.question, "said": miss.said, "right": miss.right, "note": miss.note}
            for miss in found.misses
        ],
    }


def _as_tables(found: Score) -> Group:
    figures = [table(("question", "right", "of", "share", "95 % interval"), map(_figure_row, found.figures))]
    if found.reliability:
        columns = ("likeliest tenant", "answers", "said", "right", "95 % interval")
        figures.append(table(columns, map(_band_row, found.reliability), title="\nReliability"))
    if not found.misses:
        return Group(*figures)
    return Group(
        *figures,
        table(("topic", "taken for", "times"), map(_confusion_row, found.confusions[:_CONFUSIONS_SHOWN])),
        Text(f"\n{len(found.misses)} misses", style="bold"),
        table(("file", "question", "said", "right", "note"), map(_miss_row, found.misses)),
    )


def _confusion_row(confusion: tuple[str, str, int]) -> tuple[str, ...]:
    right, said, times = confusion
    return right, said, str(times)


def _figure_row(figure: Figure) -> tuple[str, ...]:
    low, high = figure.interval
    return figure.name, str(figure.right), str(figure.of), f"{figure.share:.1%}", f"{low:.1%} – {high:.1%}"


def _band_row(band: Band) -> tuple[str, ...]:
    low, high = band.interval
    shares = f"{band.said:.1%}", f"{band.right:.1%}", f"{low:.1%} – {high:.1%}"
    return f"{band.low:.2f} – {band.high:.2f}", str(band.count), *shares


def _miss_row(miss: Miss) -> tuple[str, ...]:
    return miss.file, miss.question, miss.said, miss.right, miss.note
