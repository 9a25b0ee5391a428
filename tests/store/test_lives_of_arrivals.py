"""Whatever order things happen in, no arrival is lost, none is judged twice, and none has two cases."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dtm_contact.model import CaseKind
from dtm_contact.store import ArrivalState, Claimed, Store, open_store
from dtm_contact.store.schema import contacts
from tests.store.samples import FALLBACK, RECEPTION, arrival, daemon, judgement, minutes

WORKERS = ("first", "second")
KINDS = st.sampled_from(list(CaseKind))
Outcome = TypeVar("Outcome")


class LivesOfArrivals(RuleBasedStateMachine):
    """Two workers, who may crash, an agent, and senders who may send twice."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.accepted: set[str] = set()
        self.claims: list[Claimed] = []
        self.holding: dict[int, Claimed] = {}
        self.with_case: set[int] = set()
        self.clock = 0

    @initialize()
    def open(self) -> None:
        shutil.copy(self.template, self.folder / "store.db")
        self.store: Store = open_store(f"sqlite:///{self.folder}/store.db")
        for worker in WORKERS:
            self.store.leases.register(daemon(worker), 3600)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(number=st.integers(0, 2))
    def accept(self, number: int) -> None:
        self.store.arrivals.accept([arrival(str(number)), arrival("always")])
        self.accepted |= {str(number), "always"}

    @rule(worker=st.sampled_from(WORKERS))
    def claim(self, worker: str) -> None:
        self.clock += 1
        claimed = self.store.arrivals.claim(worker, minutes(self.clock))
        if claimed is not None:
            assert claimed.id not in self.holding
            self.claims.append(claimed)
            self.holding[claimed.id] = claimed

    @rule(worker=st.sampled_from(WORKERS))
    def crash(self, worker: str) -> None:
        """What a worker had claimed is released; it may still try to record it, if others only thought it dead."""
        self.store.leases.end(worker)
        self.store.leases.register(daemon(worker), 3600)
        self.holding = {number: held for number, held in self.holding.items() if held.worker != worker}

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), kind=KINDS)
    def record(self, data: st.DataObject, kind: CaseKind) -> None:
        claimed = self._one_of_the_claims(data)
        case = self._by(claimed, lambda: self.store.cases.record(claimed, judgement(kind), {}, minutes(self.clock)))
        if case is not None:
            self.with_case.add(claimed.id)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def park(self, data: st.DataObject) -> None:
        claimed = self._one_of_the_claims(data)
        now = minutes(self.clock)
        case = self._by(claimed, lambda: self.store.cases.park(claimed, "JudgeDied", FALLBACK, RECEPTION, now))
        if case is not None:
            self.with_case.add(claimed.id)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def put_off(self, data: st.DataObject) -> None:
        claimed = self._one_of_the_claims(data)
        until = minutes(self.clock + 2)
        self._by(claimed, lambda: self.store.arrivals.retry_later(claimed, "JudgeDied", until))

    @rule()
    def an_agent_looks_through(self) -> None:
        for line in self.store.arrivals.listing(ArrivalState.PARKED):
            self.store.arrivals.retry(line.id, "paul", minutes(self.clock))
        for line in self.store.arrivals.listing(ArrivalState.SET_ASIDE):
            self.store.arrivals.release(line.id, "paul", minutes(self.clock))

    def _one_of_the_claims(self, data: st.DataObject) -> Claimed:
        """The newest is the likeliest; any other may come late."""
        return data.draw(st.sampled_from([*self.claims, *self.claims[-1:] * len(self.claims)]))

    def _by(self, claimed: Claimed, act: Callable[[], Outcome]) -> Outcome:
        """Act on a claim; whoever does not hold it changes nothing."""
        before = self.store.arrivals.listing()
        outcome = act()
        if self.holding.get(claimed.id) == claimed:
            del self.holding[claimed.id]
        else:
            assert self.store.arrivals.listing() == before
        return outcome

    @invariant()
    def nothing_is_lost(self) -> None:
        assert {line.external_id for line in self.store.arrivals.listing()} == self.accepted

    @invariant()
    def every_arrival_has_one_contact_and_one_case_at_the_most(self) -> None:
        with self.store.database.reading() as connection:
            found = connection.execute(sa.select(contacts.c.arrival_id, contacts.c.case_id)).all()
        assert all(count == 1 for count in Counter(row.arrival_id for row in found).values())
        assert all(count == 1 for count in Counter(row.case_id for row in found if row.case_id).values())

    @invariant()
    def no_case_vanishes(self) -> None:
        shown = {line.id for line in self.store.arrivals.listing() if line.case_number}
        assert self.with_case <= shown
        assert len(self.store.cases.queue()) == len(shown)

    @invariant()
    def what_is_settled_is_not_claimed(self) -> None:
        for line in self.store.arrivals.listing():
            if line.state is ArrivalState.PARKED:
                assert line.case_number
            if line.state is ArrivalState.SET_ASIDE:
                assert line.case_number is None


def test_the_lives_of_arrivals(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LivesOfArrivals, "template", sqlite_template, raising=False)
    quick = settings(max_examples=30, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(LivesOfArrivals, settings=quick)
