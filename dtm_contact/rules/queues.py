"""`queues.yaml`: the queues, when their offices are open, and how soon a first answer is due."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from dtm_contact.hours import Calendar, Closure, Span
from dtm_contact.model import AlarmLevel, Priority, Problem, Severity
from dtm_contact.rules.arguments import AllowedNames
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.schedule import (
    DueTime,
    Escalation,
    EscalationEntry,
    EscalationStep,
    OnCall,
    OnCallEntry,
    escalation_of,
    on_call_of,
    parse_closure,
    parse_due,
    parse_spans,
    parse_week,
)
from dtm_contact.rules.validation import (
    Address,
    Identifier,
    InvalidValueError,
    Location,
    StrictModel,
    cut,
    hint_for,
    one_or_several,
)
from dtm_contact.wording import counted, joined, worded

QUEUES_FILE = "queues.yaml"

FORMAT = 1
"""The newest format of a folder of rules that this program reads; one that does not say its own is of the first."""

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
        topic_due: the same for a few topics, whatever their priority, unless it is urgent.
        on_call: whom to reach at which time.
        escalation: what happens to what waits too long.
        possible_due: how soon the first answer is due where somebody may be in danger.
        takes_over: the queue that takes its cases while the office is closed for days; None where nobody does.
        caretaker_away: who is told in the place of a caretaker who is away without replacement; None for the on-call
            service.
        signature: stands under what its agents write, below their names; empty: the office's name and number do.
    """

    id: str
    label: str
    office_id: str | None
    calendar: Calendar
    due: Mapping[Priority, DueTime]
    on_call: OnCall
    topic_due: Mapping[str, DueTime]
    escalation: Escalation
    possible_due: DueTime
    takes_over: str | None = None
    signature: str = ""
    caretaker_away: str | None = None

    def due_at(
        self,
        priority: Priority,
        start: datetime,
        topic: str | None = None,
        *,
        alarm: AlarmLevel = AlarmLevel.NONE,
    ) -> datetime:
        """Return when the first answer to what came at `start`, an aware time, is due; a possible danger soonest."""
        own = self.topic_due.get(topic) if topic is not None and priority > Priority.P2 else None
        usual = (own or self.due[priority]).after(start, self.calendar)
        if alarm is not AlarmLevel.POSSIBLE:
            return usual
        return min(usual, self.possible_due.after(start, self.calendar))

    def called_at(self, moment: datetime) -> tuple[str, ...]:
        """Return whom to call at an aware time, in this order."""
        return self.on_call.at(moment, self.calendar.zone)

    def steps(self, priority: Priority) -> tuple[EscalationStep, ...]:
        """Return what happens to a case of a priority that waits too long."""
        return self.escalation.get(priority, ())


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues.

    Attributes:
        by_id: each queue by its identifier.
        reception: takes what no office is known for.
        main: for each office that has a queue, the one that takes its cases.
        formerly: the queue that has the cases of one that is no more, by its old identifier.
    """

    by_id: Mapping[str, Queue]
    reception: Queue
    main: Mapping[str, Queue]
    formerly: Mapping[str, str] = field(default_factory=dict)

    def current(self, queue_id: str, offices: Collection[str] = ()) -> Queue | None:
        """Return the queue of today that has the cases of a queue; None where nobody looks at that queue any more.

        Args:
            queue_id: a queue's identifier, maybe of long ago.
            offices: the identifiers of the directory's offices: those without a queue have one of their own name.
        """
        queue = self.by_id.get(self.formerly.get(queue_id, queue_id))
        if queue is None and (queue_id in self.main or queue_id in offices):
            queue = self.of_office(queue_id)
        return queue

    def of(self, office_id: str) -> frozenset[str]:
        """Return the identifiers of all queues in which an office's cases may lie, those of former names too."""
        own = {queue.id for queue in self.by_id.values() if queue.office_id == office_id}
        of_its_name = {office_id} - self.by_id.keys()
        return frozenset(own | of_its_name | {old for old, new in self.formerly.items() if new in own})

    def of_office(self, office_id: str | None) -> Queue:
        """Return the queue that takes an office's cases.

        That is the reception where no office is known. An office without a queue, which the directory may bring over
        night, has one of its own name with the reception's hours, so that its cases are in the right place at once.
        """
        if office_id is None:
            return self.reception
        return self.main.get(office_id) or replace(self.reception, id=office_id, label=office_id, office_id=office_id)

    def standing_in(self, queue: Queue, now: datetime) -> Queue:
        """Return the queue that takes a queue's cases at an aware time: itself, unless it is closed for days.

        Where all that would take over are closed too, it keeps them.
        """
        taking = queue
        while taking.takes_over is not None and taking.calendar.is_closed_for_days(now):
            taking = self.by_id[taking.takes_over]
        return queue if taking.calendar.is_closed_for_days(now) else taking


