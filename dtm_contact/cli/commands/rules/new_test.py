"""`dtm-contact rules new-test`: a case that went to the wrong queue, made into a test."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml

from dtm_contact.directory import Directory
from dtm_contact.model import Judgement
from dtm_contact.rules.rule_tests import FOLDER
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store

_SOMEBODY = "quelqu-un"
_MOST_MINUTES = 9_999


@click.command()
@click.argument("number", metavar="CASE")
@click.option("--queue", help="Where it should have gone; without it, where it lies now.")
@click.option("--text", "with_text", is_flag=True, help="Also the words of the writer: they are personal data.")
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the rules; without it, that of the settings.",
)
@click.pass_obj
def command(settings: Settings, number: str, queue: str | None, folder: Path | None, *, with_text: bool) -> None:
    """Write a test of the contact that opened CASE into the rules: what was understood, where, when, what came before.

    The test expects the queue in which the case lies now, or the one that is given. Names and words of the writer are
    left out, unless --text is given.
    """
    folder = folder or settings.rules.dir
    with open_store(settings.store.url, read_only=True) as store:
        judgement, lies_in = _first(store, number)
        directory = Directory(store.directory.load())
    test = dict(_test(judgement, directory, settings, with_text=with_text))
    test |= {"note": f"dossier {number}", "expect": {"queue": queue or lies_in}}
    path = folder / FOLDER / f"{number}.yaml"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        raise click.ClickException(f"{path} is there already; delete it first")
    told = yaml.safe_dump([test], allow_unicode=True, sort_keys=False, width=110)
    path.write_text(told, encoding="utf-8")
    click.echo(f"{path}:\n{told}", nl=False)


def _first(store: Store, number: str) -> tuple[Judgement, str]:
    file = store.cases.get(number)
    for contact in file.contacts:
        if contact.judgement is not None:
            return contact.judgement, file.case.queue
    raise click.ClickException(f"case {number} has no contact that was judged")


def _test(
    judgement: Judgement, directory: Directory, settings: Settings, *, with_text: bool
) -> Iterator[tuple[str, Any]]:
    """Yield the keys of the test, those that say nothing left out."""
    contact, understanding = judgement.contact, judgement.understanding
    at = contact.call.ended_at if contact.call else contact.at
    yield "channel", contact.channel
    yield "at", at.astimezone(settings.zone).strftime("%Y-%m-%dT%H:%M")
    if contact.call is not None:
        yield "outcome", contact.call.outcome.value
        yield from (("withheld", True),) if contact.call.withheld else ()
    if with_text:
        yield "subject", contact.subject
        yield "text", contact.new_text
    if understanding.topics:
        yield "topic", list(understanding.topics)
    yield "priority", understanding.priority.value
    if understanding.alarm.any:
        yield "alarm", understanding.alarm.level.value
    yield "kind", understanding.kind.value
    if understanding.unread is not None:
        yield "unread", understanding.unread.value
    if understanding.scope is not None:
        yield "scope", understanding.scope.value
    if understanding.asker is not None:
        yield "asker", understanding.asker.value
    if "@" in contact.sender.address:
        yield "sender", f"{_SOMEBODY}@{contact.sender.address.rpartition('@')[2].lower()}"
    yield from _where(judgement, directory)
    history = _history(judgement, at)
    if history:
        yield "history", history


def _where(judgement: Judgement, directory: Directory) -> Iterator[tuple[str, Any]]:
    match = judgement.match
    residence = directory.residences.get(match.residence.id) if match.residence else None
    if residence is not None:
        place = {"id": residence.residence_id, "name": residence.name, "commune": residence.commune}
        place |= {"postcode": residence.postcode, "department": residence.department, "office": residence.office_id}
        yield "residence", {key: value for key, value in place.items() if value}
    elif match.office_id is not None:
        yield "office", match.office_id
    roles = [lease.role for lease in directory.leases_of(match.tenant.id)] if match.tenant else []
    if roles:
        yield "role", roles[0]
    dwelling = directory.dwellings.get(match.dwelling.id) if match.dwelling else None
    if dwelling is not None:
        yield "dwelling", dwelling.kind
    if match.equipment is not None:
        yield "equipment", True


def _history(judgement: Judgement, at: datetime) -> list[dict[str, Any]]:
    """Return what the party brought before, as it was known when the contact was judged."""
    found = []
    for recalled in judgement.history.dealings:
        still_open = {case.number for case in recalled.dealings.open}
        for dealt in recalled.dealings.contacts:
            minutes = max(1, int((at - dealt.at).total_seconds() // 60))
            earlier: dict[str, Any] = {"ago": _ago(minutes), "channel": dealt.channel, "topic": dealt.topic}
            earlier |= {"outcome": dealt.outcome, "open": dealt.case_number in still_open or None}
            earlier |= {"neighbour": recalled.party.residence_id is not None or None}
            found.append({key: value for key, value in earlier.items() if value is not None})
    return found


def _ago(minutes: int) -> str:
    return f"{minutes} minutes" if minutes <= _MOST_MINUTES else f"{minutes // 1_440} days"
