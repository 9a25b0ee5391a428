"""One more figure is one declaration: it is counted, shown, saved and explained, and older days are made up for."""

import ast
import asyncio
import inspect
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from dtm_contact.cli.figures import definitions_markdown
from dtm_contact.explain.names import Names
from dtm_contact.figures import case_facts, definitions
from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.counting import definitions_text
from dtm_contact.figures.definitions import Basis, EventCount, Figure, declare, kept_words, measure_digests
from dtm_contact.figures.files import as_rows
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place
from dtm_contact.figures.report import report_text
from dtm_contact.pipeline import Grounds
from dtm_contact.privacy.data_place import counted_part
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from tests.cases.conftest import RULES, Desk
from tests.figures.test_keeping import Counted, keeper
from tests.prove.figures_store import PARIS
from tests.rules.cast import DIRECTORY
from tests.rules.once import load_once
from tests.store.samples import NOW, judgement, open_case

TODAY = NOW.date()
LONG_AGO = NOW - timedelta(days=40)
NOTES = Figure(
    id="notes",
    group="engine",
    title="Notes laissées",
    counts="Notes, le jour où elles sont laissées.",
    title_en="Notes left",
    counts_en="Notes, on the day they are left.",
    source="events",
    measure="notes",
    basis=Basis.EVENTS,
    events=("noted",),
    counter=EventCount(),
    reported=True,
)


@pytest.fixture
def undeclared() -> Iterator[None]:
    """Take back what a test declares."""
    by_id, by_event = dict(definitions._BY_ID), {what: list(each) for what, each in definitions._BY_EVENT.items()}
    yield
    for table, kept in ((definitions._BY_ID, by_id), (definitions._BY_EVENT, by_event)):
        table.clear()
        table.update(kept)  # type: ignore[arg-type]


def noted_long_ago(store: Store) -> Desk:
    """Leave a note on a case that was opened long ago."""
    desk = Desk(store, Grounds.build(DIRECTORY, load_once(RULES), Settings.defaults()))
    number = open_case(store, "one", judgement(queue="bagnolet"), LONG_AGO)
    desk.do(number, "note", at=LONG_AGO + timedelta(minutes=5), text="à rappeler")
    return desk


def counts_of(store: Store, grain: str, day: date) -> dict[str, int]:
    (period,) = store.figures.periods(grain, day, day)
    cells = FigureCells.unpack(period.keys, period.measures, period.cells)
    return dict(cells.whole())


@pytest.mark.usefixtures("undeclared")
def test_a_figure_is_one_declaration_and_days_before_it_are_made_up_for(sqlite_store: Store) -> None:
    desk = noted_long_ago(sqlite_store)
    (number,) = (case.number for case in sqlite_store.cases.queue())
    clock, count = [LONG_AGO + timedelta(hours=1)], Counted(sqlite_store)
    kept = keeper(sqlite_store, clock, count)
    asyncio.run(kept.look())
    clock[0] = NOW + timedelta(hours=1)
    asyncio.run(kept.look())
    before = counts_of(sqlite_store, "day", LONG_AGO.date())
    assert "notes" not in before
    asked = len(count.asked)

    declare(NOTES)
    desk.do(number, "done", at=NOW, reason="réparé")
    asyncio.run(kept.look())
    # The present day, then the 31 latest days that are older than the figure, and at the next look the rest.
    assert count.asked[asked:] == [(TODAY, TODAY), (TODAY - timedelta(days=31), TODAY - timedelta(days=1))]
    assert "notes" not in counts_of(sqlite_store, "day", LONG_AGO.date())
    asyncio.run(kept.look())
    assert counts_of(sqlite_store, "day", LONG_AGO.date()) == {**before, "notes": 1}
    assert counts_of(sqlite_store, "month", LONG_AGO.date().replace(day=1))["notes"] == 1
    asked = len(count.asked)
    asyncio.run(kept.look())
    assert count.asked[asked:] == [(TODAY, TODAY)]

    span = FigureSpan.of(Grain.MONTH, LONG_AGO.date())
    overview = Overview(FigureReader(sqlite_store.figures), DIRECTORY, span, Place(), TODAY)
    rows = [row for row in as_rows(overview, "bureaux", lambda _column, code: code) if row["chiffre"] == "notes"]
    assert [row["valeur"] for row in rows if row["bureau"] == "ensemble"] == [1]
    assert "| `notes` | Notes laissées |" in definitions_markdown()
    assert "Notes laissées : ensemble 1" in report_text(overview, Names(DIRECTORY, {}, PARIS), DIRECTORY)


