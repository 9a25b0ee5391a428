"""`dtm-contact rules replay`: what other rules would have done with what came in."""

import getpass
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from dtm_contact.cases.rerouting import Placement, Reroute, reroute
from dtm_contact.cli.commands.rules.check import Days, checked
from dtm_contact.cli.output import as_json_option, console, plain, print_json, priority, table
from dtm_contact.directory import Directory
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority, Severity
from dtm_contact.rehearsal.replay import Moved, Place, Proposal, Replay, replay
from dtm_contact.rules import RuleSet
from dtm_contact.rules.reader_files import reader_files
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import files_in_force

_NOWHERE = "(no case)"
_MARK = "DANGER"


@click.command()
@click.option("--since", type=Days(), default="90d", show_default=True, help="How far back, in days.")
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the proposed rules; without it, that of the settings.",
)
@click.option(
    "--topics/--no-topics",
    default=None,
    help="Understand each message anew; without it, where topics, phrases or the model changed.",
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=0), help="How many to list one by one.")
@click.option("--apply-open", is_flag=True, help="Move the open cases that go elsewhere, each with an event.")
@as_json_option
@click.pass_obj
def command(
    settings: Settings,
    since: timedelta,
    folder: Path | None,
    limit: int,
    *,
    topics: bool | None,
    apply_open: bool,
    as_json: bool,
) -> int:
    """Judge everything again that came in, by the proposed rules, and say what would have gone elsewhere.

    Who it is stays as it was judged; which office a residence has is as the directory says today. What is asked is
    understood anew only where topics.yaml, phrases*.yaml or the learned model differ from what is in force. Dangers are
    listed first. Exit status 0 where nothing is treated otherwise or the open cases were moved, 1 where something is.
    """
    folder = folder or settings.rules.dir
    rules, problems = checked(settings, folder)
    for problem in (each for each in problems if each.severity is Severity.ERROR):
        click.secho(str(problem), err=True, fg="red")
    with_topics = _reader_changed(settings, folder, rules) if topics is None else topics
    found = replayed(settings, Proposal(folder, with_topics), datetime.now(UTC) - since)
    if as_json:
        _print_json(found, rules)
    else:
        _print(found, rules, limit, settings.zone)
    if apply_open:
        click.echo(_applied(settings, found, rules), err=as_json)
    return 1 if found.moved and not apply_open else 0


def replayed(settings: Settings, proposal: Proposal, since: datetime) -> Replay:
    """Judge what came since a time again, and show meanwhile how far that has come."""
    processes = os.cpu_count() or 1
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging again", total=None)
        return replay(
            settings,
            proposal,
            since,
            processes=processes,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def _reader_changed(settings: Settings, folder: Path, rules: RuleSet) -> bool:
    """Return whether topics, phrases or model differ from those that judge: the daemon's, else the settings' folder."""
    with (
        open_store(settings.store.url, read_only=True) as store,
        files_in_force(store.rule_versions, settings.name, settings.rules.dir) as other,
    ):
        in_force = (_contents(other), store.judgements.last_model())
        return (_contents(folder), rules.model_version) != in_force


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in reader_files(folder) if path.exists()}


def _print_json(found: Replay, rules: RuleSet) -> None:
    for moved in found.dangers_first:
        print_json({**plain(moved), "danger": moved.danger})
    elsewhere = sum(moved.elsewhere for moved in found.moved)
    dangers = sum(moved.danger for moved in found.moved)
    print_json(
        {
            "judged": found.judged,
            "with_topics": found.with_topics,
            "version": rules.version,
            "model": rules.model_version,
            "treated_otherwise": len(found.moved),
            "elsewhere": elsewhere,
            "dangers": dangers,
            "failures": dict(found.failures),
            "models": dict(found.models),
        }
    )


