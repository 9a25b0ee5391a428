"""A store of months of work, made from a seed: cases of several offices with all that happens to them, calls, mail.

It writes rows as the engine and the agents' verbs do, so that a year of 600,000 cases takes minutes.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.hours import Calendar, Closure
from dtm_contact.model import AlarmLevel
from dtm_contact.store import Store
from dtm_contact.store.schema import alarm_labels, arrivals, case_numbers, cases, contacts, events
from dtm_contact.store.system_schema import audit_trail

PARIS = ZoneInfo("Europe/Paris")
_DAY_SPAN = ((time(9), time(17)),)
_SPLIT_SPANS = ((time(9), time(12, 30)), (time(13, 30), time(18)))
CALENDARS = {
    "": Calendar((_DAY_SPAN,) * 5 + ((), ())),
    "pantin": Calendar((_SPLIT_SPANS,) * 5 + (((time(9), time(12)),), ())),
    "champigny": Calendar((_DAY_SPAN,) * 5 + ((), ()), (Closure(date(2026, 3, 23), date(2026, 4, 3)),)),
}
"""The offices' hours: all from 9 to 17 on working days, but for one with a break at noon and Saturday mornings, and one
that is closed for two weeks."""
OFFICES = ("bagnolet", "pantin", "malakoff", "champigny", "kremlin-bicetre", "agence")
TOPICS = ("heating", "water_leak", "elevator", "plumbing", "rent_charges", "pests", "parking", "other")
PEOPLE = ("paul", "anne", "claire", "secretaire")
FORMULA = "=cmd|' /C calc'!A0"
_WEIGHTS = (12, 10, 8, 20, 20, 8, 10, 12)
_UNSERVED = ("abandoned", "timeout", "voicemail", "out_of_hours", "before_answer", "transfer_unanswered")
_AT_ONCE = 20_000
_YEAR = 2026
"""Of all numbers of cases."""


@dataclass(slots=True)
class Happening:
    """One event to be; `undoes`: the one that it takes back; `withdraws`: the letter that does not hold after it."""

    at: datetime
    case_id: int
    who: str
    what: str
    data: dict[str, Any]
    arrival_id: int | None = None
    undoes: "Happening | None" = None
    withdraws: "Happening | None" = None
    id: int = 0
    label: tuple[bool, AlarmLevel] | None = None


@dataclass(slots=True)
class Made:
    """All rows of a store to be, by their tables."""

    cases: list[dict[str, Any]] = field(default_factory=list)
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    events: list[Happening] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)


Place = tuple[str, str, str]
"""Office, residence, dwelling."""


class Writer:
    """Makes the rows."""

    def __init__(self, random: Random, places: Sequence[Place], first: date, days: int) -> None:
        """Take chance, where people live, and of which days cases are."""
        self._random = random
        self.places = places
        self._first = first
        self._days = days
        self.end = datetime.combine(first + timedelta(days=days), time(11, 20), PARIS).astimezone(UTC)
        self.made = Made()

    def write(self, count: int) -> Made:
        """Return the rows of so many cases, and of the contacts of none."""
        times = sorted(self._moment() for _ in range(count))
        burst: tuple[Place, str, int] | None = None
        for number, at in enumerate(times, 1):
            if burst is None and self._random.random() < 0.01:
                burst = self._random.choice(self.places), self._random.choice(TOPICS[:3]), 4
            if burst is not None and self._random.random() < 0.5:
                (office, residence, _), topic, left = burst
                place = office, residence, f"{residence}-{self._random.randrange(6)}"
                burst = None if left == 1 else ((office, residence, ""), topic, left - 1)
            else:
                place, topic = self._random.choice(self.places), self._random.choices(TOPICS, _WEIGHTS)[0]
            self._case(number, at, place, topic)
        for _ in range(count // 2):
            self._lone_contact(self._moment())
        self._settle()
        return self.made

    def _moment(self) -> datetime:
        day = self._first + timedelta(days=self._random.randrange(self._days))
        hour = self._random.gauss(13, 3.4) if self._random.random() < 0.9 else self._random.uniform(0, 24)
        at = datetime.combine(day, time.min, PARIS) + timedelta(hours=min(23.9, max(0.0, hour)))
        return at.astimezone(UTC).replace(microsecond=self._random.randrange(1_000_000))

    def _contact(self, case_id: int | None, at: datetime, **values: Any) -> int:
        """Make an arrival and its contact; return the arrival's id, given as they come: no order is kept yet."""
        number = len(self.made.arrivals) + 1
        called = values.get("channel") == "phone"
        # A switchboard's log is read minutes after the call.
        received = at + timedelta(minutes=7) if called else at
        self.made.arrivals.append(
            {"id": number, "received_at": received, "channel": "asterisk_cdr" if called else "smtp"}
        )
        self.made.contacts.append({"arrival_id": number, "case_id": case_id, "at": at, **values})
        return number

    def _case(self, number: int, opened: datetime, place: Place, topic: str) -> None:
        random, (office, residence, dwelling) = self._random, place
        priority = random.choices(("P1", "P2", "P3", "P4"), (1, 19, 60, 20))[0]
        channel = random.choices(("email", "phone", "desk"), (65, 30, 5))[0]
        known = random.random() < 0.93
        case = {
            "id": number, "number": f"{_YEAR}-{number:06d}", "state": "open", "channel": channel, "office_id": office,
            "queue": office, "priority": priority, "opened_at": opened, "closed_at": None, "topic": topic,
            "residence_id": residence if known else None, "dwelling_id": dwelling if known else None,
            "tenant_id": f"T{dwelling}" if known and random.random() < 0.95 else None,
            "due": _due(opened, office, priority),
            "subject": FORMULA if number % 50 == 1 else "Fuite", "who": "Nadia <nadia@free.example>", "why": "",
            "read_in_full": True, "alarm_level": AlarmLevel.CERTAIN if priority == "P1" else AlarmLevel.NONE,
            "party": f"number:{number}" if channel == "phone" else None,
        }  # fmt: skip
        self.made.cases.append(case)
        outcome = random.choice(_UNSERVED) if channel == "phone" else None
        contact = {
            "channel": channel,
            "kind": "case",
            "outcome": outcome,
            "topic": topic,
            "residence_id": case["residence_id"],
        }
        arrival = self._contact(number, opened, **contact)
        alarm = "certain" if priority == "P1" else random.choice(("none", "none", "possible"))
        told = {
            "kind": "case",
            "queue": office,
            "priority": priority,
            "alarm": alarm,
            "rule": "r",
            "rules_version": "1",
        }
        self._happens(opened, number, "worker", "opened", told, arrival)
        _Life(self, random, case, opened).live()

    def _happens(
        self, at: datetime, case_id: int, who: str, what: str, data: dict[str, Any], arrival: int | None = None
    ) -> Happening | None:
        if at >= self.end:
            return None
        happening = Happening(at, case_id, who, what, data, arrival)
        self.made.events.append(happening)
        return happening

    def _lone_contact(self, at: datetime) -> None:
        if self._random.random() < 0.7:
            outcome = self._random.choice(("answered", "answered", "answered", "outbound_answered", "internal"))
            residence = self._random.choice(self.places)[1] if self._random.random() < 0.6 else None
            self._contact(None, at, channel="phone", kind="none", outcome=outcome, topic=None, residence_id=residence)
        else:
            kind = self._random.choice(("automatic", "spam"))
            self._contact(None, at, channel="email", kind=kind, outcome=None, topic=None, residence_id=None)

    def _settle(self) -> None:
        """Number arrivals and events in the order of their times, as a store would have."""
        arrived = sorted(self.made.arrivals, key=lambda row: row["received_at"])
        new = {row["id"]: at for at, row in enumerate(arrived, 1)}
        for row in arrived:
            row["id"] = new[row["id"]]
        for contact in self.made.contacts:
            contact["arrival_id"] = new[contact["arrival_id"]]
        self.made.contacts.sort(key=lambda row: row["arrival_id"])
        self.made.arrivals = arrived
        self.made.events.sort(key=lambda event: event.at)
        for number, event in enumerate(self.made.events, 1):
            event.id = number
            if event.arrival_id is not None:
                event.arrival_id = new[event.arrival_id]
        for event in self.made.events:
            if event.undoes is not None:
                event.data["undoes"] = event.undoes.id
            if event.withdraws is not None:
                event.data["withdraws"] = event.withdraws.id


