"""What a command judges by: the directory and the rules that it was told to use, else those in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from dtm_contact.cli.output import ReadablePath
from dtm_contact.directory import Directory, read_export
from dtm_contact.explain.names import Names
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.pipeline import Grounds
from dtm_contact.recognition.reader import RecognisingReader, is_available
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_FOLDER = ReadablePath(file_okay=False)


def grounds_options(command: Decorated) -> Decorated:
    """Add `--directory` and `--rules` to a command."""
    command = click.option("--rules", type=_FOLDER, help="Folder of rules; without it, that of the settings.")(command)
    return click.option(
        "--directory", type=_FOLDER, help="Folder of directory files; without it, the directory last imported."
    )(command)


def load_grounds(settings: Settings, directory: Path | None, rules: Path | None) -> Grounds:
    """Load what to judge by.

    Raises:
        InvalidFilesError: the directory files or the rules hold errors; all of them are told.
        NoDirectoryError: no folder is given and nothing has been imported.
    """
    if directory is not None:
        records, _warnings = read_export(directory)
    else:
        with open_store(settings.store.url, read_only=True) as store:
            records = store.directory.load()
    loaded = Directory(records)
    folder = rules or settings.rules.dir
    judging = load_in_force(folder, loaded.offices, zone=settings.zone, model=settings.model)
    scans = RecognisingReader(settings.recognition) if is_available(settings.recognition) else None
    return Grounds.build(loaded, judging, settings, files=PdfReader(settings.pdf), scans=scans)


def names_of(grounds: Grounds) -> Names:
    """Return how people, places and topics are called."""
    labels = {code: topic.label for code, topic in grounds.rules.reader.topics.items()}
    return Names(grounds.directory, labels, grounds.settings.zone)


class IsoTime(click.ParamType[datetime]):
    """A time as ISO 8601 writes it; without an offset it is the offices' local time."""

    name = "iso-time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time, aware."""
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO time; write for instance 2026-11-24T09:30 or 2026-11-24T09:30+01:00", param)
        settings: Settings = ctx.obj if ctx else Settings()
        return time if time.tzinfo else time.replace(tzinfo=settings.zone)


@dataclass(frozen=True, slots=True)
class ListingNames:
    """How listings call what the store knows by its identifiers."""

    names: Names
    rules: RuleSet

    @property
    def queues(self) -> Mapping[str, str]:
        """The queues' French labels, by their identifiers."""
        return {queue.id: queue.label for queue in self.rules.queues.values()}

    def queue(self, queue: str) -> str:
        """Return a queue's French label."""
        return self.queues.get(queue, queue)

    def person(self, tenant_id: str) -> str:
        """Return a tenant's name and identifier."""
        return self.names.person(tenant_id)

    def place(self, residence_id: str | None, dwelling_id: str | None) -> str:
        """Return the dwelling where it is known, else the residence, else ""."""
        if dwelling_id:
            return self.names.dwelling(dwelling_id)
        return self.names.residence(residence_id) if residence_id else ""

    def topic(self, code: str) -> str:
        """Return a topic's French label."""
        return self.names.topics.get(code, code)

    def time(self, at: datetime) -> str:
        """Return a time on the offices' wall clock."""
        return at.astimezone(self.names.zone).strftime("%d/%m %H:%M")


def listing_names(settings: Settings, store: Store) -> ListingNames:
    """Return how people, places, topics and queues are called, by the store's directory and the rules in force."""
    directory = Directory(store.directory.load())
    rules = load_in_force(settings.rules.dir, zone=settings.zone, model=settings.model)
    labels = {code: topic.label for code, topic in rules.reader.topics.items()}
    return ListingNames(Names(directory, labels, settings.zone), rules)
