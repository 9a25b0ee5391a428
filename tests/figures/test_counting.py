"""Every figure is the number that SQL finds, on a short store; `python -m tests.prove figures` has the long one."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from dtm_contact.figures.counting import count_days
from dtm_contact.store import open_store
from tests.prove import figures as proof
from tests.prove import figures_sql, figures_store
from tests.prove.program import chance
from tests.store.fresh import fresh_store

FIRST = date(2026, 3, 16)


def test_every_figure_is_what_sql_finds_and_the_same_from_nothing(tmp_path: Path) -> None:
    # Over the last Sunday of March, Easter and May's holidays.
    outcome = proof.prove_figures(tmp_path, 1200, chance(7), days=70, first=FIRST)
    assert outcome.faults == []
    assert outcome.quantiles > 500


def test_a_wrong_count_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.figures.case_facts.ANSWERS", frozenset({"replied"}))
    outcome = proof.prove_figures(tmp_path, 150, chance(7), days=20, first=FIRST)
    assert any(fault.startswith("due_met") for fault in outcome.faults)


def test_both_databases_count_the_same(sqlite_url: str, postgresql_url: str) -> None:
    found = []
    for url in (sqlite_url, postgresql_url):
        with open_store(url) as store:
            now = proof.made_store(store, 300, FIRST, 20, chance(5))
            counted = count_days(store, FIRST, FIRST + timedelta(days=20), proof.grounds(now))
            proof.hold_lists(store, counted, now, lists := proof.Outcome(300))
            assert lists.faults == []
            assert lists.lists > 100
            found.append({day: (cells.keys, cells.measures, cells.octets) for day, cells in counted.items()})
    assert found[0] == found[1]
    assert sum(len(keys) for keys, _, _ in found[0].values()) > 200


def test_a_day_that_is_counted_alone_has_the_calls_of_the_weeks_that_its_office_was_closed(tmp_path: Path) -> None:
    fresh_store(url := f"sqlite:///{tmp_path}/figures.db")
    with open_store(url) as store:
        known = proof.grounds(proof.made_store(store, 400, FIRST, 40, chance(5)))
        whole = count_days(store, FIRST, FIRST + timedelta(days=40), known)
        for day, cells in whole.items():
            assert count_days(store, day, day, known)[day].counted() == cells.counted(), day
    # The office of Champigny was closed for two weeks, and over Easter: what came since is due on this one day.
    (closed, again) = (
        sum(whole[day].whole(("champigny", None, None))["call_backs_due"] for day in whole if first <= day <= last)
        for first, last in ((date(2026, 3, 23), date(2026, 4, 6)), (date(2026, 4, 7), date(2026, 4, 7)))
    )
    assert closed < again
    assert again > 5


def test_the_two_hands_know_the_same_hours() -> None:
    assert set(figures_sql._HOURS) == set(figures_store.OFFICES)
