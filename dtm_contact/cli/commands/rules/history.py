"""`dtm-contact rules history`: which rules were in force, one after the other, and what each changed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from dtm_contact.cli.output import as_json_option, console, plain, print_json, table
from dtm_contact.model import Problem
from dtm_contact.rules import read_document
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import RuleChange, unpack

_NAMED_AT_MOST = 6


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many at the most.")
@as_json_option
@click.pass_obj
def command(settings: Settings, limit: int, *, as_json: bool) -> None:
    """List the versions that daemons found in their folders, the newest first, with what each changed.

    A version is told by the files that decide, to the letter: a comment makes a new one, a file of tests/ does not.
    """
    with open_store(settings.store.url, read_only=True) as store:
        changes = list(store.rule_versions.changes(limit + 1))
        told = _changed(store, changes)
    rows = list(zip(changes, told, strict=True))[:limit]
    if as_json:
        for change, what in rows:
            print_json(plain(change) | {"changed": what})
        return
    columns = ("at", "daemon", "version", "", "changed")
    console().print(table(columns, [_row(settings, change, what) for change, what in rows]))


def _row(settings: Settings, change: RuleChange, what: str) -> tuple[str, ...]:
    at = change.at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S")
    return at, change.daemon, change.version, "in force" if change.taken else "refused", what


def _changed(store: Store, changes: list[RuleChange]) -> list[str]:
    """Return what each version changed against the one that was in force before; "" where that cannot be told."""
    parts = {change.version: _parts(store, change.version) for change in changes if change.taken}
    told = []
    for number, change in enumerate(changes):
        before = next((each for each in changes[number + 1 :] if each.taken and each.daemon == change.daemon), None)
        told.append(_difference(parts[before.version], parts[change.version]) if before and change.taken else "")
    return told


def _parts(store: Store, version: str) -> dict[str, Any]:
    """Return each rule, and each other file, of a version by its name."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        folder = Path(name)
        unpack(store.rule_versions.archive(version), folder)
        parts: dict[str, Any] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "routing.yaml"
        }
        problems: list[Problem] = []
        routing = read_document(folder / "routing.yaml", folder, problems)
        return parts | {rule["id"]: rule for rule in (routing.data if routing else ())}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    changes = {
        "+": after.keys() - before.keys(),
        "-": before.keys() - after.keys(),
        "~": {name for name in before.keys() & after.keys() if before[name] != after[name]},
    }
    named = [f"{sign}{name}" for sign, names in changes.items() for name in sorted(names)]
    rest = len(named) - _NAMED_AT_MOST
    return ", ".join(named[:_NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
