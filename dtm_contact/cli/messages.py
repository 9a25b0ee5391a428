"""`dtm-contact route` and `dtm-contact explain`: where messages and calls at rest would go, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text

from dtm_contact.cli.grounds import IsoTime, grounds_options, load_grounds, names_of
from dtm_contact.cli.output import as_json_option, print_json, print_problems, priority, table, terminal_output
from dtm_contact.contract import as_json as contract_json
from dtm_contact.explain.acts import acts_of
from dtm_contact.explain.names import Names
from dtm_contact.explain.picture import picture
from dtm_contact.explain.telling import AnswerPreview
from dtm_contact.explain.terminal import render_judgement
from dtm_contact.explain.waterfall import short, waterfall
from dtm_contact.explain.whom import place_to_ask
from dtm_contact.labels.formats import moment
from dtm_contact.model import DANGER_QUESTION, Arrival, Envelope, Judgement
from dtm_contact.outbound import chosen_answer
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import CallsAtRest, JudgedCalls, judge_messages, require_at_rest
from dtm_contact.rules.answers import opening, subject_in_brief
from dtm_contact.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@grounds_options
@click.option(
    "--calls",
    type=click.Choice(["asterisk-cdr"]),
    help="The paths are call records (Master.csv) of this switchboard, the oldest first.",
)
@click.option(
    "--queue-log",
    type=click.Path(path_type=Path),
    help="The queue log of the same switchboard; without it the records alone tell who was answered.",
)
@click.option("--at", type=IsoTime(), help="Judge as of this time, not of each message's own.")
@click.option("--trace", is_flag=True, help="Also every piece of evidence, and every rule with what it saw.")
@as_json_option
@click.pass_obj
def route(
    settings: Settings,
    paths: tuple[str, ...],
    directory: Path | None,
    rules: Path | None,
    at: datetime | None,
    *,
    calls: str | None,
    queue_log: Path | None,
    trace: bool,
    as_json: bool,
) -> None:
    """Say where messages would go, and keep nothing.

    PATH is an .eml file, a folder of them, an mbox file, or - for standard input. With --calls it is a file of call
    records; the calls are told in the order in which they end. No daemon is needed.

    Messages are judged in the order of their times, and each sees those that came before: a reply joins the message
    that opened the case, and is told so by that one's name. They are printed in the order given.
    """
    _check_options(calls, queue_log, at)
    require_at_rest(paths)
    grounds = load_grounds(settings, directory, rules)
    if calls is None:
        judgements = judge_messages(paths, datetime.now(UTC), grounds, at=at, trace=trace)
        _print_route(judgements, grounds, trace=trace, as_json=as_json)
        return
    at_rest = CallsAtRest(map(Path, paths), queue_log, settings, datetime.now(UTC))
    _print_route(JudgedCalls(grounds).judge(at_rest, trace=trace), grounds, trace=trace, as_json=as_json)
    print_problems(at_rest.problems(), as_json=False)


def _check_options(calls: str | None, queue_log: Path | None, at: datetime | None) -> None:
    if calls is None and queue_log is not None:
        raise click.UsageError("--queue-log goes with --calls")
    if calls is not None and at is not None:
        raise click.UsageError("--at does not go with --calls: each call is judged as of its end")


def _print_route(judgements: Iterator[Judgement], grounds: Grounds, *, trace: bool, as_json: bool) -> None:
    if as_json or trace:
        for judgement in judgements:
            print_json(contract_json(judgement, trace=trace))
    else:
        _print_table(judgements, grounds)


def _print_table(judgements: Iterator[Judgement], grounds: Grounds) -> None:
    rows: list[list[str | Text]] = []
    for judgement in judgements:
        match, decision = judgement.match, judgement.decision
        residence = grounds.directory.residences.get(match.residence.id) if match.residence else None
        rows.append(
            [
                judgement.source,
                priority(decision.priority.value),
                decision.queue or f"({decision.kind})",
                _topic_or_outcome(judgement),
                match.tenant.id if match.tenant else "–",
                residence.name if residence else "–",
                decision.due.astimezone(grounds.settings.zone).strftime("%d/%m %H:%M") if decision.due else "–",
                decision.rule,
            ]
        )
    terminal_output().print(table(("source", "", "queue", "topic", "tenant", "residence", "due", "rule"), rows))


def _topic_or_outcome(judgement: Judgement) -> str:
    call = judgement.contact.call
    return call.outcome.value if call is not None else judgement.understanding.topic or ""


@click.command()
@click.argument("file")
@grounds_options
@click.option("--at", type=IsoTime(), help="Judge as of this time, not of the message's own.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw who it is, and why, in this file.")
@click.option("--details", is_flag=True, help="Also the codes, the evidence with its weights, and each rule's trace.")
@click.pass_obj
def explain(
    settings: Settings,
    file: str,
    directory: Path | None,
    rules: Path | None,
    at: datetime | None,
    *,
    svg: Path | None,
    details: bool,
) -> None:
    """Tell why a message goes where it goes, in plain French sentences for the people of the offices.

    What was understood and by which words, whether it is a danger and who is woken, who writes and how sure that is,
    where it is, which rule decided and why, and what follows; then the text with these words marked. FILE is as for
    `route`; of several messages, --svg draws the first.
    """
    require_at_rest([file])
    grounds = load_grounds(settings, directory, rules)
    names = names_of(grounds)
    out = terminal_output()
    for number, judgement in enumerate(judge_messages([file], datetime.now(UTC), grounds, at=at, trace=True)):
        now = at or judgement.contact.at
        answer, alarm = _answer_preview(judgement, now, grounds), judgement.decision.alarm
        topic, to_ask = judgement.understanding.topic, place_to_ask(judgement, names)
        acts = acts_of([judgement], topic, alarm, grounds.rules, grounds.directory, now, to_ask=to_ask)
        out.print(render_judgement(judgement, names, grounds.rules, answer=answer, acts=acts, details=details))
        if svg is not None and not number:
            _draw(judgement, names, svg)


def _answer_preview(judgement: Judgement, now: datetime, grounds: Grounds) -> AnswerPreview:
    """Return what its writer would be answered, and who on call, had the message just come in from them by e-mail."""
    envelope = Envelope(mail_from=judgement.contact.sender.address, recipients=())
    arrival = Arrival("smtp", judgement.source, now, "message/rfc822", envelope, b"")
    ruled = (grounds.rules, grounds.directory)
    chosen = chosen_answer(arrival, judgement, ruled, grounds.settings, now)
    text = grounds.rules.answers.get(chosen.name or "", "")
    queue = grounds.rules.queues.get(judgement.decision.queue or "") or grounds.rules.desks.reception
    due = judgement.decision.due
    begins = opening(text, {"due": moment(due, queue.calendar.zone)} if due is not None else {})
    return AnswerPreview(
        subject_in_brief(text),
        chosen.why_not,
        begins,
        queue.called_at(now),
        closed=not queue.calendar.is_open(now),
        asks=chosen.name == DANGER_QUESTION,
    )


def _draw(judgement: Judgement, names: Names, svg: Path) -> None:
    drawn = waterfall(judgement.match, names)
    if drawn is None:
        click.echo("nothing drawn: nobody of the directory comes into question", err=True)
        return
    subject = short(judgement.contact.subject) or "(sans objet)"
    svg.write_text(picture(drawn, f"Qui écrit ? {judgement.source} : {subject}"), encoding="utf-8")
