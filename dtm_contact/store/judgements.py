"""Judgements as the store keeps them, and read again: to show them, or to see what other rules would have decided.

What was judged is kept as JSON, and what judging saw of other contacts and cases by reference.

What the history answered belongs to other people. A judgement keeps only the ids of these contacts and the numbers of
these cases; they are looked up when it is read, so that what was erased is in no judgement, and what was corrected is
right in all. Judgements kept before that hold the answers themselves, and are read as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from dtm_contact.model import (
    Alike,
    Answers,
    Earlier,
    Judgement,
    KnownCase,
    KnownEntry,
    OpenCase,
    PartyHistory,
    PriorContact,
    Recalled,
    by_numbers,
)
from dtm_contact.model.coded_text import PLAIN
from dtm_contact.reading import kind_of_sign
from dtm_contact.store import history, register
from dtm_contact.store.database import Database
from dtm_contact.store.schema import arrivals, cases, contacts, events, judgements

CANDIDATES_EXPLAINED: Final = 5
"""Candidates, best first, that are kept with their evidence: as many as the decision's contract has. The rest keep
their places and probabilities, by which the office of a place that is not sure is chosen."""

_BY_REFERENCE: Final = "by_reference"
_JUDGEMENT: Final = TypeAdapter(Judgement)
_ANSWERS: Final = TypeAdapter(Answers)

_Key = TypeVar("_Key", int, str)
_Row = TypeVar("_Row")


def pack_judgement(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as the store keeps it: what equals its default is left out."""
    found: dict[str, Any] = _JUDGEMENT.dump_python(judgement, mode="json", exclude_defaults=True)
    for candidate in found["match"].get("candidates", ())[CANDIDATES_EXPLAINED:]:
        candidate.pop("evidence", None)
    found.pop("history", None)
    answers = judgement.history
    if answers != Answers():
        found[_BY_REFERENCE] = {
            "thread": _ids(answers.thread),
            "alike": _ids(answers.alike),
            "cases": [number for case in answers.cases for number in (case.number, *sorted(case.formerly))],
            "register": [entry.id for entry in answers.register if entry.id],
            "dealings": [_recalled_by_reference(each) for each in answers.dealings],
            "kept": _ANSWERS.dump_python(
                Answers(confirmed=answers.confirmed, sent=answers.sent), mode="json", exclude_defaults=True
            ),
        }
    return found


def unpack_judgements(connection: Connection, kept: Sequence[Any]) -> list[Judgement]:
    """Return judgements that the store kept, in their order, with what they refer to as it stands now.

    Args:
        connection: a transaction.
        kept: what `pack_judgement` returned, or an earlier version of the program.
    """
    referred = _Referred(connection, [each[_BY_REFERENCE] for each in kept if _BY_REFERENCE in each])
    return [_unpacked(each, referred) for each in kept]


def _unpacked(kept: Any, referred: "_Referred") -> Judgement:
    values = {**kept, "contact": _with_kinds_of_signs(kept["contact"])}
    for step, name in (("joining", "why"), ("understanding", "alarm"), ("decision", "alarm")):
        if step in values:
            values[step] = _with_coded_texts(values[step], name)
    references = values.pop(_BY_REFERENCE, None)
    if references is not None:
        values["history"] = referred.answers(references)
    return _JUDGEMENT.validate_python(values)


def _with_kinds_of_signs(contact: Any) -> Any:
    """Return a contact whose signs of a program say what they say; they were once kept as text alone."""
    signs = [
        {"kind": kind_of_sign(sign), "seen": sign} if isinstance(sign, str) else sign
        for sign in contact.get("automatic_signs", ())
    ]
    return {**contact, "automatic_signs": signs}


def _with_coded_texts(step: Any, name: str) -> Any:
    """Return a step of judging whose reasons are coded: of an alarm, or of what was joined. They were words once."""
    if not isinstance(step, dict) or name not in step:
        return step
    if name == "alarm":
        alarm = step["alarm"]
        return {**step, "alarm": {**alarm, "why_not": _coded(alarm["why_not"])}} if alarm.get("why_not") else step
    why = step["why"]
    return {**step, "why": [_coded(why)] if isinstance(why, str) else [_coded(text) for text in why]}


def _coded(kept: Any) -> Any:
    return {"code": PLAIN, "args": {"text": kept}} if isinstance(kept, str) else kept