def check_week(days: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    """Return the days as they are once `parse_week` has nothing against them."""
    parse_week(days)
    return days


Spans = Annotated[tuple[Span, ...], PlainValidator(parse_spans)]
Hours = Annotated[dict[str, Spans], AfterValidator(check_week)]
Due = Annotated[DueTime, PlainValidator(parse_due)]
ClosedDays = Annotated[Closure, PlainValidator(parse_closure)]
Label = Annotated[str, Field(min_length=1, max_length=120)]


class _Holidays(StrictModel):
    """What the law leaves to each employer."""

    whit_monday: Literal["worked", "closed"] = "closed"
    bridge_days: Literal["worked", "closed"] = "worked"


class _DueTimes(StrictModel):
    """How soon a first answer is due, for every priority, and for topics that have a time of their own."""

    P1: Due
    P2: Due
    P3: Due
    P4: Due
    possible: Due = parse_due("30 business minutes")
    topics: dict[str, Due] = Field(default={})


class _OtherDueTimes(StrictModel):
    """The same of one queue, where it differs."""

    P1: Due | None = None
    P2: Due | None = None
    P3: Due | None = None
    P4: Due | None = None
    possible: Due | None = None


class _Queue(StrictModel):
    """A queue as the file has it; what it does not say is as for all."""

    label: Label
    office: str | None = None
    main: bool = False
    hours: Hours | None = None
    closures: tuple[ClosedDays, ...] = ()
    due: _OtherDueTimes = _OtherDueTimes()
    on_call: OnCallEntry | None = None
    escalation: EscalationEntry | None = None
    takes_over: str | None = None
    caretaker_away: Address | None = None
    signature: Annotated[str, Field(max_length=500)] = ""
    formerly: Annotated[tuple[Identifier, ...], BeforeValidator(one_or_several), Field(max_length=20)] = ()


def _check_format(number: int) -> int:
    if number > FORMAT:
        raise InvalidValueError(
            worded(
                "these rules are of format {number}, and this program reads formats up to {format}",
                number=number,
                format=FORMAT,
            ),
            worded("install the version of the program that they were written for, or take the rules of this one"),
        )
    return number


class QueuesFile(StrictModel):
    """The whole file; `format` is that of the whole folder."""

    format: Annotated[int, Field(ge=1), AfterValidator(_check_format)] = FORMAT
    hours: Hours
    closures: tuple[ClosedDays, ...] = ()
    holidays: _Holidays = _Holidays()
    due: _DueTimes
    on_call: OnCallEntry
    escalation: EscalationEntry = Field(default={})
    caretaker_away: Address | None = None
    reception: str
    queues: dict[Identifier, _Queue] = Field(min_length=1)


def load_queues(
    folder: Path, allowed: AllowedNames, zone: ZoneInfo, problems: list[Problem]
) -> tuple[Queues | None, frozenset[str] | None]:
    """Read `queues.yaml`.

    Args:
        folder: the folder of the rules.
        allowed: the topics, and the directory's offices. That these differ is a warning: the directory comes from
            elsewhere every night, and must not keep the rules from loading.
        zone: whose wall clock the hours are read on.
        problems: what is wrong is added here.

    Returns:
        The queues, or None where they cannot be used; and the identifiers that the file gives, also where it holds
        faults, or None where it cannot be read at all.
    """
    document = read_document(folder / QUEUES_FILE, folder, problems)
    if document is None:
        return None, None
    file = validate(document, QueuesFile, problems)
    entries = _entries(document)
    faults = [
        *_reserved(document, entries),
        *_reception(document, entries),
        *_mains(document, entries),
        *_unknown_queues(document, entries),
        *_unknown_topics(document, allowed.topics),
        *_unknown_former(document, entries),
    ]
    problems.extend(faults)
    problems.extend(_unknown_offices(document, entries, allowed.offices or ()))
    return None if faults or file is None else _built(file, zone), frozenset(entries)


def _entries(document: Document) -> dict[str, Mapping[str, Any]]:
    """Return what the file says of each queue, also where it holds faults."""
    named = document.data.get("queues") if isinstance(document.data, Mapping) else None
    entries = named.items() if isinstance(named, Mapping) else ()
    return {name: entry if isinstance(entry, Mapping) else {} for name, entry in entries}


def _built(file: QueuesFile, zone: ZoneInfo) -> Queues:
    by_id = {name: _queue(name, queue, file, zone) for name, queue in file.queues.items()}
    count = Counter(queue.office for queue in file.queues.values())
    main = {
        queue.office: by_id[name]
        for name, queue in file.queues.items()
        if queue.office and (queue.main or count[queue.office] == 1)
    }
    formerly = {old: name for name, queue in file.queues.items() for old in queue.formerly}
    return Queues(by_id, by_id[file.reception], main, formerly)


def _queue(name: str, queue: _Queue, file: QueuesFile, zone: ZoneInfo) -> Queue:
    calendar = Calendar(
        parse_week(queue.hours or file.hours),
        (*file.closures, *queue.closures),
        zone=zone,
        works_whit_monday=file.holidays.whit_monday == "worked",
        closed_on_bridge_days=file.holidays.bridge_days == "closed",
    )
    return Queue(
        id=name,
        label=queue.label,
        office_id=queue.office,
        calendar=calendar,
        due={priority: getattr(queue.due, priority) or getattr(file.due, priority) for priority in Priority},
        on_call=on_call_of(queue.on_call or file.on_call),
        topic_due=file.due.topics,
        possible_due=queue.due.possible or file.due.possible,
        escalation=escalation_of(file.escalation if queue.escalation is None else queue.escalation),
        takes_over=queue.takes_over,
        caretaker_away=queue.caretaker_away or file.caretaker_away,
        signature=queue.signature,
    )


def _reserved(document: Document, entries: Mapping[str, Any]) -> Iterator[Problem]:
    hint = worded("{names} have a meaning of their own in rules", names=joined(RESERVED, worded(" and ")))
    for name in RESERVED:
        if name in entries:
            yield document.problem(
                ("queues", name), worded("a queue cannot be named {name}", name=name), hint, at_key=True
            )


def _reception(document: Document, entries: Mapping[str, Any]) -> Iterator[Problem]:
    reception = document.data.get("reception") if isinstance(document.data, Mapping) else None
    if isinstance(reception, str) and reception not in entries:
        yield document.problem(
            ("reception",), worded("unknown queue {reception}", reception=reception), hint_for(reception, entries)
        )


def _mains(document: Document, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield a problem for each office with several queues of which not exactly one is the main one."""
    of_office: dict[str, list[str]] = {}
    for name, entry in entries.items():
        if isinstance(entry.get("office"), str):
            of_office.setdefault(entry["office"], []).append(name)
        elif "main" in entry:
            hint = worded("main is for offices with several queues")
            yield document.problem(("queues", name, "main"), worded("main without an office"), hint, at_key=True)
    for office, names in of_office.items():
        mains = sum(entries[name].get("main") is True for name in names)
        if len(names) > 1 and mains != 1:
            message = counted(
                "the office {office} has {queues} queues, and {count} of them is main",
                "the office {office} has {queues} queues, and {count} of them are main",
                mains,
                office=office,
                queues=len(names),
            )
            yield document.problem(
                ("queues", names[-1]), message, worded("write main: true in one of them"), at_key=True
            )


def _unknown_queues(document: Document, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield a problem for each queue that is to take something over and does not exist, or takes over from itself."""
    whole = document.data if isinstance(document.data, Mapping) else {}
    for place, name in _handed_over((), whole):
        if name not in entries:
            yield document.problem(place, worded("unknown queue {name}", name=cut(name)), hint_for(name, entries))
    for name, entry in entries.items():
        for place, other in _handed_over(("queues", name), entry):
            if other not in entries:
                yield document.problem(
                    place, worded("unknown queue {other}", other=cut(other)), hint_for(other, entries)
                )
        taking, place = entry.get("takes_over"), ("queues", name, "takes_over")
        if isinstance(taking, str) and taking not in entries:
            yield document.problem(
                place, worded("unknown queue {taking}", taking=cut(taking)), hint_for(taking, entries)
            )
        elif isinstance(taking, str) and name in _taking_over(taking, entries):
            hint = worded("each must lead to a queue that hands nothing on")
            yield document.problem(place, worded("{name} takes over from itself in the end", name=name), hint)


def _unknown_former(document: Document, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield a problem for each former name that a queue bears today, or that two queues claim."""
    claimed: dict[str, str] = {}
    for name, entry in entries.items():
        former = one_or_several(entry.get("formerly", ()))
        for old in (each for each in former if isinstance(each, str)):
            place = ("queues", name, "formerly")
            if old in entries:
                yield document.problem(
                    place,
                    worded("{old} is a queue of today", old=cut(old)),
                    worded("write a name that no queue has any more"),
                )
            elif claimed.setdefault(old, name) != name:
                hint = worded("{other} has the cases of {old} already", other=claimed[old], old=cut(old))
                yield document.problem(place, worded("{old} is the former name of two queues", old=cut(old)), hint)


def _taking_over(name: str, entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the queues that take over from each other, from `name` on."""
    chain = [name]
    while isinstance(name := entries.get(name, {}).get("takes_over", ""), str) and name and name not in chain:
        chain.append(name)
    return chain


def _handed_over(place: Location, entry: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield the queues that escalation steps hand cases over to, each with its place."""
    steps = entry.get("escalation")
    for priority, several in steps.items() if isinstance(steps, Mapping) else ():
        for number, step in enumerate(several) if isinstance(several, list) else ():
            if isinstance(step, Mapping) and isinstance(step.get("to"), str):
                yield (*place, "escalation", priority, number, "to"), step["to"]


def _unknown_topics(document: Document, topics: Collection[str] | None) -> Iterator[Problem]:
    due = document.data.get("due") if isinstance(document.data, Mapping) else None
    named = due.get("topics") if isinstance(due, Mapping) else None
    if not isinstance(named, Mapping) or topics is None:
        return
    for name in (each for each in named if each not in topics):
        yield document.problem(
            ("due", "topics", name), worded("unknown topic {name}", name=cut(name)), hint_for(name, topics), at_key=True
        )


def _unknown_offices(
    document: Document, entries: Mapping[str, Mapping[str, Any]], offices: Collection[str]
) -> Iterator[Problem]:
    """Yield a warning for each queue whose office the directory does not have."""
    for name, entry in entries.items() if offices else ():
        office = entry.get("office")
        if isinstance(office, str) and office not in offices:
            place, hint = ("queues", name, "office"), hint_for(office, offices)
            yield document.problem(place, worded("unknown office {office}", office=office), hint, Severity.WARNING)
