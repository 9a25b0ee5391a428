"""Whatever an agent does to a case, taking it all back leaves the case as it was."""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtm_contact.cases import RefusedError, WrongArgumentError
from dtm_contact.cases.verbs.calling_back import CallBackOutcome
from dtm_contact.pipeline import Grounds
from dtm_contact.store import Store, open_store
from dtm_contact.store.schema import case_links, confirmed_contacts
from tests.cases.conftest import Desk
from tests.store.samples import NOW, minutes

ONE, TWO = "2026-000001", "2026-000002"
TIMES = st.integers(1, 300).map(lambda count: minutes(count).isoformat())
STEPS = st.one_of(
    st.just(("take", {})),
    st.just(("release", {})),
    st.sampled_from(["pantin", "malakoff", "bagnolet"]).map(lambda queue: ("move", {"queue": queue, "reason": "là"})),
    TIMES.map(lambda until: ("wait", {"until": until})),
    st.just(("resume", {})),
    st.sampled_from([{"reason": "fait"}, {"danger_over": "checked"}]).map(lambda why: ("done", why)),
    st.tuples(st.sampled_from(list(CallBackOutcome)), st.none() | st.just("joint"), st.none() | TIMES).map(
        lambda of: ("call_back", {"outcome": of[0], "text": of[1], "again": of[2]})
    ),
    st.just(("reopen", {})),
    st.just(("note", {"text": "vu"})),
    st.sampled_from([{"add": ["a"]}, {"add": ["b"]}, {"remove": ["a"]}]).map(lambda tags: ("tag", tags)),
    st.sampled_from([{}, {"tenant": "T01"}, {"tenant": "T03"}, {"dwelling": "L02"}]).map(lambda who: ("tenant", who)),
    st.just(("confirm", {"value": "06 98 76 54 32"})),
    st.just(("unconfirm", {})),
    st.sampled_from(["heating", "plumbing", "gas"]).map(lambda topic: ("topic", {"topic": topic})),
    st.sampled_from(["P1", "P2", "P3"]).map(lambda to: ("priority", {"priority": to, "reason": "relu"})),
    st.just(("link", {"other": TWO})),
    st.just(("merge", {"into": TWO})),
    st.sampled_from([[1], [3], [1, 3]]).map(lambda arrivals: ("split", {"arrivals": arrivals})),
    st.just(("undo", {})),
)  # fmt: skip


def state(store: Store) -> list[Any]:
    """Return all that the two cases are, but for their versions and what happened."""
    files = [store.cases.get(number) for number in (ONE, TWO)]
    with store.database.reading() as connection:
        tables = [connection.execute(table.select()).all() for table in (case_links, confirmed_contacts)]
        whom = "SELECT arrival_id, case_id, tenant_id, dwelling_id, residence_id FROM contacts ORDER BY id"
        contacts = connection.exec_driver_sql(whom).all()
    return [*(replace(file.case, version=0) for file in files), *tables, contacts]


def undo(desk: Desk, at: datetime) -> None:
    """Take the last change back, and say what must be said where that ends a danger."""
    for why in ({}, {"reason": "par erreur"}):
        with suppress(WrongArgumentError):
            desk.do(ONE, "undo", at=at, **why)
            return
    desk.do(ONE, "undo", at=at, danger_over="false_alarm")


def done(desk: Desk, steps: list[tuple[str, dict[str, Any]]]) -> int:
    """Do what is not refused; return how many changes stand at the end."""
    changes = 0
    for count, (verb, arguments) in enumerate(steps):
        at: datetime = NOW + timedelta(minutes=count)
        try:
            if verb == "undo":
                undo(desk, at)
                changes -= 1
            else:
                # A call-back with words is several, taken back one by one: what was said outlasts the slip.
                changes += sum("changed" in event.data for event in desk.do(ONE, verb, at=at, **arguments).events)
        except RefusedError:
            continue
    return changes


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_all_that_was_done_can_be_undone(
    sqlite_template: Path, grounds: Grounds, steps: list[tuple[str, dict[str, Any]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, f"{folder}/store.db")
        with open_store(f"sqlite:///{folder}/store.db") as store:
            desk = Desk(store, grounds)
            for external_id in ("one", "two", "three"):
                desk.open(external_id)
            desk.do("2026-000003", "merge", into=ONE, actor="anne")
            before = state(store)
            for _ in range(done(desk, steps)):
                undo(desk, minutes(400))
            assert state(store) == before