_DUE = {"P1": timedelta(minutes=15), "P2": timedelta(hours=4), "P3": timedelta(hours=16), "P4": timedelta(hours=40)}


def _due(opened: datetime, office: str, priority: str) -> datetime:
    """Return when a first answer is due: of a P1 by the clock, else while the office is open, as the rules have it."""
    if priority == "P1":
        return opened + _DUE[priority]
    return CALENDARS.get(office, CALENDARS[""]).add_business_time(opened, _DUE[priority]).astimezone(UTC)


class _Life:
    """What happens to one case until it is closed, or the days are over."""

    def __init__(self, writer: Writer, random: Random, case: dict[str, Any], at: datetime) -> None:
        self._writer = writer
        self._random = random
        self._case = case
        self._at = at

    def _later(self, hours: float) -> datetime:
        self._at += timedelta(hours=self._random.expovariate(1 / hours), seconds=1)
        return self._at

    def _tell(self, who: str, what: str, data: dict[str, Any], arrival: int | None = None) -> Happening | None:
        return self._writer._happens(self._at, self._case["id"], who, what, data, arrival)

    def _change(self, what: str, data: dict[str, Any] | None = None, who: str = "", **to: Any) -> Happening | None:
        """Do what a verb does: change columns, and tell what each was before."""
        changed = {name: [_told(self._case[name]), _told(value)] for name, value in to.items()}
        done = self._tell(who or self._random.choice(PEOPLE), what, {**(data or {}), "changed": changed})
        if done is not None:
            self._case.update(to)
        return done

    def _undo(self, what: Happening | None, **back: Any) -> None:
        """Take a change back at once, as the agent does who has clicked wrongly."""
        if what is None:
            return
        self._at += timedelta(seconds=30)
        restored = {name: [_told(self._case[name]), _told(value)] for name, value in back.items()}
        undone = self._tell(what.who, "undone", {"what": what.what, "restored": restored})
        if undone is not None:
            undone.undoes = what
            self._case.update(back)
            what.label = None

    def live(self) -> None:
        random = self._random
        if self._case["channel"] == "email" and random.random() < 0.6:
            self._at += timedelta(seconds=9)
            self._tell("outbound", "sent", {"kind": "answer", "message_id": "m"})
        if self._case["priority"] == "P1":
            self._later(0.1)
            if self._at < self._writer.end:
                read = {"at": self._at, "who": "paul", "what": "read", "subject": self._case["number"], "data": {}}
                self._writer.made.reads.append(read)
        if self._case["channel"] == "phone" and random.random() < 0.15:
            self._call_again()
        self._correct()
        if random.random() < 0.03:
            # Nobody has answered for too long: the escalation hands it to the agency.
            self._later(60)
            self._change("escalated", {"step": 3, "does": "hand over"}, "timers", queue="agence", office_id="agence")
        slow = 60.0 if self._case["office_id"] == "malakoff" else 14.0
        self._answer(0.1 if self._case["priority"] == "P1" else slow)
        if random.random() < 0.3:
            self._message({"way": "own", "kind": "case", "alarm": "none", "priority": self._case["priority"]})
        if random.random() < 0.97:
            self._close()
        if self._case["state"] == "closed" and random.random() < 0.06:
            self._reopen()

    def _correct(self) -> None:
        random, case = self._random, self._case
        if random.random() < 0.3:
            self._later(2)
            self._tell("paul", "taken", {"changed": {}})
        if random.random() < 0.08:
            self._later(3)
            to = random.choice(OFFICES)
            lay = case["office_id"]
            moved = self._change("moved", {"reason": "ailleurs"}, queue=to, office_id=to)
            if random.random() < 0.1:
                self._undo(moved, queue=lay, office_id=lay)
        if random.random() < 0.05:
            self._later(1)
            before, topic = case["topic"], random.choice(TOPICS)
            corrected = self._change("topic", topic=topic)
            if random.random() < 0.1:
                self._undo(corrected, topic=before)
        if random.random() < (0.04 if case["dwelling_id"] else 0.5):
            self._name()
        self._correct_urgency()

    def _name(self) -> None:
        """Say whom it is about, as an agent does: somebody else than the engine, or the first; some think better."""
        random, case = self._random, self._case
        for _ in range(1 if random.random() < 0.9 else 2):
            self._later(1)
            before = {name: case[name] for name in ("tenant_id", "dwelling_id", "residence_id")}
            _, residence, dwelling = random.choice(self._writer.places)
            kind, to = random.random(), dict[str, Any]()
            if kind < 0.1:
                to = dict.fromkeys(before)
            elif kind < 0.3 and case["dwelling_id"]:
                to = {"tenant_id": f"T{case['dwelling_id']}-{random.randrange(2)}"}
            else:
                to = {"tenant_id": f"T{dwelling}", "dwelling_id": dwelling, "residence_id": residence}
            to = {name: value for name, value in to.items() if value != before[name]}
            named = self._change("tenant", {"concerned": []}, **to)
            if random.random() < 0.1:
                self._undo(named, **{name: before[name] for name in to})

    def _correct_urgency(self) -> None:
        random, case = self._random, self._case
        if random.random() < 0.03 and case["priority"] != "P1":
            self._later(1)
            before_priority = case["priority"]
            to_priority = random.choice([each for each in ("P2", "P3", "P4") if each != before_priority])
            self._change("priority", priority=to_priority, due=case["opened_at"] + timedelta(hours=20))
        elif random.random() < 0.004 and case["priority"] != "P1":
            self._later(1)
            level = case["alarm_level"]
            said = self._change(
                "danger",
                {"told": []},
                priority="P1",
                alarm_level=AlarmLevel.CERTAIN,
                due=self._at + timedelta(hours=0.2),
            )
            if said is not None:
                said.label = True, level
        elif random.random() < 0.15 and case["priority"] == "P1":
            self._later(0.5)
            said = self._change("no_danger", {"reason": "non"}, priority="P2", alarm_level=AlarmLevel.NONE)
            if said is not None:
                said.label = False, AlarmLevel.CERTAIN

    def _answer(self, slow: float) -> None:
        random = self._random
        for _ in range(random.randrange(3) if self._case["channel"] == "phone" else 0):
            self._later(4)
            self._change("tried", {"tries": 1})
        self._later(slow)
        kind = random.random()
        if kind < 0.55:
            self._tell(random.choice(PEOPLE), "replied", {"to": "tenant"})
        elif kind < 0.65:
            sent = {"in_sent_folder": True} if random.random() < 0.7 else {}
            self._message({"way": "own", "kind": "case", **sent}, what="answered")
        elif kind < 0.7:
            self._tell("worker", "spoken", {"outcome": "outbound_answered", "spoke": True})
        if random.random() < 0.05:
            self._later(6)
            self._tell("anne", "appointed", {"at": "2026-01-01T09:00:00+01:00", "office": "agence"})
            letter = self._tell("anne", "replied", {"invitation": "REQUEST"}) if random.random() < 0.7 else None
            if random.random() < 0.3:
                self._later(6)
                cancelled = self._tell("anne", "appointment cancelled", {"at": "2026-01-01T09:00:00+01:00"})
                if letter and cancelled:
                    cancelled.withdraws = letter
                    self._tell("anne", "replied", {"invitation": "CANCEL"})

    def _call_again(self) -> None:
        """Have somebody call once more in vain, before anybody has called back; the log is read some minutes later."""
        self._later(6)
        if self._at >= self._writer.end:
            return
        contact = {"channel": "phone", "kind": "case", "outcome": self._random.choice(_UNSERVED), "topic": None}
        called_at = self._at - timedelta(minutes=7, seconds=3)
        residence = self._case["residence_id"]
        arrival = self._writer._contact(self._case["id"], called_at, **contact, residence_id=residence)
        told = {"way": "own", "kind": "case", "alarm": "none", "priority": self._case["priority"]}
        self._tell("worker", "joined", told, arrival)

    def _message(self, data: dict[str, Any], what: str = "joined") -> None:
        self._later(20)
        if self._at >= self._writer.end:
            return
        contact = {"channel": "email", "kind": "case", "outcome": None, "topic": None}
        arrival = self._writer._contact(
            self._case["id"], self._at - timedelta(seconds=3), **contact, residence_id=self._case["residence_id"]
        )
        self._tell("worker", what, data, arrival)

    def _close(self) -> None:
        random, case = self._random, self._case
        self._later(random.choice((5.0, 40.0, 40.0, 300.0)))
        if case["party"] is not None and case["priority"] != "P1" and random.random() < 0.3:
            # Somebody got through to them: the engine closes the call-back.
            if self._tell("worker", "done", {"outcome": "answered", "spoke": True, "reason": "joint"}) is not None:
                case.update(state="closed", closed_at=self._at)
            return
        what = random.choices(("done", "tried", "merged"), (93, 5, 2))[0]
        data: dict[str, Any] = {"moved": [], "reason": None} if what == "merged" else {}
        closed = self._change(what, data, state="closed", closed_at=self._at)
        if closed is None:
            return
        if case["priority"] == "P1" and what == "done":
            closed.label = random.random() < 0.8, AlarmLevel.CERTAIN
        if random.random() < 0.02:
            self._undo(closed, state="open", closed_at=None)
            self._later(8)
            again = self._change("done", state="closed", closed_at=self._at)
            if again is not None and case["priority"] == "P1":
                again.label = True, AlarmLevel.CERTAIN

    def _reopen(self) -> None:
        if self._random.random() < 0.5:
            self._later(30)
            due = self._at + timedelta(hours=30)
            before = self._at
            self._message({"way": "own", "kind": "case", "alarm": "none", "state": "open"})
            if self._at >= self._writer.end or self._at == before:
                return
            self._case.update(state="open", closed_at=None, due=due)
        else:
            self._later(30)
            if self._change("reopened", state="open", closed_at=None) is None:
                return
        if self._random.random() < 0.8:
            self._later(20)
            self._change("done", state="closed", closed_at=self._at)


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def put(store: Store, made: Made) -> None:
    """Write the rows into an empty store, as a daemon leaves it that has worked on them: its timers have seen all."""
    for table, rows in _rows(made):
        for at in range(0, len(rows), _AT_ONCE):
            with store.database.writing(hurried=False) as connection:
                connection.execute(table.insert(), rows[at : at + _AT_ONCE])
    store.timers.plan((), max((each.id for each in made.events), default=0))
    with store.database.writing() as connection:
        connection.execute(sa.text("ANALYZE"))
        if store.database.sqlite_path is None:
            for table in (arrivals, cases, contacts, events, alarm_labels, audit_trail):
                _number_on(connection, table)


