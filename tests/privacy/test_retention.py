"""Each class of data goes at its age and not before; what is open, held or at work stays; nights run it once."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.directory.records import Records
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import CaseKind, EntryKind
from dtm_contact.privacy.ages import steps
from dtm_contact.privacy.erasing import ask_to_erase, sweep
from dtm_contact.privacy.record import Erasures, folder_of
from dtm_contact.privacy.register import as_markdown, notice
from dtm_contact.privacy.retention import FOLLOWER, NightlyRetention, Passed, RetentionPace, RetentionPass, planned
from dtm_contact.privacy.subject import person_named
from dtm_contact.settings import PrivacySettings, RetentionSettings, Settings
from dtm_contact.store import Account, Origin, Store, TrailLine
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import (
    arrival_bodies,
    arrivals,
    cases,
    confirmed_contacts,
    contacts,
    judgements,
    metadata,
    outbox,
    register_entries,
)
from dtm_contact.store.system_schema import (
    account_identities,
    accounts,
    audit_trail,
    entry_failures,
    entry_links,
    recovery_codes,
    second_factors,
    sessions,
)
from tests.privacy.planted import TENANT, lease
from tests.store.samples import NOW, arrival, claim, confirmed, entered, judgement, open_case

SETTINGS = Settings.defaults()
DAY = timedelta(days=1)
YEAR = timedelta(days=366)
DIGEST = "digest"


def passed(store: Store, now: datetime, settings: Settings = SETTINGS) -> Passed:
    return RetentionPass(settings, store, share=100).run(now)


def closed_case(store: Store, name: str = "one", at: datetime = NOW) -> str:
    number = open_case(store, name, judgement())
    change(store, number, state="closed", closed_at=at)
    return number


def change(store: Store, number: str, **values: Any) -> None:
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == number).values(values))


def count(store: Store, table: sa.Table) -> int:
    with store.database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_closed_case_is_archived_then_erased_with_all_that_is_of_it(store: Store) -> None:
    number = closed_case(store)
    assert passed(store, NOW + YEAR - 2 * DAY).counts["cases archived"] == 0
    done = passed(store, NOW + YEAR)
    assert (done.counts["cases archived"], done.counts["messages as they came"]) == (1, 1)
    case = store.desk.case(number)
    assert case is not None
    assert case.archived
    assert text_of(case.subject) == "Fuite sous l’évier"
    assert (count(store, arrival_bodies), count(store, arrivals)) == (0, 1)
    # Its text was read out of it, which the schema keeps as long as the case, and the notice tells so.
    assert count(store, judgements) == 1
    told = as_markdown(notice(SETTINGS))
    assert "Le texte de vos messages, et ce qu’un programme en a compris | comme le dossier" in told
    assert "son texte reste" in told
    assert passed(store, NOW + 3 * YEAR - 9 * DAY).counts["cases"] == 0
    assert passed(store, NOW + 3 * YEAR).counts["cases"] == 1
    assert [count(store, table) for table in (cases, contacts, arrivals, judgements)] == [0, 0, 0, 0]


def test_a_large_message_is_overwritten_in_pieces_and_leaves_no_octet(sqlite_store: Store) -> None:
    secret = b"grandmessage7731 " * 200_000
    sqlite_store.arrivals.accept([arrival(raw=secret)])
    claimed = sqlite_store.arrivals.claim("worker", NOW)
    assert claimed is not None
    number = sqlite_store.cases.record(claimed, judgement(), {}, NOW)
    assert number is not None
    change(sqlite_store, number, state="closed", closed_at=NOW)
    done = passed(sqlite_store, NOW + YEAR)
    assert done.counts["messages as they came"] == 1
    path = sqlite_store.database.sqlite_path
    assert path is not None
    sqlite_store.close()
    assert not any(b"grandmessage7731" in each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_large_messages_of_no_case_are_overwritten_in_pieces_and_no_transaction_takes_many(sqlite_store: Store) -> None:
    large, middling = b"reclameplante9921 " * 200_000, b"reclameplante9921 " * 50_000
    for raw in (large, *(middling,) * 9):
        sqlite_store.arrivals.accept([arrival(f"spam-{len(raw)}-{count(sqlite_store, arrivals)}", raw=raw)])
        claimed = sqlite_store.arrivals.claim("worker", NOW)
        assert claimed is not None
        sqlite_store.cases.record(claimed, judgement(CaseKind.SPAM), {}, NOW)
    done = passed(sqlite_store, NOW + 93 * DAY)
    assert done.counts["messages and calls of no case"] == 10
    # Four pieces of the large one, and no more than two of the others at once.
    assert done.transactions >= 4 + 1 + 5
    path = sqlite_store.database.sqlite_path
    assert path is not None
    sqlite_store.close()
    assert not any(b"reclameplante9921" in each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_a_case_that_was_opened_again_is_not_archived(store: Store) -> None:
    number = closed_case(store)
    passed(store, NOW + YEAR)
    change(store, number, state="open", closed_at=None)
    case = store.desk.case(number)
    assert case is not None
    assert not case.archived
    change(store, number, state="closed", closed_at=NOW + YEAR + DAY)
    assert passed(store, NOW + YEAR + 2 * DAY).counts["cases archived"] == 0
    case = store.desk.case(number)
    assert case is not None
    assert not case.archived


@pytest.mark.parametrize("why", ["open", "held", "waiting to be sent", "parked"])
def test_what_is_at_work_is_never_erased_by_age(store: Store, why: str) -> None:
    number = closed_case(store)
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id)).scalar_one()
        match why:
            case "open":
                connection.execute(sa.update(cases).values(state="open", closed_at=None))
            case "held":
                connection.execute(legal_holds.insert(), {"case_id": case_id, "since": NOW, "who": "p", "why": "w"})
            case "parked":
                connection.execute(sa.update(arrivals).values(state="parked"))
            case _:
                letter = {"case_id": case_id, "kind": "reply", "reason": "r", "to_address": "a@b.example"}
                letter |= {"mail_from": "u@o.example", "message_id": "m", "raw": b"x", "state": "waiting"}
                connection.execute(outbox.insert(), letter | {"created_at": NOW})
    done = passed(store, NOW + 9 * YEAR)
    assert done.counts["cases"] == done.counts["messages as they came"] == 0
    assert text_of(store.cases.get(number).case.subject) == "Fuite sous l’évier"
    assert count(store, arrival_bodies) == 1


def test_what_became_no_case_goes_after_three_months(store: Store) -> None:
    store.cases.record(claim(store), judgement(CaseKind.SPAM), {}, NOW)
    assert passed(store, NOW + 89 * DAY).counts["messages and calls of no case"] == 0
    assert passed(store, NOW + 93 * DAY).counts["messages and calls of no case"] == 1
    assert (count(store, arrivals), count(store, contacts)) == (0, 0)


def test_nothing_goes_that_the_nights_still_count_or_the_journal_still_holds(store: Store) -> None:
    store.cases.record(claim(store), judgement(CaseKind.SPAM), {}, NOW)
    figures = SETTINGS.model_copy(update={"figures": SETTINGS.figures.model_copy(update={"days": 300})})
    journal = SETTINGS.model_copy(update={"journal": SETTINGS.journal.model_copy(update={"days": 300})})
    for settings in (figures, journal):
        assert passed(store, NOW + 200 * DAY, settings).counts["messages and calls of no case"] == 0
    assert passed(store, NOW + 303 * DAY, journal).counts["messages and calls of no case"] == 1


def test_what_agents_confirmed_and_entered_goes_three_years_after_the_last_lease(store: Store) -> None:
    ended = date(2027, 1, 31)
    store.directory.save(
        Records(leases=[lease(TENANT, "Roy", "Ana", "a@b.example", "", ended), lease("T2", "Roy", "Al", "", "", None)]),
        "import",
        NOW,
        Origin(None, NOW),
    )
    for tenant in (TENANT, "T2"):
        confirmed(store, "address", f"{tenant.lower()}@b.example", tenant)
        entered(store, tenant, EntryKind.LANGUAGE, "pt")
    late = datetime(2030, 1, 20, tzinfo=NOW.tzinfo)
    passed(store, late)
    assert (count(store, confirmed_contacts), count(store, register_entries)) == (2, 2)
    passed(store, late + 20 * DAY)
    assert (count(store, confirmed_contacts), count(store, register_entries)) == (1, 1)
    assert len(store.directory.load().leases) == 2
    done = passed(store, late + 2 * YEAR + 20 * DAY)
    assert done.counts["tenants of the directory"] == 1
    assert [each.tenant_id for each in store.directory.load().leases] == ["T2"]


def test_the_audit_trail_is_kept_a_year(store: Store) -> None:
    store.accounts.trail(TrailLine(NOW, "paul", "read", "2026-000001"))
    passed(store, NOW + YEAR - 2 * DAY)
    assert count(store, audit_trail) == 1
    passed(store, NOW + YEAR)
    assert count(store, audit_trail) == 0


def test_what_let_somebody_in_goes_a_year_after_their_account_was_closed(store: Store) -> None:
    for name in ("anne", "paul"):
        store.accounts.add(
            Account(0, name, name.title(), "agent", "nord", password=DIGEST, email=f"{name}@b.example"), NOW
        )
        account = store.accounts.named(name)
        store.second_factors.propose(account.id, "JBSWY3DP")
        store.second_factors.confirm(account.id, "JBSWY3DP", 1, ["one", "two"], NOW)
        with store.database.writing() as connection:
            values = {"issuer": "https://login.example", "subject": name, "account_id": account.id}
            connection.execute(account_identities.insert(), values)
    store.accounts.disable(store.accounts.named("anne").id, NOW)
    tables = second_factors, recovery_codes, account_identities
    passed(store, NOW + YEAR - 2 * DAY)
    assert [count(store, table) for table in tables] == [2, 4, 2]
    at = NOW + YEAR
    plan = {step.name: step.rows for step in planned(SETTINGS, store, at) if "accounts" in step.name and step.rows}
    done = passed(store, at)
    assert plan == {name: rows for name, rows in done.counts.items() if "accounts" in name and rows}
    assert [count(store, table) for table in tables] == [1, 2, 1]
    anne, paul = store.accounts.named("anne"), store.accounts.named("paul")
    assert (anne.password, anne.email, anne.shown_as) == (None, None, "Anne"), "the name stands in what she did"
    assert (paul.password, paul.email) == (DIGEST, "paul@b.example")
    assert store.second_factors.of(paul.id).secret == "JBSWY3DP"
    assert sum(passed(store, at).counts.values()) == 0


def test_sessions_links_and_wrong_passwords_go_a_day_after_their_end(store: Store) -> None:
    store.accounts.add(Account(0, "anne", "Anne", "agent", "nord"), NOW)
    anne = store.accounts.named("anne").id
    with store.database.writing() as connection:
        connection.execute(sessions.insert(), {"digest": "s", "account_id": anne, "opened_at": NOW, "seen_at": NOW})
        connection.execute(
            entry_links.insert(), {"digest": "l", "account_id": anne, "ends_at": NOW, "purpose": "invite"}
        )
        failure = {"account_id": anne, "device": "", "failures": 3, "last_at": NOW}
        connection.execute(entry_failures.insert(), failure)
    tables = sessions, entry_links, entry_failures
    passed(store, NOW + timedelta(hours=23))
    assert [count(store, table) for table in tables] == [1, 1, 1]
    passed(store, NOW + timedelta(hours=25))
    assert [count(store, table) for table in tables] == [1, 0, 0], "a session lasts some hours"
    passed(store, NOW + timedelta(hours=25 + SETTINGS.desk.session_hours))
    assert [count(store, table) for table in tables] == [0, 0, 0]


def test_every_table_of_accounts_has_its_step() -> None:
    stepped = {step.key.table.name for step in steps(SETTINGS, NOW)}
    of_accounts = {table.name for table in metadata.tables.values() if "account_id" in table.c or table is accounts}
    # Drafts go with their files and the pages that wrote them by their own step, who writes by `until`.
    elsewhere = {"drafts", "ended_writings", "files", "writers"}
    assert of_accounts - elsewhere <= stepped


def test_a_plan_tells_what_a_pass_does_and_changes_nothing(store: Store) -> None:
    closed_case(store)
    at = NOW + YEAR
    steps = {step.name: step.rows for step in planned(SETTINGS, store, at)}
    assert count(store, arrival_bodies) == 1
    done = passed(store, at)
    assert steps == {name: rows for name, rows in done.counts.items() if name != "drafts"}
    assert {step.rows for step in planned(SETTINGS, store, at)} == {0}


def test_a_pass_that_is_stopped_ends_between_two_transactions(sqlite_store: Store) -> None:
    for name in ("one", "two", "three"):
        closed_case(sqlite_store, name)
    stopped = threading.Event()
    settings = SETTINGS.model_copy(update={"retention": RetentionSettings(transaction_ms=5)})
    part = RetentionPass(settings, sqlite_store, stopped=stopped, rest=lambda _seconds: stopped.set()).run(NOW + YEAR)
    assert not part.finished
    assert part.transactions == 1
    assert passed(sqlite_store, NOW + YEAR).finished


class FakeTime:
    """A clock that a transaction moves on by as much as it is said to last, and in which a rest passes at once."""

    def __init__(self, lasts: float) -> None:
        self.now = 0.0
        self.lasts = lasts
        self.rested: list[float] = []

    def __call__(self) -> float:
        self.now += self.lasts
        return self.now

    def rest(self, seconds: float) -> None:
        self.rested.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("share", "lasts", "rest"), [(0.5, 0.01, 5.97), (20.0, 0.01, 0.12), (0.5, 3.0, 30.0)])
def test_a_pass_rests_so_that_it_has_the_store_for_its_share_of_the_time(
    sqlite_store: Store, share: float, lasts: float, rest: float
) -> None:
    for name in ("one", "two", "three"):
        closed_case(sqlite_store, name)
    fake = FakeTime(lasts)
    done = RetentionPass(SETTINGS, sqlite_store, share=share, rest=fake.rest, clock=fake).run(NOW + YEAR)
    assert done.transactions == len(fake.rested) > 1
    # The work, its commit, and what it left in the log taken into the file: the clock is read after each.
    assert fake.rested == pytest.approx([rest] * len(fake.rested))


def test_a_pass_that_may_take_all_of_the_time_rests_nowhere(sqlite_store: Store) -> None:
    closed_case(sqlite_store)
    fake = FakeTime(0.01)
    assert RetentionPass(SETTINGS, sqlite_store, share=100, rest=fake.rest, clock=fake).run(NOW + YEAR).finished
    assert fake.rested == []


def test_a_pass_leaves_no_log_for_others_to_take_into_the_file(sqlite_store: Store) -> None:
    closed_case(sqlite_store)
    path = sqlite_store.database.sqlite_path
    assert path is not None
    before = path.stat().st_mtime_ns
    changed: list[bool] = []
    RetentionPass(SETTINGS, sqlite_store, rest=lambda _seconds: changed.append(path.stat().st_mtime_ns > before)).run(
        NOW + YEAR
    )
    assert changed[0], "what the first transaction wrote is in the file already when the pass rests"


@pytest.mark.parametrize(("worked", "expected"), [(0.02, 40), (0.01, 80), (0.001, 80), (0.04, 20), (4.0, 1)])
def test_a_transaction_takes_as_many_rows_as_fit_its_time(worked: float, expected: int) -> None:
    assert RetentionPace(0.5, 0.02, 1, lambda _seconds: None).next_batch(40, worked, 500) == expected


@pytest.mark.parametrize(("lasts", "transactions"), [(0.001, 37), (0.0, 1)])
def test_pages_are_given_back_until_the_time_of_a_transaction_is_over(
    sqlite_store: Store, lasts: float, transactions: int
) -> None:
    for name in ("one", "two"):
        sqlite_store.arrivals.accept([arrival(name, raw=bytes(1_500_000))])
        claimed = sqlite_store.arrivals.claim("worker", NOW)
        assert claimed is not None
        sqlite_store.cases.record(claimed, judgement(CaseKind.SPAM), {}, NOW)
    path = sqlite_store.database.sqlite_path
    assert path is not None
    sqlite_store.database.restart_log()
    before = path.stat().st_size
    fake = FakeTime(lasts)
    done = RetentionPass(SETTINGS, sqlite_store, share=100, rest=fake.rest, clock=fake).run(NOW + 93 * DAY)
    assert path.stat().st_size < before - 2_900_000
    # Four pieces overwritten, two messages deleted, and of some 730 pages twenty at a time, or all at once.
    assert done.transactions == pytest.approx(4 + 1 + transactions, abs=1)


def test_who_reads_the_log_keeps_a_pass_from_emptying_it_and_nobody_from_writing(sqlite_store: Store) -> None:
    closed_case(sqlite_store)
    rested: list[float] = []

    def rest(seconds: float) -> None:
        rested.append(seconds)
        sqlite_store.arrivals.accept([arrival(f"meanwhile-{len(rested)}")])

    with sqlite_store.database.reading() as reader:
        reader.execute(sa.select(sa.func.count()).select_from(cases)).scalar_one()
        RetentionPass(SETTINGS, sqlite_store, rest=rest).run(NOW + YEAR)
        assert sweep(sqlite_store.database, rest) == "log in use"
    assert len(rested) > 10
    assert sweep(sqlite_store.database, rest) == "log emptied"


def test_python_looks_for_cycles_between_two_transactions_and_not_in_one(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_case(sqlite_store)
    plain = sqlite_store.database.writing
    within: list[bool] = []
    at_rest: list[bool] = []

    @contextmanager
    def watched(**options: bool) -> Iterator[sa.Connection]:
        with plain(**options) as connection:
            yield connection
            within.append(gc.isenabled())

    monkeypatch.setattr(sqlite_store.database, "writing", watched)
    done = RetentionPass(SETTINGS, sqlite_store, rest=lambda _seconds: at_rest.append(gc.isenabled())).run(NOW + YEAR)
    assert done.transactions > 1
    assert set(within[: done.transactions]) == {False}
    assert set(at_rest) == {True}


def test_a_slow_disk_makes_no_transaction_smaller(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        closed_case(sqlite_store, f"case-{number}")
    fake = FakeTime(0.001)
    plain = sqlite_store.database.writing

    @contextmanager
    def slowly(**options: bool) -> Iterator[sa.Connection]:
        with plain(**options) as connection:
            yield connection
            fake.now += 0.5

    monkeypatch.setattr(sqlite_store.database, "writing", slowly)
    done = RetentionPass(SETTINGS, sqlite_store, rest=fake.rest, clock=fake).run(NOW + YEAR)
    assert done.longest > 0.5
    assert done.longest_step in done.counts
    # Ten cases are archived and then twenty, and as many messages go: each commit took half a second.
    assert done.transactions <= 6


@pytest.fixture
def hours() -> list[datetime]:
    return [datetime(2027, 12, 1, 1, 0, tzinfo=NOW.tzinfo)]


def test_a_night_runs_it_once_where_this_daemon_does(sqlite_store: Store, hours: list[datetime]) -> None:
    closed_case(sqlite_store)

    rested: list[float] = []

    def nightly(name: str, settings: Settings = SETTINGS) -> NightlyRetention:
        stopped = threading.Event()
        return NightlyRetention(
            settings, sqlite_store, clock=lambda: hours[0], holder=lambda: name, stopped=stopped, wait=rested.append
        )

    daemon = nightly("a")
    assert daemon.look() is None, "it is two o'clock at the offices"
    hours[0] += timedelta(hours=2)
    off = SETTINGS.model_copy(update={"retention": RetentionSettings(enabled=False)})
    assert nightly("a", off).look() is None
    done = daemon.look()
    assert done is not None
    assert done.counts["cases archived"] == 1
    assert daemon.look() is None
    hours[0] += DAY
    assert daemon.look() is not None
    assert sqlite_store.checkpoints.follow(FOLLOWER, "b"), "between two nights nobody holds it"


def test_who_asks_for_an_erasure_does_not_wait_for_the_end_of_a_long_pass(
    sqlite_store: Store, hours: list[datetime], tmp_path: Path
) -> None:
    settings = SETTINGS.model_copy(update={"privacy": PrivacySettings(dir=tmp_path / "privacy")})
    hours[0] += timedelta(hours=3)
    for name in ("one", "two"):
        closed_case(sqlite_store, name)
    asked: list[str] = []

    def wait(_seconds: float) -> None:
        if not asked:
            with sqlite_store.database.reading() as connection:
                person = person_named(connection, "nadia.benali@free.example", hours[0].date())
            asked.append(ask_to_erase(settings, sqlite_store, person, "claire", hours[0]).id)
        elif len(asked) == 1 and Erasures(folder_of(settings)).read()[0].done:
            asked.append("done")
        hours[0] += timedelta(seconds=20)

    daemon = NightlyRetention(
        settings, sqlite_store, clock=lambda: hours[0], holder=lambda: "a", stopped=threading.Event(), wait=wait
    )
    done = daemon.look()
    assert done is not None
    assert done.finished
    assert asked[1:] == ["done"], "it was carried out between two transactions of the pass"