def _ids(of: Iterable[Alike | PriorContact | Earlier]) -> list[int]:
    return [each.contact_id for each in of if each.contact_id]


def _recalled_by_reference(recalled: Recalled) -> dict[str, Any]:
    """Return for whom and since when a history was asked for, with the numbers and ids of what was answered."""
    kept: dict[str, Any] = _RECALLED.dump_python(
        Recalled(recalled.party, recalled.since, PartyHistory()), mode="json", exclude_defaults=True
    )
    kept["dealings"] = {
        "open": [case.number for case in recalled.dealings.open],
        "contacts": _ids(recalled.dealings.contacts),
    }
    return kept


_RECALLED: Final = TypeAdapter(Recalled)


class _Referred:
    """The contacts and cases that some judgements refer to, each looked up once."""

    def __init__(self, connection: Connection, references: Sequence[Any]) -> None:
        recalled = [each["dealings"] for one in references for each in one["dealings"]]
        prior = (contact for each in recalled for contact in each["contacts"])
        open_ = (number for each in recalled for number in each["open"])
        self._prior_contacts: dict[int, PriorContact] = _found(history.prior_contacts_by_id, connection, prior)
        self._open: dict[str, OpenCase] = _found(history.cases_by_number, connection, open_)
        self._thread: dict[int, Earlier] = _found(
            history.earlier_by_id, connection, (each for one in references for each in one["thread"])
        )
        self._alike: dict[int, Alike] = _found(
            history.alike_by_id, connection, (each for one in references for each in one["alike"])
        )
        self._register: dict[int, KnownEntry] = _found(
            register.entries_by_id, connection, (each for one in references for each in one.get("register", ()))
        )
        numbers = list(dict.fromkeys(number for one in references for number in one["cases"]))
        cases_seen = history.cases_for_joining(connection, numbers, own_contact=None)
        self._cases: dict[str, KnownCase] = by_numbers(cases_seen)

    def answers(self, references: Any) -> Answers:
        """Return the answers that a judgement refers to; what is gone is left out."""
        kept = _ANSWERS.validate_python(references["kept"])
        return Answers(
            thread=tuple(_those(self._thread, references["thread"])),
            confirmed=kept.confirmed,
            dealings=tuple(self._recalled(each) for each in references["dealings"]),
            cases=tuple(dict.fromkeys(_those(self._cases, references["cases"]))),
            alike=tuple(_those(self._alike, references["alike"])),
            sent=kept.sent,
            register=tuple(_those(self._register, references.get("register", ()))),
        )

    def _recalled(self, kept: Any) -> Recalled:
        asked = _RECALLED.validate_python({**kept, "dealings": {}})
        open_ = tuple(_those(self._open, kept["dealings"]["open"]))
        prior = tuple(_those(self._prior_contacts, kept["dealings"]["contacts"]))
        return Recalled(asked.party, asked.since, PartyHistory(open_, prior))


_MOST_AT_ONCE: Final = 500
_LookUp = Callable[[Connection, Sequence[_Key]], dict[_Key, _Row]]


def _found(look_up: _LookUp[_Key, _Row], connection: Connection, keys: Iterable[_Key]) -> dict[_Key, _Row]:
    wanted = list(dict.fromkeys(keys))
    found: dict[_Key, _Row] = {}
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        found |= look_up(connection, wanted[start : start + _MOST_AT_ONCE])
    return found


def _those(rows: dict[_Key, _Row], keys: Iterable[_Key]) -> Iterator[_Row]:
    return (rows[key] for key in keys if key in rows)


_SLICE = 500

PLACED = ("rerouted", "office changed", "queue renamed")
"""Events by which a case was put into another queue without a person or an escalation step saying so."""


@dataclass(frozen=True, slots=True)
class JudgedContact:
    """One contact, as it was judged, and where its case lies now.

    Attributes:
        arrival_id: the arrival that it was read from.
        received_at: when that came; what it was judged as of.
        judgement: every step.
        case_number: the case that it lies in, if any.
        is_first: it opened that case, which goes where its decision says.
        is_open: that case is open.
        queue, rule: where that case lies now, and the rule that put it there last.
        placed: where rules, or the queues and offices that changed, put it last since it was opened; None where nothing
            did.
        owner: who has taken it.
        by_hand: the fields of the case in which an agent's word stands.
        forced_case: an agent had released it.
    """

    arrival_id: int
    received_at: datetime
    judgement: Judgement
    case_number: str | None
    is_first: bool
    is_open: bool
    queue: str | None
    rule: str | None
    placed: str | None
    owner: str | None
    by_hand: tuple[str, ...]
    forced_case: bool


