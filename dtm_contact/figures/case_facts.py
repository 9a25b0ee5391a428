"""What one case adds to the figures: its openings, answers, closings, corrections and alarms, each on its day.

Each counts under the office that the case lay at just before it happened, so that a case that is handed over leaves its
former office's past as it was. All else is told of the case as it is known now: with the residence and topic of today,
and without what an agent has taken back.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from dtm_contact.figures.cells import Key, Tally, timed
from dtm_contact.figures.definitions import BY_EVENT, SILENT_DAYS
from dtm_contact.hours import Calendar
from dtm_contact.model import Channel
from dtm_contact.store.events import ANSWERS
from dtm_contact.store.figure_cases import CallsOver
from dtm_contact.store.figures import AlarmLabelRow, CaseRow, ContactRow, EventRow

ENGINE: Final = frozenset({"worker", "timers", "outbound", "import"})
"""Who does what no person does."""
_INCOMING: Final = frozenset(
    {"transfer_unanswered", "answered", "voicemail", "abandoned", "timeout", "out_of_hours", "before_answer"}
)
UNSERVED: Final = _INCOMING - {"answered"}
"""Outcomes of calls that came in and that nobody answered."""
_OWN: Final = frozenset({"answered", "returned"})
"""Events of messages of our own that come in."""
_SAID: Final = frozenset({"danger", "priority"})
"""Events by which a person says that there is danger."""
_CHANGES: Final = ("changed", "restored")
"""What an event says that it did to columns: of each, what it was and what it became."""
READS: Final = frozenset(
    {"alarm", "changed", "in_sent_folder", "invitation", "restored", "state", "undoes", "whom_was", "withdraws"}
)
"""What is read here of events' data, by name: when a person is erased, it stays of theirs (`privacy.data_place`)."""
_WHOM: Final = ("tenant_id", "dwelling_id")
"""The columns by which a case names somebody."""
_DAY: Final = timedelta(days=1)
_MOMENT: Final = timedelta(microseconds=1)
_SHORTEST_SILENCE: Final = timedelta(days=min(SILENT_DAYS))


@lru_cache(maxsize=2048)
def _midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + _DAY, time.min, zone).astimezone(UTC)


def is_incoming(channel: Channel, outcome: str | None) -> bool:
    """Return whether a contact is something that came from outside: of calls, only some do."""
    return not channel.is_spoken or outcome in _INCOMING


