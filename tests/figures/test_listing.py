"""The cases behind a figure are the same, however they are looked for and however many at once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.figures import listing
from dtm_contact.figures.definitions import BY_ID, FIGURES, Basis
from dtm_contact.figures.listing import cases_behind
from dtm_contact.figures.overview import Place
from dtm_contact.store import Store, open_store
from dtm_contact.store import figure_cases as stored
from dtm_contact.store.figure_cases import Among, CaseSearch, CasesWanted
from dtm_contact.store.schema import CORRECTIONS, cases, events
from tests.prove.figures import grounds, made_store
from tests.prove.program import chance
from tests.store.fresh import fresh_store

FIRST = date(2026, 3, 1)
DAYS = 60
SPAN = FIRST + timedelta(days=10), FIRST + timedelta(days=40)
LISTED = [figure.id for figure in FIGURES if figure.basis is not Basis.COUNTED_ONLY]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, datetime]]:
    """A store of two months."""
    url = f"sqlite:///{tmp_path_factory.mktemp('listing')}/store.db"
    fresh_store(url)
    with open_store(url) as store:
        yield store, made_store(store, 300, FIRST, DAYS, chance(5))


def listed(
    filled: tuple[Store, datetime], figure: str, place: Place, limit: int = 1000, seconds: float | None = None
) -> list[tuple[str, int]]:
    """Return the numbers of the cases behind a figure, and how often each is counted, page by page."""
    store, now = filled
    found, after, is_first = list[tuple[str, int]](), None, True
    while is_first or after is not None:
        page = cases_behind(store, BY_ID[figure], place, SPAN, grounds(now), after=after, limit=limit, seconds=seconds)
        found += [(each.case.number, each.times) for each in page.cases]
        after, is_first = page.after, False
    return found


@pytest.mark.parametrize("figure", LISTED)
def test_a_list_is_the_same_however_it_is_looked_for(
    filled: tuple[Store, datetime], figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (Place(), Place(office="malakoff"), Place(topic="heating")):
        whole = listed(filled, figure, place)
        with monkeypatch.context() as changed:
            changed.setattr(stored, "_FEW", 0)
            changed.setattr(stored, "_FEW_RECEIVED", 0)
            changed.setattr(stored, "_FIRST_EVENTS", 1)
            changed.setattr(listing, "_AT_LEAST", 3)
            changed.setattr(listing, "_AT_MOST", 3)
            changed.setattr(listing, "_OF_INCIDENTS", 3)
            changed.setattr(stored, "_NEAR", 0)
            assert listed(filled, figure, place, limit=5) == whole
            changed.setattr(stored, "_FIRST_STEP", 7)
            for seconds in (0, 60):
                assert listed(filled, figure, place, limit=5, seconds=seconds) == whole


def test_a_search_whose_time_is_over_says_that_it_goes_on(
    filled: tuple[Store, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_FIRST_STEP", 7)
    store, now = filled
    place, looked, after = Place(office="agence"), 0, None
    whole = cases_behind(store, BY_ID["opened"], place, SPAN, grounds(now))
    assert not whole.is_cut
    while looked == 0 or after is not None:
        page = cases_behind(store, BY_ID["opened"], place, SPAN, grounds(now), after=after, limit=100, seconds=0)
        assert page.is_cut == (page.after is not None)
        looked, after = looked + 1, page.after
    with store.database.reading() as connection:
        count = connection.execute(sa.select(sa.func.count()).where(cases.c.opened_at.is_not(None))).scalar_one()
    assert 1 < looked <= count // 7 + 2


@pytest.mark.parametrize("figure", ["opened", "in_time", "open", "transfers", "handed_in", "automatic_answers"])
def test_cases_that_lay_at_another_office_then_are_not_looked_at(
    filled: tuple[Store, datetime], figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, among = set[int](), CaseSearch.among

    def noting(search: CaseSearch, wanted: CasesWanted, limit: int) -> Among:
        found = among(search, wanted, limit)
        looked_at.update(found.ids)
        return found

    monkeypatch.setattr(CaseSearch, "among", noting)
    store, now = filled
    counted = cases_behind(store, BY_ID[figure], Place(office="agence"), SPAN, grounds(now)).cases
    with store.database.reading() as connection:
        numbers = {each.case.number for each in counted}
        ids = set(connection.execute(sa.select(cases.c.id).where(cases.c.number.in_(numbers))).scalars())
        undone = set(connection.execute(sa.select(events.c.case_id).where(events.c.what == "undone")).scalars())
    assert ids <= looked_at
    assert looked_at - ids <= undone


def test_what_is_looked_at_at_once_follows_from_what_is_missing(
    filled: tuple[Store, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, among = list[int](), CaseSearch.among

    def noting(search: CaseSearch, wanted: CasesWanted, limit: int) -> Among:
        asked.append(limit)
        return among(search, wanted, limit)

    monkeypatch.setattr(CaseSearch, "among", noting)
    monkeypatch.setattr(listing, "_AT_LEAST", 2)
    store, now = filled
    page = cases_behind(store, BY_ID["closed"], Place(office="malakoff"), SPAN, grounds(now), limit=10)
    assert len(page.cases) == 10
    assert asked[0] < 15
    # A few of the first were not counted: as few are looked at again, and not as many more.
    assert asked[1:]
    assert all(limit < asked[0] for limit in asked[1:])


def test_postgresql_lists_the_same(
    filled: tuple[Store, datetime], postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(postgresql_url) as store:
        other = store, made_store(store, 300, FIRST, DAYS, chance(5))
        for few in (stored._FEW, 0):
            for name in ("_FEW", "_FEW_RECEIVED"):
                monkeypatch.setattr(stored, name, few)
            monkeypatch.setattr(stored, "_FIRST_EVENTS", max(1, few))
            for figure in LISTED:
                place = Place(office="malakoff")
                whole = listed(filled, figure, place)
                assert listed(other, figure, place) == whole, figure
                assert listed(other, figure, place, seconds=0) == whole, figure


def test_each_correction_has_its_index() -> None:
    words = {word for figure in FIGURES if figure.basis is Basis.CORRECTED for word in figure.events}
    assert words == set(CORRECTIONS)


def test_most_of_those_lists_are_not_empty(filled: tuple[Store, datetime]) -> None:
    assert sum(bool(listed(filled, figure, Place())) for figure in LISTED) >= len(LISTED) // 2


@pytest.mark.parametrize(
    ("wanted", "steps"),
    [
        ({"basis": "moved_to", "office": "nord"}, ["ix_events_moves"]),
        ({"basis": "moved_to", "office": "nord", "residence": "R1"}, ["ix_events_moves (case_id=? AND at>? AND at<?)"]),
        ({"basis": "cried"}, ["ix_events_cries"]),
        ({"basis": "reopened"}, ["ix_events_openings"]),
        ({"basis": "opened", "office": "nord"}, ["COVERING INDEX ix_cases_opened_at", "ix_events_moves (case_id=?"]),
        ({"basis": "due", "urgent": True}, ["COVERING INDEX ix_cases_opened_at"]),
        ({"basis": "due", "residence": "R1"}, ["ix_cases_residence_id (residence_id=? AND opened_at<?)"]),
        ({"basis": "open", "answered": False}, ["COVERING INDEX ix_cases_opened_at", "ix_events_case_id"]),
        ({"basis": "open", "silent_since": datetime(2026, 3, 1, tzinfo=UTC)}, ["COVERING INDEX ix_cases_opened_at"]),
        ({"basis": "events", "events": ("done", "tried")}, ["COVERING INDEX ix_events_what"]),
        ({"basis": "corrected", "events": ("topic",)}, ["COVERING INDEX ix_events_corrections (what=? AND case_id>?"]),
        (
            {"basis": "corrected", "events": ("topic",), "residence": "R1"},
            ["COVERING INDEX ix_events_corrections (what=? AND case_id=?", "ix_cases_residence_id"],
        ),
        ({"basis": "unserved", "outcomes": ("abandoned",)}, ["COVERING INDEX ix_contacts_called"]),
        ({"basis": "call_backs", "outcomes": ("abandoned",)}, ["COVERING INDEX ix_contacts_called"]),
        ({"basis": "contacts"}, ["COVERING INDEX ix_contacts_called", "(arrival_id>? AND arrival_id<?)"]),
    ],
)
def test_no_list_is_looked_for_in_all_cases_or_events(
    sqlite_store: Store, wanted: dict[str, Any], steps: list[str]
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sqlite_store.database.engine, "before_cursor_execute", note)
    with sqlite_store.database.reading() as connection:
        start, end = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4))
        CaseSearch(connection).among(CasesWanted(start, end, **wanted), 100)
    plan = list[str]()
    with sqlite_store.database.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                cursor = connection.connection.cursor()
                cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
                plan += [row[-1] for row in cursor.fetchall()]
    assert [step for step in steps if not any(step in each for each in plan)] == [], plan
    assert not any("SCAN" in each and "anon" not in each and "CONSTANT" not in each for each in plan), plan