def _number_on(connection: Connection, table: sa.Table) -> None:
    """Have PostgreSQL number the next row of a table behind those that were written with their numbers."""
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(sa.func.max(table.c.id), 1))))


def _rows(made: Made) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    arrival = {"media_type": "message/rfc822", "size": 1, "state": "judged"}
    yield arrivals, [{**row, "external_id": f"made-{row['id']}", **arrival} for row in made.arrivals]
    yield cases, made.cases
    # The next case has the number after those.
    yield case_numbers, [{"year": _YEAR, "last": len(made.cases)}]
    written = {"sender_name": "Nadia", "sender_address": "nadia@free.example", "subject": "Fuite", "thread": []}
    yield contacts, [{**row, **written, "message_id": f"m{row['arrival_id']}"} for row in made.contacts]
    yield (
        events,
        [
            {
                "id": each.id, "case_id": each.case_id, "arrival_id": each.arrival_id, "at": each.at,
                "who": each.who, "what": each.what, "data": json.loads(json.dumps(each.data)),
            }
            for each in made.events
        ],
    )  # fmt: skip
    labels = ((each, said) for each in made.events if (said := each.label) is not None)
    yield (
        alarm_labels,
        [
            {
                "case_id": each.case_id, "event_id": each.id, "at": each.at, "who": each.who, "act": each.what,
                "danger": danger, "alarm_level": level,
            }
            for each, (danger, level) in labels
        ],
    )  # fmt: skip
    yield audit_trail, made.reads


def places_of(residences: Sequence[tuple[str, str]], homes: int = 6) -> list[Place]:
    """Return dwellings made up for residences, which are given with their offices."""
    return [(office, residence, f"{residence}-{at}") for residence, office in residences for at in range(homes)]