def _print(found: Replay, rules: RuleSet, limit: int, zone: tzinfo) -> None:
    how = (
        "understood anew and decided again" if found.with_topics else "decided again; topics and phrases did not change"
    )
    click.echo(f"{found.judged} contacts {how}, by version {rules.version}")
    if {model for model, _count in found.models} - {rules.model_version}:
        heard = ", ".join(f"{model or 'not known'} ({count} messages)" for model, count in found.models)
        click.echo(f"learned model: {rules.model_version or 'none'}; when they were judged: {heard}")
    elsewhere = [moved for moved in found.moved if moved.elsewhere]
    click.echo(
        f"{len(elsewhere)} would lie elsewhere, {len(found.moved) - len(elsewhere)} be treated otherwise there\n"
    )
    dangers = sum(moved.danger for moved in found.moved)
    if dangers:
        told = f"{dangers} of them are dangers that would lie elsewhere, be told to others, or be none: see first\n"
        click.secho(told, fg="red")
    mark = ("",) if dangers else ()
    out = console()
    if found.moved:
        out.print(
            table(
                (*mark, "contacts", "from", "to", "by rule", "instead of"),
                _ways(found.moved, mark),
                title="Where they go",
            )
        )
    if found.moved and limit:
        shown = found.dangers_first[:limit]
        title = f"\nThe first {limit} of {len(found.moved)}" if len(found.moved) > limit else "\nAll of them"
        columns = (*mark, "came", "case", "", "from", "to", "topic", "because")
        out.print(table(columns, [_row(moved, zone, mark) for moved in shown], title=title))
    for failure, count in found.failures:
        click.secho(f"a rule failed for {count} contacts: {failure}", fg="red")


def _ways(moved: tuple[Moved, ...], mark: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    ways = Counter(
        (each.danger, _told(each.before), _told(each.after), each.after.rule, each.before.rule) for each in moved
    )
    for (danger, before, after, rule, old), count in sorted(ways.items(), key=lambda way: (not way[0][0], -way[1])):
        yield (
            *(_MARK * danger for _ in mark),
            str(count),
            before,
            after,
            rule.rpartition(":")[2],
            old.rpartition(":")[2],
        )


def _told(place: Place) -> str:
    told = f", tells {', '.join(place.notify)}" if place.notify else ""
    return f"{place.queue or _NOWHERE} {place.priority}{told}"


def _row(moved: Moved, zone: tzinfo, mark: tuple[str, ...]) -> list[str | Text]:
    return [
        *(_MARK * moved.danger for _ in mark),
        moved.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        moved.case_number or "–",
        priority(moved.after.priority),
        moved.before.queue or _NOWHERE,
        moved.after.queue or _NOWHERE,
        moved.after.topic or "",
        moved.why,
    ]


def _applied(settings: Settings, found: Replay, rules: RuleSet) -> str:
    """Move what is open, and say how many were moved and how many stay."""
    wanted = [moved for moved in found.moved if moved.open and moved.is_first and moved.elsewhere]
    asked_by, now = getpass.getuser(), datetime.now(UTC)
    with open_store(settings.store.url) as store:
        placement = Placement(store, rules, Directory(store.directory.load()), now)
        queues = placement.follow_queues()
        moved = {each.case_number for each in wanted if _moved(store, each, rules, asked_by, now)}
        for number, former in found.left_behind:
            with suppress(NotFoundError):
                if placement.change_office(number, former, again=False):
                    moved.add(number)
    stays = sum(each.case_number not in moved for each in wanted)
    told = f"{len(moved)} open cases moved; {stays} stay: taken, moved by hand, or not a case for the proposed rules"
    if queues.moved:
        told += f"\n{queues.moved} open cases went along with their queue, which has another name now"
    for queue, count in queues.left.items():
        told += f"\n{count} open cases lie in {queue}, which these rules do not have: write formerly: {queue} in one"
    return told


def _moved(store: Store, moved: Moved, rules: RuleSet, asked_by: str, now: datetime) -> bool:
    target = _target(moved, rules)
    with suppress(NotFoundError):
        return target is not None and reroute(store, target, asked_by, now)
    return False


def _target(moved: Moved, rules: RuleSet) -> Reroute | None:
    before, after = moved.before, moved.after
    if not (moved.case_number and before.queue and after.queue and after.office_id and after.due):
        return None
    urgent = Priority(after.priority)
    number, place = moved.case_number, (after.queue, after.office_id)
    return Reroute(number, before.queue, *place, urgent, after.due, after.rule, rules.version)
