"""`dtm-contact score`, `label` and `fit-matching`: decisions held against the truth, and what is learned from it."""

import json
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Group
from rich.text import Text

from dtm_contact.cli.grounds import grounds_options, load_grounds
from dtm_contact.cli.output import (
    ReadablePath,
    as_json_option,
    print_json,
    print_problems,
    printable,
    table,
    terminal_output,
)
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import CaseKind, Judgement, NoHistory, Priority
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal import (
    QUEUE_LOG_FILE,
    RECORDS_FILE,
    CallsAtRest,
    JudgedCalls,
    Miss,
    Score,
    ScoreFigure,
    judge_messages,
    messages_at_rest,
    read_call_truth,
    read_truth,
    score,
    score_calls,
)
from dtm_contact.rehearsal.fit_matching import Corpus, fit
from dtm_contact.rehearsal.score import Band
from dtm_contact.rehearsal.truth import TruthLabel, add_truth_label, labelled_files, resolve_answer, with_home
from dtm_contact.settings import Settings

_CONFUSIONS_SHOWN = 20


@click.command()
@click.argument("folder", type=ReadablePath(file_okay=False))
@grounds_options
@click.option("--totals", is_flag=True, help="Only the figures: no miss, and no word of any message.")
@as_json_option
@click.pass_obj
def score_command(
    settings: Settings, folder: Path, directory: Path | None, rules: Path | None, *, totals: bool, as_json: bool
) -> None:
    """Hold decisions against the truth.

    FOLDER holds messages (.eml), or call records (Master.csv, with their queue_log), and what is right for each
    (truth.jsonl). Prints how many answers are right for each question, then which topic is taken for which, and every
    miss with what was said and what is right.
    """
    scored = _scorer(folder)(folder, settings, directory, rules)
    if totals:
        scored = replace(scored, misses=())
    if as_json:
        print_json(_as_json(scored))
    else:
        terminal_output().print(_as_tables(scored))


def _scorer(folder: Path) -> Callable[[Path, Settings, Path | None, Path | None], Score]:
    return _of_calls if (folder / RECORDS_FILE).is_file() else _of_messages


def _of_messages(folder: Path, settings: Settings, directory: Path | None, rules: Path | None) -> Score:
    truths = read_truth(folder)
    grounds = load_grounds(settings, directory, rules)
    judgements = list(judge_messages([str(folder)], datetime.now(UTC), grounds))
    scored = score(judgements, truths, grounds)
    _tell_missing(truths.keys() - {judgement.source for judgement in judgements})
    return scored


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


def _as_json(scored: Score) -> dict[str, object]:
    return {
        "figures": [
            {
                "name": figure.name,
                "right": figure.right,
                "of": figure.of,
                "share": round(figure.share, 4),
                "interval": [round(end, 4) for end in figure.interval],
            }
            for figure in scored.figures
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
            for band in scored.reliability
        ],
        "confusions": [{"right": right, "said": said, "times": times} for right, said, times in scored.confusions],
        "misses": [
            {"file": miss.file, "question": miss.question, "said": miss.said, "right": miss.right, "note": miss.note}
            for miss in scored.misses
        ],
    }


def _as_tables(scored: Score) -> Group:
    figures = [table(("question", "right", "of", "share", "95 % interval"), map(_figure_row, scored.figures))]
    if scored.reliability:
        columns = ("likeliest tenant", "answers", "said", "right", "95 % interval")
        figures.append(table(columns, map(_band_row, scored.reliability), title="\nReliability"))
    if not scored.misses:
        return Group(*figures)
    return Group(
        *figures,
        table(("topic", "taken for", "times"), map(_confusion_row, scored.confusions[:_CONFUSIONS_SHOWN])),
        Text(f"\n{len(scored.misses)} misses", style="bold"),
        table(("file", "question", "said", "right", "note"), map(_miss_row, scored.misses)),
    )


def _confusion_row(confusion: tuple[str, str, int]) -> tuple[str, ...]:
    right, said, times = confusion
    return right, said, str(times)


def _figure_row(figure: ScoreFigure) -> tuple[str, ...]:
    low, high = figure.interval
    return figure.name, str(figure.right), str(figure.of), f"{figure.share:.1%}", f"{low:.1%} – {high:.1%}"


def _band_row(band: Band) -> tuple[str, ...]:
    low, high = band.interval
    shares = f"{band.said:.1%}", f"{band.right:.1%}", f"{low:.1%} – {high:.1%}"
    return f"{band.low:.2f} – {band.high:.2f}", str(band.count), *shares


def _miss_row(miss: Miss) -> tuple[str, ...]:
    return miss.file, miss.question, miss.said, miss.right, miss.note


_SHOWN = 3_000


@click.command()
@click.argument("folder", type=ReadablePath(file_okay=False))
@grounds_options
@click.pass_obj
def label_command(settings: Settings, folder: Path, directory: Path | None, rules: Path | None) -> None:
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
        label = with_home(_ask(judgement, grounds), grounds.directory)
        residence = grounds.directory.residences.get(label.residence_id or "")
        add_truth_label(
            folder, replace(label, office=residence.office_id if residence else judgement.decision.office_id)
        )


def _show(judgement: Judgement) -> None:
    contact = judgement.contact
    click.echo(f"\n──── {judgement.source}   {printable(contact.sender.name)} <{printable(contact.sender.address)}>")
    click.secho(printable(contact.subject), bold=True)
    click.echo(printable(contact.new_text[:_SHOWN]))


def _ask(judgement: Judgement, grounds: Grounds) -> TruthLabel:
    topics = grounds.rules.reader.topics
    kind = CaseKind(_choice("kind", [kind.value for kind in CaseKind], CaseKind.CASE.value))
    usual = kind.value if kind.value in topics else "other"
    topic = _choice("topic (its beginning will do)", topics, usual)
    click.secho(f"the engine says: {judgement.understanding.topic} {judgement.decision.priority}", dim=True)
    priority = Priority(_choice("priority", [one.value for one in Priority], topics[topic].priority.value))
    tenant = click.prompt("tenant id (empty: none)", default="", show_default=False).strip() or None
    note = click.prompt("note", default="", show_default=False)
    return TruthLabel(judgement.source, kind, topic, priority, tenant_id=tenant, note=note)


def _choice(question: str, choices: Collection[str], usual: str) -> str:
    while True:
        chosen = resolve_answer(click.prompt(question, default=usual), choices, usual)
        if chosen is not None:
            return chosen
        click.echo(", ".join(choices))


_PAIR = (ReadablePath(file_okay=False), ReadablePath())


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--training", type=_PAIR, multiple=True, required=True, metavar="MESSAGES DIRECTORY")
@click.option("--calibration", type=_PAIR, multiple=True, required=True, metavar="MESSAGES DIRECTORY")
@click.option("--source", required=True, help="What the messages are: how they were made, from which seeds.")
@click.pass_obj
def fit_matching(
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
            "training_messages": sum(len(corpus.truths) for corpus in learning),
            "calibration_messages": sum(len(corpus.truths) for corpus in held),
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
