"""`dtm-contact rules replay` and `try`: what other rules, or one more phrase, would have done with what came in."""

import getpass
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from dtm_contact.cases.rerouting import Placement, Reroute, reroute
from dtm_contact.cli.output import (
    ReadablePath,
    WrongUseError,
    as_json_option,
    plain,
    print_json,
    priority,
    say,
    table,
    terminal_output,
)
from dtm_contact.cli.rules_files import Days, check_rules, folder_argument
from dtm_contact.directory import Directory
from dtm_contact.errors import NotFoundError
from dtm_contact.model import ON_CALL, AlarmLevel, Priority, Severity
from dtm_contact.rehearsal.replay import CasePlace, Moved, Replay, ReplayProposal, replay
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.rules.reader_files import what_is_understood
from dtm_contact.rules.validation import hint_for
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import files_in_force, files_of
from dtm_contact.topics import Effect, Phrase
from dtm_contact.wording import counted, joined, translated, worded

_NOWHERE = worded("(no case)")
_MARK = worded("DANGER")


@click.command()
@click.option("--since", type=Days(), default="90d", show_default=True, help="How far back, in days.")
@click.option(
    "--rules",
    "folder",
    type=ReadablePath(file_okay=False),
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
def replay_command(
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
    understood anew only where topics.yaml, phrases*.yaml or the learned model differ from what it was judged by.
    Dangers are listed first. Exit status 0 where nothing is treated otherwise or the open cases were moved, 1 where
    something is.
    """
    folder = folder or settings.rules.dir
    rules, problems = check_rules(settings, folder)
    for problem in (problem for problem in problems if problem.severity is Severity.ERROR):
        say(problem.wording, err=True, fg="red")
    begin = datetime.now(UTC) - since
    with_topics = _reader_changed(settings, folder, rules, begin) if topics is None else topics
    replayed = replay_since(settings, ReplayProposal(folder, with_topics), begin)
    if as_json:
        _print_json(replayed, rules)
    else:
        _print(replayed, rules, limit, settings.zone)
    if apply_open:
        _apply_open(settings, replayed, rules, err=as_json)
    return 1 if replayed.moved and not apply_open else 0


def replay_since(settings: Settings, proposal: ReplayProposal, since: datetime) -> Replay:
    """Judge what came since a time again, and show meanwhile how far that has come."""
    processes = os.cpu_count() or 1
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(translated(worded("judging again")), total=None)
        return replay(
            settings,
            proposal,
            since,
            processes=processes,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def _reader_changed(settings: Settings, folder: Path, rules: RuleSet, since: datetime) -> bool:
    """Return whether topics, phrases or model differ from those that judge, or judged anything that came since then.

    Those that judge are the daemon's, else the settings' folder. A version that the store does not have is passed over.
    """
    now = what_is_understood(folder)
    with open_store(settings.store.url, read_only=True) as store:
        with files_in_force(store.rule_versions, settings.name, settings.rules.dir) as other:
            if (now, rules.model_version) != (what_is_understood(other), store.judgements.last_model()):
                return True
        for version in sorted(store.judgements.versions_used(since) - {rules.version}):
            with suppress(NotFoundError), files_of(store.rule_versions, version) as other:
                if what_is_understood(other) != now:
                    return True
    return False


def _print_json(replayed: Replay, rules: RuleSet) -> None:
    for moved in replayed.dangers_first:
        print_json({**plain(moved), "danger": moved.danger})
    elsewhere = sum(moved.elsewhere for moved in replayed.moved)
    dangers = sum(moved.danger for moved in replayed.moved)
    print_json(
        {
            "judged": replayed.judged,
            "with_topics": replayed.with_topics,
            "version": rules.version,
            "model": rules.model_version,
            "treated_otherwise": len(replayed.moved),
            "elsewhere": elsewhere,
            "dangers": dangers,
            "failures": dict(replayed.failures),
            "models": dict(replayed.models),
        }
    )


def _print(replayed: Replay, rules: RuleSet, limit: int, zone: tzinfo) -> None:
    _print_counts(replayed, rules)
    mark = ("",) if any(moved.danger for moved in replayed.moved) else ()
    out = terminal_output()
    if replayed.moved:
        out.print(
            table(
                _columns(*mark, worded("contacts"), _FROM, _TO, worded("by rule"), worded("instead of")),
                _ways(replayed.moved, mark),
                title=translated(worded("Where they go")),
            )
        )
    if replayed.moved and limit:
        shown = replayed.dangers_first[:limit]
        columns = _columns(*mark, _CAME, _CASE, "", _FROM, _TO, _TOPIC, worded("because"))
        rows = [_moved_row(moved, zone, mark) for moved in shown]
        out.print(table(columns, rows, title=_title(len(replayed.moved), limit)))
    for failure, count in replayed.failures:
        told = counted(
            "a rule failed for {count} contact: {failure}",
            "a rule failed for {count} contacts: {failure}",
            count,
            failure=failure,
        )
        say(told, fg="red")


_CAME, _CASE, _FROM, _TO, _TOPIC = worded("came"), worded("case"), worded("from"), worded("to"), worded("topic")


def _columns(*columns: str) -> tuple[str, ...]:
    return tuple(map(translated, columns))


def _title(count: int, limit: int) -> str:
    first = worded("The first {limit} of {count}", limit=limit, count=count)
    return "\n" + translated(first if count > limit else worded("All of them"))


def _print_counts(replayed: Replay, rules: RuleSet) -> None:
    """Say how many were judged again, by what, and how many of them would be treated otherwise."""
    contacts = counted("{count} contact", "{count} contacts", replayed.judged)
    anew = worded(
        "{contacts} understood anew and decided again, by version {version}", contacts=contacts, version=rules.version
    )
    same = worded(
        "{contacts} decided again, and understood as they were, by version {version}",
        contacts=contacts,
        version=rules.version,
    )
    say(anew if replayed.with_topics else same)
    if {model for model, _count in replayed.models} - {rules.model_version}:
        heard = joined(
            counted(
                "{model} ({count} message)", "{model} ({count} messages)", count, model=model or worded("not known")
            )
            for model, count in replayed.models
        )
        model = rules.model_version or worded("none")
        say(worded("learned model: {model}; when they were judged: {heard}", model=model, heard=heard))
    elsewhere = sum(moved.elsewhere for moved in replayed.moved)
    otherwise = len(replayed.moved) - elsewhere
    say(
        counted(
            "{count} would lie elsewhere, {otherwise} be treated otherwise there",
            "{count} would lie elsewhere, {otherwise} be treated otherwise there",
            elsewhere,
            otherwise=otherwise,
        )
    )
    click.echo()
    dangers = sum(moved.danger for moved in replayed.moved)
    if dangers:
        warning = counted(
            "{count} of them is a danger that would lie elsewhere, be told to others, or be none: see first",
            "{count} of them are dangers that would lie elsewhere, be told to others, or be none: see first",
            dangers,
        )
        say(warning, fg="red")
        click.echo()


def _ways(moved: tuple[Moved, ...], mark: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    ways = Counter(
        (one.danger, _place_text(one.before), _place_text(one.after), one.after.rule, one.before.rule) for one in moved
    )
    for (danger, before, after, rule, old), count in sorted(ways.items(), key=lambda way: (not way[0][0], -way[1])):
        yield (
            *(translated(_MARK) if danger else "" for _ in mark),
            str(count),
            before,
            after,
            rule.rpartition(":")[2],
            old.rpartition(":")[2],
        )


def _place_text(place: CasePlace) -> str:
    where = joined((place.queue or _NOWHERE, place.priority), " ")
    if not place.notify:
        return translated(where)
    return translated(worded("{place}, tells {people}", place=where, people=", ".join(place.notify)))


def _moved_row(moved: Moved, zone: tzinfo, mark: tuple[str, ...]) -> list[str | Text]:
    return [
        *(translated(_MARK) if moved.danger else "" for _ in mark),
        moved.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        moved.case_number or "–",
        priority(moved.after.priority),
        moved.before.queue or translated(_NOWHERE),
        moved.after.queue or translated(_NOWHERE),
        moved.after.topic or "",
        translated(moved.why),
    ]


def _apply_open(settings: Settings, replayed: Replay, rules: RuleSet, *, err: bool) -> None:
    """Move what is open, and say how many were moved and how many stay."""
    wanted = [moved for moved in replayed.moved if moved.open and moved.is_first and moved.elsewhere]
    asked_by, now = getpass.getuser(), datetime.now(UTC)
    with open_store(settings.store.url) as store:
        placement = Placement(store, rules, Directory(store.directory.load()), now)
        queues = placement.follow_queues()
        moved = {one.case_number for one in wanted if _is_moved(store, one, rules, asked_by, now)}
        for number, former in replayed.left_behind:
            with suppress(NotFoundError):
                if placement.change_office(number, former, again=False):
                    moved.add(number)
    stays = sum(one.case_number not in moved for one in wanted)
    report = counted(
        "{count} open case moved; {stays} stay: taken, moved by hand, or not a case for the proposed rules",
        "{count} open cases moved; {stays} stay: taken, moved by hand, or not a case for the proposed rules",
        len(moved),
        stays=stays,
    )
    say(report, err=err)
    if queues.moved:
        along = counted(
            "{count} open case went along with its queue, which has another name now",
            "{count} open cases went along with their queue, which has another name now",
            queues.moved,
        )
        say(along, err=err)
    for queue, count in queues.left.items():
        left = counted(
            "{count} open case lies in {queue}, which these rules do not have: write formerly: {queue} in one",
            "{count} open cases lie in {queue}, which these rules do not have: write formerly: {queue} in one",
            count,
            queue=queue,
        )
        say(left, err=err)


def _is_moved(store: Store, moved: Moved, rules: RuleSet, asked_by: str, now: datetime) -> bool:
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


@click.command(name="try")
@folder_argument
@click.option("--phrase", "text", help="A phrase that is heard beside those in force, or beside those of FOLDER.")
@click.option(
    "--does",
    type=click.Choice([effect.value for effect in Effect]),
    help="What it does, as the lists of phrases.yaml are called.",
)
@click.option("--topic", help="With --does topic: the topic.")
@click.option("--since", type=Days(), default="90d", show_default=True, help="How far back, in days.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="How many to list one by one.")
@as_json_option
@click.pass_obj
def try_command(
    settings: Settings,
    folder: Path | None,
    *,
    text: str | None,
    does: str | None,
    topic: str | None,
    since: timedelta,
    limit: int,
    as_json: bool,
) -> int:
    """Read what came in again, with a phrase or by the rules of FOLDER, and say whose alarm or topic would be another.

    Each message is read twice today: by the rules in force, and with what is tried; so what the program has learned
    since it came plays no part. Dangers are listed first, by their case; nothing that somebody wrote is shown. Exit
    status 0 where no alarm and no topic changes, 1 where one does.
    """
    if folder is None and text is None:
        raise WrongUseError(worded("name a folder of rules, or give --phrase and --does"))
    if folder is not None:
        check_rules(settings, folder)
    with _in_force(settings) as in_force:
        phrases = (_phrase(settings, folder or in_force, text, does, topic),) if text is not None else ()
        proposal = ReplayProposal(folder or in_force, with_topics=True, phrases=phrases, against=in_force)
        replayed = replay_since(settings, proposal, datetime.now(UTC) - since)
    changed = _changed(replayed)
    if as_json:
        _print_trial_json(replayed, changed)
    else:
        _print_trial(replayed, changed, limit, settings.zone, tried=text is not None)
    return 1 if changed else 0


@contextmanager
def _in_force(settings: Settings) -> Iterator[Path]:
    with (
        open_store(settings.store.url, read_only=True) as store,
        files_in_force(store.rule_versions, settings.name, settings.rules.dir) as folder,
    ):
        yield folder


def _phrase(settings: Settings, folder: Path, text: str, does: str | None, topic: str | None) -> Phrase:
    if does is None:
        raise WrongUseError(worded("say what the phrase does: --does {effects}", effects="|".join(Effect)))
    if (does == Effect.TOPIC) is not (topic is not None):
        raise WrongUseError(worded("--topic goes with --does topic, and the other way round"))
    if topic is not None:
        topics = load_in_force(folder, zone=settings.zone, model=settings.model).reader.topics
        if topic not in topics:
            unknown = worded("unknown topic {topic} ({hint})", topic=topic, hint=hint_for(topic, topics))
            raise WrongUseError(unknown)
    try:
        return Phrase.parse(text, Effect(does), topic, "--phrase")
    except ValueError as error:
        nothing = worded("the phrase has no word to look for, or a sign that is part of no word")
        raise WrongUseError(nothing) from error


def _changed(replayed: Replay) -> list[Moved]:
    """Return those whose alarm or topic is another: where the alarm is, first, the surest of them before the others."""
    changed = [moved for moved in replayed.moved if _alarm_changes(moved) or moved.before.topic != moved.after.topic]
    return sorted(changed, key=lambda moved: (not _alarm_changes(moved), -max(_ranks(moved))))


def _alarm_changes(moved: Moved) -> bool:
    return moved.before.alarm != moved.after.alarm


def _ranks(moved: Moved) -> tuple[int, int]:
    return AlarmLevel(moved.before.alarm).rank, AlarmLevel(moved.after.alarm).rank


def _counts(replayed: Replay, changed: list[Moved]) -> dict[str, int]:
    ranks = [_ranks(moved) for moved in changed]
    return {
        "read": replayed.judged,
        "raised_to_certain": sum(before < after == AlarmLevel.CERTAIN.rank for before, after in ranks),
        "raised_to_possible": sum(before < after == AlarmLevel.POSSIBLE.rank for before, after in ranks),
        "lowered": sum(before > after for before, after in ranks),
        "other_topic": sum(moved.before.topic != moved.after.topic for moved in changed),
        "on_call_told": sum(ON_CALL in moved.after.notify and ON_CALL not in moved.before.notify for moved in changed),
        "on_call_not_told": sum(
            ON_CALL in moved.before.notify and ON_CALL not in moved.after.notify for moved in changed
        ),
        "elsewhere": sum(moved.elsewhere for moved in changed),
        "otherwise_only": len(replayed.moved) - len(changed),
    }


def _print_trial_json(replayed: Replay, changed: list[Moved]) -> None:
    for moved in changed:
        before, after = moved.before, moved.after
        print_json(
            {
                "arrival": moved.arrival_id,
                "case": moved.case_number,
                "at": plain(moved.received_at),
                "alarm": [before.alarm, after.alarm],
                "topic": [before.topic, after.topic],
            }
        )
    print_json({**_counts(replayed, changed), "said": replayed.said})


def _print_trial(replayed: Replay, changed: list[Moved], limit: int, zone: tzinfo, *, tried: bool) -> None:
    counts = _counts(replayed, changed)
    read = counted("{count} message or call read again", "{count} messages and calls read again", replayed.judged)
    stands = worded("{read}; the phrase stands in {count} of them", read=read, count=replayed.said)
    say(stands if tried else read)
    say(
        worded(
            "{raised_to_certain} alarms raised to certain, {raised_to_possible} to possible, {lowered} lowered; "
            "{other_topic} other topics; {elsewhere} would lie elsewhere",
            **counts,
        )
    )
    say(worded("the on-call service: told of {on_call_told} more, of {on_call_not_told} no more", **counts))
    if counts["otherwise_only"]:
        say(
            counted(
                "{count} more is decided otherwise by the rules: see dtm-contact rules replay",
                "{count} more are decided otherwise by the rules: see dtm-contact rules replay",
                counts["otherwise_only"],
            )
        )
    if changed and limit:
        rows = [_trial_row(moved, zone) for moved in changed[:limit]]
        columns = _columns("", _CASE, _CAME, worded("alarm"), _TOPIC)
        terminal_output().print(table(columns, rows, title=_title(len(changed), limit)))


def _trial_row(moved: Moved, zone: tzinfo) -> list[str | Text]:
    return [
        translated(_MARK) if _alarm_changes(moved) else "",
        moved.case_number or translated(worded("arrival {number}", number=moved.arrival_id)),
        moved.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        _from_to(moved.before.alarm, moved.after.alarm),
        _from_to(moved.before.topic or "–", moved.after.topic or "–"),
    ]


def _from_to(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