@pytest.mark.usefixtures("undeclared")
def test_what_was_counted_long_ago_stays_where_another_figure_is_made_up_for(sqlite_store: Store) -> None:
    noted_long_ago(sqlite_store)
    asyncio.run(keeper(sqlite_store, [NOW], Counted(sqlite_store)).look())
    (counted,) = sqlite_store.figures.periods("day", LONG_AGO.date(), LONG_AGO.date())
    cells = FigureCells.pack({("AG", "", "gas"): {"opened": 7, "first_answer:3": 2}})
    keys, measures = [list(key) for key in cells.keys], list(cells.measures)
    sqlite_store.figures.put([counted._replace(keys=keys, measures=measures, cells=cells.octets)])
    declare(NOTES)
    asyncio.run(keeper(sqlite_store, [NOW], Counted(sqlite_store)).look())
    asyncio.run(keeper(sqlite_store, [NOW], Counted(sqlite_store)).look())
    found = counts_of(sqlite_store, "day", LONG_AGO.date())
    assert found == {"opened": 7, "first_answer:3": 2, "notes": 1}


@pytest.mark.usefixtures("undeclared")
def test_what_was_erased_since_stays_counted_where_a_figure_is_counted_otherwise(sqlite_store: Store) -> None:
    noted_long_ago(sqlite_store)
    asyncio.run(keeper(sqlite_store, [NOW], Counted(sqlite_store)).look())
    (counted,) = sqlite_store.figures.periods("day", LONG_AGO.date(), LONG_AGO.date())

    def counted_before(opened: int) -> dict[str, int]:
        cells = FigureCells.pack({("AG", "", "gas"): {"opened": opened, "open": 9}})
        keys, measures = [list(key) for key in cells.keys], list(cells.measures)
        by = json.dumps(dict.fromkeys(known, "other"))
        before = counted._replace(keys=keys, measures=measures, cells=cells.octets, definitions=by)
        sqlite_store.figures.put([before])
        for _ in range(2):
            asyncio.run(keeper(sqlite_store, [NOW], Counted(sqlite_store)).look())
        return counts_of(sqlite_store, "day", LONG_AGO.date())

    known = measure_digests()
    declare(NOTES)
    assert counted_before(opened=7) == {"opened": 7, "open": 9, "notes": 1}
    assert counted_before(opened=1)["open"] == 1


@pytest.mark.usefixtures("undeclared")
def test_a_definition_is_told_by_its_digest_and_words_are_none_of_it() -> None:
    before = measure_digests()
    declare(NOTES)
    after = measure_digests()
    assert {name: digest for name, digest in after.items() if name != "notes"} == before
    assert definitions_text().startswith('{"alarm_look": "')
    for other in (
        Figure(**{**_fields(NOTES), "id": "n2", "measure": "n2", "counter": EventCount({"kind": "x"})}),
        Figure(**{**_fields(NOTES), "id": "n3", "measure": "n3", "revision": 2}),
    ):
        declare(other)
    with pytest.raises(ValueError, match="notes is declared twice"):
        declare(NOTES)
    with pytest.raises(ValueError, match="of no group"):
        declare(Figure(**{**_fields(NOTES), "id": "n4", "group": "weather"}))
    with pytest.raises(ValueError, match="names none"):
        declare(Figure(**{**_fields(NOTES), "id": "n5", "events": ()}))
    with pytest.raises(ValueError, match="which another figure has"):
        declare(Figure(**{**_fields(NOTES), "id": "n6"}))
    with pytest.raises(ValueError, match="part of nowhere, which no figure before it has"):
        declare(Figure(**{**_fields(NOTES), "id": "n7", "measure": "n7", "whole": "nowhere"}))
    definitions._BY_ID["notes"] = Figure(**{**_fields(NOTES), "title": "Autre titre"})
    assert measure_digests()["notes"] == after["notes"]
    definitions._BY_ID["notes"] = Figure(**{**_fields(NOTES), "revision": 2})
    assert measure_digests()["notes"] != after["notes"]


def test_what_figures_read_of_events_stays_when_a_person_is_erased() -> None:
    read = set()
    for node in ast.walk(ast.parse(inspect.getsource(case_facts))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"data.get", "event.data.get"}:
            read.add(ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else "state")
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[-1]).endswith("data"):
            read.add(ast.literal_eval(node.left))
    assert {"undoes", "alarm", "changed"} <= read
    assert read <= case_facts.READS
    changes = {"changed": {"state": ["open", "closed"]}, "restored": {"state": ["closed", "open"]}}
    data: dict[str, Any] = {**dict.fromkeys((*case_facts.READS, *kept_words()), "x"), **changes}
    assert counted_part(data | {"reason": "words"}) == data


def _fields(figure: Figure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in Figure.__dataclass_fields__}
