"""`dtm-contact rules try`: what a phrase, or a folder of changed phrases, would have changed in what came in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import click
from rich.text import Text

from dtm_contact.cli.commands.rules.check import Days, checked, folder_argument
from dtm_contact.cli.commands.rules.replay import replayed
from dtm_contact.cli.output import as_json_option, console, plain, print_json, table
from dtm_contact.model import AlarmLevel
from dtm_contact.rehearsal.replay import Moved, Proposal, Replay
from dtm_contact.rules import load_in_force
from dtm_contact.rules.actions import ON_CALL
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.store.rule_versions import files_in_force
from dtm_contact.topics import Effect, Phrase

_MARK = "DANGER"


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
def command(
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
        raise click.UsageError("name a folder of rules, or give --phrase and --does")
    if folder is not None:
        checked(settings, folder)
    with _in_force(settings) as in_force:
        phrases = (_phrase(settings, folder or in_force, text, does, topic),) if text is not None else ()
        proposal = Proposal(folder or in_force, with_topics=True, phrases=phrases, against=in_force)
        found = replayed(settings, proposal, datetime.now(UTC) - since)
    changed = _changed(found)
    if as_json:
        _print_json(found, changed)
    else:
        _print(found, changed, limit, settings.zone, tried=text is not None)
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
        raise click.UsageError(f"say what the phrase does: --does {'|'.join(Effect)}")
    if (does == Effect.TOPIC) is not (topic is not None):
        raise click.UsageError("--topic goes with --does topic, and the other way round")
    if topic is not None:
        topics = load_in_force(folder, zone=settings.zone, model=settings.model).reader.topics
        if topic not in topics:
            raise click.UsageError(f"unknown topic {topic} ({hint_for(topic, topics)})")
    try:
        return Phrase.parse(text, Effect(does), topic, "--phrase")
    except ValueError as error:
        raise click.UsageError("the phrase has no word to look for, or a sign that is part of no word") from error


def _changed(found: Replay) -> list[Moved]:
    """Return those whose alarm or topic is another: where the alarm is, first, the surest of them before the others."""
    changed = [moved for moved in found.moved if _alarm_changes(moved) or moved.before.topic != moved.after.topic]
    return sorted(changed, key=lambda moved: (not _alarm_changes(moved), -max(_ranks(moved))))


def _alarm_changes(moved: Moved) -> bool:
    return moved.before.alarm != moved.after.alarm


def _ranks(moved: Moved) -> tuple[int, int]:
    return AlarmLevel(moved.before.alarm).rank, AlarmLevel(moved.after.alarm).rank


def _counts(found: Replay, changed: list[Moved]) -> dict[str, int]:
    ranks = [_ranks(moved) for moved in changed]
    return {
        "read": found.judged,
        "raised_to_certain": sum(before < after == AlarmLevel.CERTAIN.rank for before, after in ranks),
        "raised_to_possible": sum(before < after == AlarmLevel.POSSIBLE.rank for before, after in ranks),
        "lowered": sum(before > after for before, after in ranks),
        "other_topic": sum(moved.before.topic != moved.after.topic for moved in changed),
        "on_call_told": sum(ON_CALL in moved.after.notify and ON_CALL not in moved.before.notify for moved in changed),
        "on_call_not_told": sum(
            ON_CALL in moved.before.notify and ON_CALL not in moved.after.notify for moved in changed
        ),
        "elsewhere": sum(moved.elsewhere for moved in changed),
        "otherwise_only": len(found.moved) - len(changed),
    }


def _print_json(found: Replay, changed: list[Moved]) -> None:
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
    print_json({**_counts(found, changed), "said": found.said})


def _print(found: Replay, changed: list[Moved], limit: int, zone: tzinfo, *, tried: bool) -> None:
    counts = _counts(found, changed)
    where = f"; the phrase stands in {found.said} of them" if tried else ""
    click.echo(f"{found.judged} messages and calls read again{where}")
    click.echo(
        f"{counts['raised_to_certain']} alarms raised to certain, {counts['raised_to_possible']} to possible, "
        f"{counts['lowered']} lowered; {counts['other_topic']} other topics; {counts['elsewhere']} would lie elsewhere"
    )
    click.echo(f"the on-call service: told of {counts['on_call_told']} more, of {counts['on_call_not_told']} no more")
    if counts["otherwise_only"]:
        click.echo(f"{counts['otherwise_only']} more are decided otherwise by the rules: see dtm-contact rules replay")
    if changed and limit:
        title = f"\nThe first {limit} of {len(changed)}" if len(changed) > limit else "\nAll of them"
        rows = [_row(moved, zone) for moved in changed[:limit]]
        console().print(table(("", "case", "came", "alarm", "topic"), rows, title=title))


def _row(moved: Moved, zone: tzinfo) -> list[str | Text]:
    return [
        _MARK * _alarm_changes(moved),
        moved.case_number or f"arrival {moved.arrival_id}",
        moved.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        _from_to(moved.before.alarm, moved.after.alarm),
        _from_to(moved.before.topic or "–", moved.after.topic or "–"),
    ]


def _from_to(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