class StoredJudgements:
    """The judgements of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, since: datetime) -> list[int]:
        """Return the arrivals judged that came since then, in the order of time."""
        query = (
            sa.select(arrivals.c.id)
            .join(contacts, contacts.c.arrival_id == arrivals.c.id)
            .join(judgements, judgements.c.contact_id == contacts.c.id)
            .where(arrivals.c.received_at >= since)
            .order_by(arrivals.c.received_at, arrivals.c.id)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def read(self, arrival_ids: Sequence[int]) -> Iterator[JudgedContact]:
        """Yield what was judged of these arrivals, in the order given; one that is gone is left out."""
        for start in range(0, len(arrival_ids), _SLICE):
            wanted = arrival_ids[start : start + _SLICE]
            with self._database.reading() as connection:
                rows = connection.execute(_JUDGED.where(arrivals.c.id.in_(wanted))).all()
                unpacked = unpack_judgements(connection, [row.judgement for row in rows])
            by_id = {row.id: _judged_contact(row, judgement) for row, judgement in zip(rows, unpacked, strict=True)}
            yield from (by_id[arrival_id] for arrival_id in wanted if arrival_id in by_id)

    def last_model(self) -> str:
        """Return the learned model that was heard in what was judged last, as its digest; "" where that is unknown."""
        last = sa.select(judgements.c.judgement["decision"]).order_by(judgements.c.contact_id.desc()).limit(1)
        with self._database.reading() as connection:
            decision: dict[str, Any] | None = connection.execute(last).scalar_one_or_none()
        return str(decision.get("model_version", "")) if decision else ""

    def versions_used(self, since: datetime) -> set[str]:
        """Return the versions of the rules by which was judged what came since then."""
        with self._database.reading() as connection:
            decisions = connection.execute(_DECISIONS, {"since": since}).scalars()
            return {str(decision.get("rules_version", "")) for decision in decisions}

    def rules_used(self, since: datetime) -> set[str]:
        """Return the rules, as `file:id`, that decided, added or were observed for what came since then."""
        used: set[str] = set()
        with self._database.reading() as connection:
            for decision in connection.execute(_DECISIONS, {"since": since}).scalars():
                used |= {decision.get("rule", ""), *decision.get("added", ()), *decision.get("observed", ())}
        return used


_OF_CASE = contacts.alias()
_FIRST = sa.select(sa.func.min(_OF_CASE.c.id)).where(_OF_CASE.c.case_id == cases.c.id).scalar_subquery()
_LAST_PLACED = (
    sa.select(events.c.data)
    .where(events.c.case_id == cases.c.id, events.c.what.in_(PLACED))
    .order_by(events.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_JUDGED = (
    sa.select(
        arrivals.c.id,
        arrivals.c.received_at,
        judgements.c.judgement,
        cases.c.number,
        cases.c.state,
        cases.c.queue,
        cases.c.rule,
        _LAST_PLACED.label("placed"),
        cases.c.owner,
        cases.c.by_hand,
        arrivals.c.forced_case,
        (contacts.c.id == _FIRST).label("is_first"),
    )
    .select_from(arrivals)
    .join(contacts, contacts.c.arrival_id == arrivals.c.id)
    .join(judgements, judgements.c.contact_id == contacts.c.id)
    .outerjoin(cases, cases.c.id == contacts.c.case_id)
)
_DECISIONS = (
    sa.select(judgements.c.judgement["decision"])
    .join(contacts, contacts.c.id == judgements.c.contact_id)
    .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    .where(arrivals.c.received_at >= sa.bindparam("since"))
)


def _judged_contact(row: Any, judgement: Judgement) -> JudgedContact:
    return JudgedContact(
        arrival_id=row.id,
        received_at=row.received_at,
        judgement=judgement,
        case_number=row.number,
        is_first=bool(row.is_first),
        is_open=row.state == "open",
        queue=row.queue,
        rule=row.rule,
        placed=row.placed["changed"].get("queue", (None, None))[1] if row.placed else None,
        owner=row.owner,
        by_hand=tuple(row.by_hand or ()),
        forced_case=row.forced_case,
    )