@dataclass(frozen=True, slots=True)
class TimeContext:
    """Whose days are counted, up to when, and when each queue is open.

    Attributes:
        zone: whose days are counted.
        now: up to when; aware.
        calendars: when each queue is open; `""` for those that are not there any more.
    """

    zone: ZoneInfo
    now: datetime
    calendars: Mapping[str, Calendar]

    def day(self, at: datetime) -> date:
        """Return the day of an aware time here."""
        return at.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Return when a day ends; now, of today."""
        return min(_midnight_after(day, self.zone), self.now)

    def calendar(self, queue: str) -> Calendar:
        """Return when a queue is open."""
        return self.calendars.get(queue) or self.calendars[""]

    def calls_over(self, start: datetime, end: datetime) -> tuple[CallsOver, ...]:
        """Return of each queue which calls had to be called back after a moment, and by another one at the latest.

        Those of all other queues stand under "". A queue that was closed for weeks has calls of weeks before.
        """
        each = ((queue, calendar.next_open_day_over) for queue, calendar in self.calendars.items())
        return tuple(CallsOver(queue, over(start), over(end)) for queue, over in each)


@dataclass(frozen=True, slots=True)
class CaseRows:
    """All that the store holds of one case that figures are counted from, each oldest first."""

    case: CaseRow
    events: Sequence[EventRow]
    contacts: Sequence[ContactRow]
    labels: Sequence[AlarmLabelRow]
    read_at: Sequence[datetime] = ()


class CaseFacts:
    """One case, looked at as a whole.

    Attributes:
        closings: when it was closed, but for mergers.
        last_closed: when it was closed last; None while it is open.
    """

    def __init__(self, rows: CaseRows, times: TimeContext) -> None:
        """Take what the store holds of it, and whose days are counted, up to when: what came later is left out."""
        now = times.now
        self._case = rows.case
        self._contacts = [each for each in rows.contacts if each.came_at <= now]
        self._labels = [each for each in rows.labels if each.at <= now]
        self._read_at = [at for at in rows.read_at if at <= now]
        self._times = times
        self._place = rows.case.residence_id or "", rows.case.topic or ""
        undone = {event.data.get("undoes") for event in rows.events if event.what == "undone" and event.at <= now}
        self._events = [
            event for event in rows.events if event.id not in undone and "undoes" not in event.data and event.at <= now
        ]
        self._withdrawn = {event.data.get("withdraws") for event in self._events}
        self.closings: list[datetime] = []
        self._answers: list[datetime] = []
        self._reopenings: list[datetime] = []
        self._moves: list[tuple[datetime, str]] = []
        self._handed: list[tuple[datetime, str, str]] = []
        self._spans: list[tuple[datetime, datetime]] = []
        self._merged: list[datetime] = []
        self.last_closed: datetime | None = None
        self._follow()

    def _follow(self) -> None:
        """Walk through what happened: when it was open, who answered."""
        opened_at: datetime | None = self._case.opened_at
        for event in self._events:
            if self._is_answer(event):
                self._answers.append(event.at)
            state = _state_after(event)
            if state == "closed" and opened_at is not None:
                self._spans.append((opened_at, event.at))
                opened_at = None
                if event.what == "merged":
                    self._merged.append(event.at)
                else:
                    self.closings.append(event.at)
                    self._answers.append(event.at)
            elif state == "open" and opened_at is None:
                opened_at = event.at
                self._reopenings.append(event.at)
            self._follow_office(event, is_open=opened_at is not None)
        if self._case.state == "closed" and opened_at is not None:
            # Closed by something that left no event which says so.
            self._spans.append((opened_at, self._case.closed_at or opened_at))
            opened_at = None
        if opened_at is not None:
            self._spans.append((opened_at, datetime.max.replace(tzinfo=UTC)))
        elif self._spans:
            self.last_closed = self._spans[-1][1]
        self._answers.sort()

    def _follow_office(self, event: EventRow, *, is_open: bool) -> None:
        """Note that an event gave the case to another office; one that is closed is in nobody's hands."""
        for name in _CHANGES:
            was, became = (event.data.get(name) or {}).get("office_id", (None, None))
            if was != became:
                self._moves.append((event.at, was or ""))
                if is_open:
                    self._handed.append((event.at, was or "", became or ""))

    def key_at(self, at: datetime) -> Key:
        """Return the office that the case lay at just before a time, its residence and its topic."""
        office = next((was for moved_at, was in self._moves if moved_at >= at), self._case.office_id)
        return (office, *self._place)

    def _is_answer(self, event: EventRow) -> bool:
        if event.data.get("invitation") == "CANCEL" or event.id in self._withdrawn:
            return False
        if event.what == "answered" and self._case.priority == "P1":
            return event.data.get("in_sent_folder") is True
        return event.what in ANSWERS

    def count(self, tally: Tally) -> None:
        """Count all that the case adds to the figures of the tally's days."""
        self.count_stock(tally)
        self.count_happened(tally)

    def count_happened(self, tally: Tally) -> None:
        """Count what happened to the case on the tally's days."""
        if self._case.opened_at > self._times.now:
            return
        self._count_life(tally)
        self._count_answers(tally)
        self._count_events(tally)
        self._count_engine(tally)
        self._count_contacts(tally)
        self._count_alarm(tally)

    def _add(self, tally: Tally, at: datetime, measure: str, key: Key | None = None) -> None:
        tally.add(self._times.day(at), key or self.key_at(at), measure)

    def _count_life(self, tally: Tally) -> None:
        self._add(tally, self._case.opened_at, "opened")
        for at in self.closings:
            self._add(tally, at, "closed")
        for at in self._reopenings:
            self._add(tally, at, "reopened")
        for at in self._merged:
            self._add(tally, at, "merged")
        for at, was, became in self._handed:
            self._add(tally, at, "handed_away", (was, *self._place))
            self._add(tally, at, "handed_in", (became, *self._place))

    def _count_answers(self, tally: Tally) -> None:
        is_urgent, due = self._case.priority == "P1", self._case.due
        first = self.first_answer
        if first is not None:
            # What one office let run past its due time is not the wait of the one that it was handed to.
            waited = timed("first_answer_p1" if is_urgent else "first_answer", self.waited_until(first))
            self._add(tally, first, waited, self.key_at(min(first, due)))
        met = self.met_due
        if met is None:
            return
        for measure in ("due", "due_p1") if is_urgent else ("due",):
            self._add(tally, due, measure)
            if met:
                self._add(tally, due, f"{measure}_met")

    @property
    def opened_at(self) -> datetime:
        """When it was opened."""
        return self._case.opened_at

    @property
    def first_answer(self) -> datetime | None:
        """When a person answered first."""
        return next((at for at in self._answers if at >= self._case.opened_at), None)

    def waited_until(self, answered_at: datetime) -> timedelta:
        """Return how long it waited for an answer: by the clock where it is a P1, else while its queue was open."""
        opened_at = self._case.opened_at
        if self._case.priority == "P1":
            return answered_at - opened_at
        return self._times.calendar(self._case.queue).business_time(opened_at, answered_at)

    @property
    def met_due(self) -> bool | None:
        """Whether a person answered before it was due; None where that is to come, or it was merged unanswered."""
        due = self._case.due
        if due > self._times.now:
            return None
        begun = max((at for at in self._reopenings if at <= due), default=self._case.opened_at)
        met = any(begun <= at <= due for at in self._answers)
        return met if met or not any(at <= due for at in self._merged) else None

    def count_stock(self, tally: Tally) -> None:
        """Count what the case was at the end of each of the tally's days."""
        if self._case.opened_at > self._times.now:
            return
        opened_at = self._case.opened_at
        for start, stop in self._spans:
            for day, end in self._ends_between(tally, start, stop):
                counts = tally.days[day][self.key_at(end)]
                age = end - opened_at
                counts["open"] += 1
                counts["oldest"] = max(counts["oldest"], age.days)
                if any(start <= at < end for at in self._answers):
                    counts["answered_open"] += 1
                elif self._case.due < end:
                    counts["late"] += 1
                if age > _SHORTEST_SILENCE:
                    self._count_silence(counts, end)

    def _count_silence(self, counts: Counter[str], end: datetime) -> None:
        heard = max((at for at in self._answers if at < end), default=self._case.opened_at)
        for days in SILENT_DAYS:
            if end - max(heard, self._case.opened_at) > timedelta(days=days):
                counts[f"silent_{days}"] += 1

    def _ends_between(self, tally: Tally, start: datetime, stop: datetime) -> Iterator[tuple[date, datetime]]:
        """Yield the days at whose end the case was open, from one time till another, with those ends."""
        day = max(self._times.day(start), tally.first)
        while day <= tally.last and (end := self._times.end_of(day)) <= stop:
            if start < end:
                yield day, end
            day += _DAY

    def _count_events(self, tally: Tally) -> None:
        """Count the figures that count events: their declarations say which."""
        for event in self._events:
            for figure in BY_EVENT.get(event.what, ()):
                counter = figure.counter
                if counter is None or not counter.counts(event.data):
                    continue
                self._add(tally, event.at, figure.measure)

    def _count_engine(self, tally: Tally) -> None:
        """Count what the engine said of the case, and what of it agents said otherwise, on the day it was opened.

        All of it counts under the topic that the engine gave: else what is a part would lie elsewhere than its whole.
        """
        if self._case.channel.traits.at_desk:
            return
        opened_at, (topic, last_topic) = self._case.opened_at, self._said_of("topic", "topic", self._case.topic)
        priority, last_priority = self._said_of("priority", "priority", self._case.priority)
        is_named, is_other, is_identified = self._naming()
        counted = {
            "judged": True,
            "wrong_priority": priority != last_priority,
            "topic_given": topic is not None,
            "wrong_topic": topic is not None and topic != last_topic,
            "named": is_named,
            "wrong_tenant": is_named and is_other,
            "unnamed": not is_named,
            "identified_tenant": not is_named and is_identified,
        }
        office, residence, _ = self.key_at(opened_at)
        for measure, is_so in counted.items():
            if is_so:
                self._add(tally, opened_at, measure, (office, residence, topic or ""))

    def _said_of(self, what: str, column: str, now: Any) -> tuple[Any, Any]:
        """Return what a column was before agents said something of it by a verb, and what they said last."""
        said = [
            changed[column]
            for event in self._events
            if event.what == what and column in (changed := event.data.get("changed") or {})
        ]
        return (said[0][0], said[-1][1]) if said else (now, now)

    def _naming(self) -> tuple[bool, bool, bool]:
        """Return whether the engine named somebody, whether agents said somebody else, and whether they named one."""
        # Of a person who was erased no name is left, only whether one had stood there.
        erased = [event.data["whom_was"] for event in self._events if "whom_was" in event.data]
        if erased:
            return erased[0], erased[0], True
        said = [self._said_of("tenant", name, getattr(self._case, name)) for name in _WHOM]
        return (
            any(was is not None for was, _ in said),
            any(was is not None and was != last for was, last in said),
            any(last is not None for _, last in said),
        )

    def _count_contacts(self, tally: Tally) -> None:
        own = {event.arrival_id for event in self._events if event.what in _OWN}
        for contact in self._contacts:
            if contact.arrival_id in own or not is_incoming(contact.channel, contact.outcome):
                continue
            self._add(tally, contact.came_at, f"arrivals.{contact.channel}")
            if contact.outcome in UNSERVED:
                self._add(tally, contact.came_at, "calls_unserved")
                self._count_call_back(tally, contact.came_at)
            elif contact.outcome == "answered":
                self._add(tally, contact.came_at, "calls_answered")

    def _count_call_back(self, tally: Tally, called_at: datetime) -> None:
        """Count whether who called was called back in time, on the day on which that time ended: not before its end."""
        until = self._times.calendar(self._case.queue).end_of_next_open_day(called_at)
        if until is None or until > self._times.now:
            return
        # A queue that is open until midnight closes on the day before.
        day, key = self._times.day(until - _MOMENT), self.key_at(until)
        tally.add(day, key, "call_backs_due")
        tried = (event.at for event in self._events if event.what == "tried")
        if any(called_at <= at <= until for at in (*self._answers, *tried)):
            tally.add(day, key, "call_backs_met")

    def _count_alarm(self, tally: Tally) -> None:
        cried_at = next((event.at for event in self._events if _is_cry(event)), None)
        last = self._labels[-1] if self._labels else None
        if cried_at is None:
            if last is not None and last.danger:
                self._add(tally, last.at, "alarms_missed")
            return
        self._add(tally, cried_at, "alarms")
        verdict = "unjudged" if last is None else "confirmed" if last.danger else "false"
        self._add(tally, cried_at, f"alarms_{verdict}")
        by_person = (event.at for event in self._events if event.who not in ENGINE)
        looks = [at for at in (*self._read_at, *by_person) if at >= cried_at]
        if looks:
            self._add(tally, cried_at, timed("alarm_look", min(looks) - cried_at))


