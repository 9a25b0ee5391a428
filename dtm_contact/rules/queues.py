"""`queues.yaml`: the queues, when their offices are open, and how soon a first answer is due."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from dtm_contact.hours import Calendar, Closure, Span
from dtm_contact.model import Priority, Problem, Severity
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.names import Identifier
from dtm_contact.rules.openings import DueTime, parse_closure, parse_due, parse_spans, parse_week
from dtm_contact.rules.suggestions import hint_for

FILE = "queues.yaml"

RESERVED = ("office", "none")
"""Words that rules use in the place of a queue's identifier."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where cases wait for an agent.

    Attributes:
        id: its identifier.
        label: what agents call it, in French.
        office_id: the office that works it; None for the agency, whatever its identifier in the directory.
        calendar: when that office is open.
        due: how soon a first answer is due, by priority.
        on_call: whom to reach at any hour.
    """

    id: str
    label: str
    office_id: str | None
    calendar: Calendar
    due: Mapping[Priority, DueTime]
    on_call: str

    def due_at(self, priority: Priority, start: datetime) -> datetime:
        """Return when the first answer to what came at `start`, an aware time, is due."""
        return self.due[priority].after(start, self.calendar)


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues.

    Attributes:
        by_id: each queue by its identifier.
        reception: takes what no office can be told for.
        main: for each office that has a queue, the one that takes its cases.
    """

    by_id: Mapping[str, Queue]
    reception: Queue
    main: Mapping[str, Queue]

    def of_office(self, office_id: str | None) -> Queue:
        """Return the queue that takes an office's cases.

        That is the reception where no office is known. An office without a queue, which the directory may bring over
        night, has one of its own name with the reception's hours, so that its cases are in the right place at once.
        """
        if office_id is None:
            return self.reception
        return self.main.get(office_id) or replace(self.reception, id=office_id, label=office_id, office_id=office_id)


def check_week(days: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    """Return the days as they are once `parse_week` has nothing against them."""
    parse_week(days)
    return days


Spans = Annotated[tuple[Span, ...], PlainValidator(parse_spans)]
Hours = Annotated[dict[str, Spans], AfterValidator(check_week)]
Due = Annotated[DueTime, PlainValidator(parse_due)]
ClosedDays = Annotated[Closure, PlainValidator(parse_closure)]
Label = Annotated[str, Field(min_length=1, max_length=120)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _DueTimes(_Strict):
    """How soon a first answer is due, for every priority."""

    P1: Due
    P2: Due
    P3: Due
    P4: Due


class _OtherDueTimes(_Strict):
    """The same of one queue, where it differs."""

    P1: Due | None = None
    P2: Due | None = None
    P3: Due | None = None
    P4: Due | None = None


class _Queue(_Strict):
    """A queue as the file has it; what it does not say is as for all."""

    label: Label
    office: str | None = None
    main: bool = False
    hours: Hours | None = None
    closures: list[ClosedDays] = []
    due: _OtherDueTimes = _OtherDueTimes()
    on_call: Label | None = None


class _File(_Strict):
    """The whole file."""

    hours: Hours
    closures: list[ClosedDays] = []
    due: _DueTimes
    on_call: Label
    reception: str
    queues: dict[Identifier, _Queue] = Field(min_length=1)


def load_queues(
    folder: Path, offices: Collection[str] | None, zone: ZoneInfo, problems: list[Problem]
) -> tuple[Queues | None, frozenset[str] | None]:
    """Read `queues.yaml`.

    Args:
        folder: the folder of the rules.
        offices: the directory's offices; None where they are not known. That the two differ is a warning: the directory
            comes from elsewhere every night, and must not keep the rules from loading.
        zone: whose wall clock the hours are read on.
        problems: what is wrong is added here.

    Returns:
        The queues, or None where they cannot be used; and the identifiers that the file gives, also where it holds
        faults, or None where it cannot be read at all.
    """
    document = read_document(folder / FILE, folder, problems)
    if document is None:
        return None, None
    file = validate(document, _File, problems)
    entries = _entries(document)
    found = [*_reserved(document, entries), *_reception(document, entries), *_mains(document, entries)]
    problems.extend(found)
    problems.extend(_strange_offices(document, entries, offices or ()))
    return None if found or file is None else _built(file, zone), frozenset(entries)


def _entries(document: Document) -> dict[str, Mapping[str, Any]]:
    """Return what the file says of each queue, also where it holds faults."""
    named = document.data.get("queues") if isinstance(document.data, Mapping) else None
    entries = named.items() if isinstance(named, Mapping) else ()
    return {name: entry if isinstance(entry, Mapping) else {} for name, entry in entries}


def _built(file: _File, zone: ZoneInfo) -> Queues:
    by_id = {name: _queue(name, queue, file, zone) for name, queue in file.queues.items()}
    count = Counter(queue.office for queue in file.queues.values())
    main = {
        queue.office: by_id[name]
        for name, queue in file.queues.items()
        if queue.office and (queue.main or count[queue.office] == 1)
    }
    return Queues(by_id, by_id[file.reception], main)


def _queue(name: str, queue: _Queue, file: _File, zone: ZoneInfo) -> Queue:
    calendar = Calendar(parse_week(queue.hours or file.hours), (*file.closures, *queue.closures), zone=zone)
    due = {priority: getattr(queue.due, priority) or getattr(file.due, priority) for priority in Priority}
    return Queue(name, queue.label, queue.office, calendar, due, queue.on_call or file.on_call)


def _reserved(document: Document, entries: Mapping[str, Any]) -> Iterator[Problem]:
    hint = f"{' and '.join(RESERVED)} have a meaning of their own in rules"
    for name in RESERVED:
        if name in entries:
            yield document.problem(("queues", name), f"a queue cannot be named {name}", hint, at_key=True)


def _reception(document: Document, entries: Mapping[str, Any]) -> Iterator[Problem]:
    reception = document.data.get("reception") if isinstance(document.data, Mapping) else None
    if isinstance(reception, str) and reception not in entries:
        yield document.problem(("reception",), f"unknown queue {reception}", hint_for(reception, entries))


def _mains(document: Document, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield a problem for each office with several queues of which not exactly one is the main one."""
    of_office: dict[str, list[str]] = {}
    for name, entry in entries.items():
        if isinstance(entry.get("office"), str):
            of_office.setdefault(entry["office"], []).append(name)
        elif "main" in entry:
            hint = "main is for offices with several queues"
            yield document.problem(("queues", name, "main"), "main without an office", hint, at_key=True)
    for office, names in of_office.items():
        mains = sum(entries[name].get("main") is True for name in names)
        if len(names) > 1 and mains != 1:
            message = f"the office {office} has {len(names)} queues, and {mains} of them are main"
            yield document.problem(("queues", names[-1]), message, "write main: true in one of them", at_key=True)


def _strange_offices(
    document: Document, entries: Mapping[str, Mapping[str, Any]], offices: Collection[str]
) -> Iterator[Problem]:
    """Yield a warning for each queue whose office the directory does not have."""
    for name, entry in entries.items() if offices else ():
        office = entry.get("office")
        if isinstance(office, str) and office not in offices:
            place, hint = ("queues", name, "office"), hint_for(office, offices)
            yield document.problem(place, f"unknown office {office}", hint, Severity.WARNING)
