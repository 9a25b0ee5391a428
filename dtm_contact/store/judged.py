"""What was judged, read again: to see what other rules would have done with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dtm_contact.model import Judgement
from dtm_contact.store.database import Database
from dtm_contact.store.judgement_format import unpacked
from dtm_contact.store.schema import arrivals, cases, contacts, events, judgements

_SLICE = 500

PLACED = ("rerouted", "office changed", "queue renamed")
"""Events by which a case was put into another queue without a person or an escalation step saying so."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One contact, as it was judged, and where its case lies now.

    Attributes:
        arrival_id: the arrival that it was read from.
        received_at: when that came; what it was judged as of.
        judgement: every step.
        case_number: the case that it lies in, if any.
        is_first: it opened that case, which goes where its decision says.
        open: that case is open.
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
    open: bool
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

    def read(self, arrival_ids: Sequence[int]) -> Iterator[Judged]:
        """Yield what was judged of these arrivals, in the order given; one that is gone is left out."""
        for start in range(0, len(arrival_ids), _SLICE):
            wanted = arrival_ids[start : start + _SLICE]
            with self._database.reading() as connection:
                rows = connection.execute(_JUDGED.where(arrivals.c.id.in_(wanted))).all()
                judged = unpacked(connection, [row.judgement for row in rows])
            found = {row.id: _judged(row, judgement) for row, judgement in zip(rows, judged, strict=True)}
            yield from (found[arrival_id] for arrival_id in wanted if arrival_id in found)

    def last_model(self) -> str:
        """Return the learned model that was heard in what was judged last, as its digest; "" where that is unknown."""
        last = sa.select(judgements.c.judgement["decision"]).order_by(judgements.c.contact_id.desc()).limit(1)
        with self._database.reading() as connection:
            decision: dict[str, Any] | None = connection.execute(last).scalar_one_or_none()
        return str(decision.get("model_version", "")) if decision else ""

    def rules_used(self, since: datetime) -> set[str]:
        """Return the rules, as `file:id`, that decided, added or were observed for what came since then."""
        used: set[str] = set()
        with self._database.reading() as connection:
            for decision in connection.execute(_DECISIONS, {"since": since}).scalars():
                used |= {decision.get("rule", ""), *decision.get("added", ()), *decision.get("observed", ())}
        return used


_OF_CASE = contacts.alias()
_FIRST = sa.select(sa.func.min(_OF_CASE.c.id)).where(_OF_CASE.c.case_id == cases.c.id).scalar_subquery()
_PLACED = (
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
        _PLACED.label("placed"),
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


def _judged(row: Any, judgement: Judgement) -> Judged:
    return Judged(
        arrival_id=row.id,
        received_at=row.received_at,
        judgement=judgement,
        case_number=row.number,
        is_first=bool(row.is_first),
        open=row.state == "open",
        queue=row.queue,
        rule=row.rule,
        placed=row.placed["changed"].get("queue", (None, None))[1] if row.placed else None,
        owner=row.owner,
        by_hand=tuple(row.by_hand or ()),
        forced_case=row.forced_case,
    )