def _state_after(event: EventRow) -> str | None:
    """Return the state that an event brings a case into; None where it leaves it."""
    data: Mapping[str, Any] = event.data
    for name in _CHANGES:
        if "state" in (data.get(name) or {}):
            return str(data[name]["state"][1])
    if event.what in {"done", "closed"} and "changed" not in data:
        return "closed"
    return "open" if data.get("state") == "open" else None


def whom_was(data: Mapping[str, Any]) -> bool | None:
    """Return whether an event took back that a case names somebody, or named the first; None where it did neither."""
    known: bool | None = data.get("whom_was")
    if known is not None:
        return known
    changed = [pair for name in _WHOM if (pair := (data.get("changed") or {}).get(name)) is not None]
    if any(was is not None and was != became for was, became in changed):
        return True
    return False if any(became is not None for _, became in changed) else None


def _is_cry(event: EventRow) -> bool:
    """Return whether by an event the engine makes its case a certain alarm."""
    if event.what in _SAID:
        return False
    if event.data.get("alarm") == "certain":
        return True
    changed = (event.data.get("changed") or {}).get("alarm_level")
    return changed is not None and changed[1] == "certain"


@dataclass(slots=True)
class _Incident:
    office: str
    first: datetime
    last: datetime | None
    homes: set[str]


