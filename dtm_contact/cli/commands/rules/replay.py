"""`dtm-contact rules replay`: what other rules would have done with what came in."""

import getpass
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from dtm_contact.cases.rerouting import Reroute, reroute
from dtm_contact.cli.commands.rules.check import Days, checked
from dtm_contact.cli.output import as_json_option, console, plain, print_json, priority, table
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority, Severity
from dtm_contact.rehearsal.replay import Moved, Place, Replay, replay
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import unpack

_NOWHERE = "(no case)"


@click.command()
@click.option("--since", type=Days(), default="90d", show_default=True, help="How far back, in days.")
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the proposed rules; without it, that of the settings.",
)
@click.option(
    "--topics/--no-topics", default=None, help="Understand each message anew; without it, where words changed."
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

    Who it is stays as it was judged. What is asked is understood anew only where topics.yaml differs from the one in
    force. Exit status 0 where nothing is treated otherwise or the open cases were moved, 1 where something is.
    """
    folder = folder or settings.rules.dir
    rules, problems = checked(settings, folder)
    for problem in (each for each in problems if each.severity is Severity.ERROR):
        click.secho(str(problem), err=True, fg="red")
    with_topics = _topics_changed(settings, folder) if topics is None else topics
    found = _replayed(settings, folder, datetime.now(UTC) - since, with_topics=with_topics)
    if as_json:
        _print_json(found, rules)
    else:
        _print(found, rules, limit, settings.zone)
    if apply_open:
        click.echo(_applied(settings, found, rules), err=as_json)
    return 1 if found.moved and not apply_open else 0


def _replayed(settings: Settings, folder: Path, since: datetime, *, with_topics: bool) -> Replay:
    processes = os.cpu_count() or 1
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging again", total=None)
        return replay(
            settings,
            folder,
            since,
            with_topics=with_topics,
            processes=processes,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def _topics_changed(settings: Settings, folder: Path) -> bool:
    """Return whether words or model differ from those in force: of the daemon's rules, else of the settings' folder."""
    with open_store(settings.store.url, read_only=True) as store, _in_force(settings, store) as other:
        return any(_content(folder / name) != _content(other / name) for name in ("topics.yaml", "learned.npz"))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@contextmanager
def _in_force(settings: Settings, store: Store) -> Iterator[Path]:
    version = store.rule_versions.last_good(settings.name)
    if version is None:
        yield settings.rules.dir
        return
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        unpack(store.rule_versions.archive(version), Path(name))
        yield Path(name)


def _print_json(found: Replay, rules: RuleSet) -> None:
    for moved in found.moved:
        print_json(plain(moved))
    elsewhere = sum(moved.elsewhere for moved in found.moved)
    told = {"judged": found.judged, "with_topics": found.with_topics, "version": rules.version}
    print_json(
        {**told, "treated_otherwise": len(found.moved), "elsewhere": elsewhere, "failures": dict(found.failures)}
    )


def _print(found: Replay, rules: RuleSet, limit: int, zone: tzinfo) -> None:
    how = "understood anew and decided again" if found.with_topics else "decided again; topics.yaml did not change"
    click.echo(f"{found.judged} contacts {how}, by version {rules.version}")
    elsewhere = [moved for moved in found.moved if moved.elsewhere]
    click.echo(
        f"{len(elsewhere)} would lie elsewhere, {len(found.moved) - len(elsewhere)} be treated otherwise there\n"
    )
    out = console()
    if found.moved:
        out.print(table(("contacts", "from", "to", "by rule", "instead of"), _ways(found.moved), title="Where they go"))
    if found.moved and limit:
        shown = found.moved[:limit]
        title = f"\nThe first {limit} of {len(found.moved)}" if len(found.moved) > limit else "\nAll of them"
        columns = ("came", "case", "", "from", "to", "topic", "because")
        out.print(table(columns, [_row(moved, zone) for moved in shown], title=title))
    for failure, count in found.failures:
        click.secho(f"a rule failed for {count} contacts: {failure}", fg="red")


def _ways(moved: tuple[Moved, ...]) -> Iterator[tuple[str, ...]]:
    ways = Counter((_told(each.before), _told(each.after), each.after.rule, each.before.rule) for each in moved)
    for (before, after, rule, old), count in ways.most_common():
        yield str(count), before, after, rule.rpartition(":")[2], old.rpartition(":")[2]


def _told(place: Place) -> str:
    told = f", tells {', '.join(place.notify)}" if place.notify else ""
    return f"{place.queue or _NOWHERE} {place.priority}{told}"


def _row(moved: Moved, zone: tzinfo) -> list[str | Text]:
    return [
        moved.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        moved.case_number or "–",
        priority(moved.after.priority),
        moved.before.queue or _NOWHERE,
        moved.after.queue or _NOWHERE,
        moved.topic or "",
        moved.why,
    ]


def _applied(settings: Settings, found: Replay, rules: RuleSet) -> str:
    """Move what is open, and say how many were moved and how many stay."""
    wanted = [moved for moved in found.moved if moved.open and moved.is_first and moved.elsewhere]
    count, asked_by, now = 0, getpass.getuser(), datetime.now(UTC)
    with open_store(settings.store.url) as store:
        for moved in wanted:
            target = _target(moved, rules)
            try:
                count += target is not None and reroute(store, target, asked_by, now)
            except NotFoundError:
                continue
    stays = len(wanted) - count
    return f"{count} open cases moved; {stays} stay: taken, moved by hand, or not a case for the proposed rules"


def _target(moved: Moved, rules: RuleSet) -> Reroute | None:
    before, after = moved.before, moved.after
    if not (moved.case_number and before.queue and after.queue and after.office_id and after.due):
        return None
    urgent = Priority(after.priority)
    number, place = moved.case_number, (after.queue, after.office_id)
    return Reroute(number, before.queue, *place, urgent, after.due, after.rule, rules.version)