class Incidents:
    """Finds where several households opened a case on one day: adds them up over all cases."""

    def __init__(self, times: TimeContext) -> None:
        """Take whose days are counted, up to when."""
        self._times = times
        self._found: dict[tuple[date, str, str], _Incident] = {}

    def look_at(self, case: CaseRow, office: str, last_closed: datetime | None) -> None:
        """Take one more case, on a topic that can befall a whole building.

        Args:
            case: the case.
            office: the one that it was opened at.
            last_closed: when it was closed last; None while it is open.
        """
        if case.residence_id is None or case.dwelling_id is None or case.topic is None:
            return
        place = self._times.day(case.opened_at), case.residence_id, case.topic
        found = self._found.get(place)
        if found is None:
            self._found[place] = _Incident(office, case.opened_at, last_closed, {case.dwelling_id})
            return
        found.homes.add(case.dwelling_id)
        if case.opened_at < found.first:
            found.first, found.office = case.opened_at, office
        found.last = None if None in (found.last, last_closed) else max(found.last, last_closed)  # type: ignore[type-var]

    def count(self, tally: Tally) -> None:
        """Count those of several households."""
        for (day, residence, topic), found in self._several():
            key = found.office, residence, topic
            tally.add(day, key, "incidents")
            tally.add(day, key, "incident_households", len(found.homes))
            if found.last is not None:
                tally.add(day, key, timed("incident_length", found.last - found.first))

    def _several(self) -> Iterator[tuple[tuple[date, str, str], _Incident]]:
        return ((place, found) for place, found in self._found.items() if len(found.homes) > 1)
