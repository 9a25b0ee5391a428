"""Whoever is erased is found nowhere; figures, other people and what the law keeps stay; a certificate tells so."""

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from dtm_contact.backup import make_backup, restore
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.counting import CountingContext, count_days, periods_of
from dtm_contact.journal import contents_of
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import CodedText
from dtm_contact.privacy.erasing import (
    ErasureDone,
    erase,
    erase_again,
    figures_digest,
    finish,
    pages_naming,
    plan,
    vacuum,
    verify_certificate,
)
from dtm_contact.privacy.mention_places import MentionsPlace
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.record import ErasureRecordError, Erasures, folder_of
from dtm_contact.privacy.subject import DataSubject, UnknownPersonError, person_named, rows_of
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.schema import cases, contacts, events, outbox, undeliverable
from dtm_contact.store.writing_schema import drafts
from tests.backup.conftest import at
from tests.privacy.planted import (
    ADDRESS,
    LEARNT_PHONE,
    LEAVES_NOTHING,
    OTHERS,
    TENANT,
    Planted,
    dumped,
    places_of,
    planted,
)
from tests.prove.figures_store import CALENDARS
from tests.store.samples import NOW

LATER = NOW + timedelta(days=1)
TODAY = date(2026, 11, 25)


@pytest.fixture
def on_both(store: Store, site: Settings, tmp_path: Path) -> Planted:
    return planted(store, site, tmp_path)


@pytest.fixture
def planted_site(sqlite_store: Store, sqlite_site: Settings, tmp_path: Path) -> Planted:
    return planted(sqlite_store, sqlite_site, tmp_path)


def who(store: Store, asked: str = TENANT) -> DataSubject:
    with store.database.reading() as connection:
        return person_named(connection, asked, TODAY)


def erased(store: Store, site: Planted) -> ErasureDone:
    return erase(site.settings, store, who(store), "admin", LATER)


def column(store: Store, number: str, name: str) -> Any:
    with store.database.reading() as connection:
        found = connection.execute(sa.select(cases.c[name]).where(cases.c.number == number)).scalar_one()
    return text_of(found) if isinstance(found, CodedText) else found


def change(store: Store, number: str, **values: Any) -> None:
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == number).values(values))


@pytest.mark.usefixtures("planted_site")
def test_forty_one_strings_are_planted(sqlite_url: str, tmp_path: Path) -> None:
    assert len(set(LEAVES_NOTHING)) == 41
    assert places_of(LEAVES_NOTHING, sqlite_url, tmp_path).keys() == set(LEAVES_NOTHING)


def test_nothing_of_the_erased_is_found_anywhere(on_both: Planted, store: Store, url: str, tmp_path: Path) -> None:
    done = erased(store, on_both)
    store.close()
    assert places_of(LEAVES_NOTHING, url, tmp_path) == {}
    if url.startswith("postgresql"):
        dump = dumped(url)
        assert [needle for needle in LEAVES_NOTHING if needle.lower() in dump or needle.encode().hex() in dump] == []
    else:
        wal = Path(f"{sa.make_url(url).database}-wal")
        assert not wal.exists() or wal.stat().st_size == 0
    assert done.certificate["swept"] in ("log emptied", "vacuumed")


def test_octets_in_the_free_room_of_pages_are_found_and_a_vacuum_removes_them(sqlite_store: Store) -> None:
    event.listen(
        sqlite_store.database.engine, "connect", lambda driver, _: driver.execute("PRAGMA secure_delete = OFF")
    )
    sqlite_store.database.close()
    with sqlite_store.database.writing() as connection:
        connection.execute(undeliverable.insert(), {"address": ADDRESS, "since": NOW, "told": "550"})
    with sqlite_store.database.writing() as connection:
        connection.execute(undeliverable.delete())
    person = DataSubject(addresses=frozenset({ADDRESS}))
    assert pages_naming(sqlite_store.database, person) > 0
    vacuum(sqlite_store.database)
    assert pages_naming(sqlite_store.database, person) == 0


def test_what_is_others_stays(on_both: Planted, store: Store, url: str, tmp_path: Path) -> None:
    erased(store, on_both)
    file = store.cases.get(on_both.other)
    (contact,) = file.contacts
    assert contact.judgement is not None
    assert contact.judgement.contact.new_text == "Autre."
    assert (text_of(file.case.subject), file.case.tenant_id) == ("Fuite", "T2")
    assert file.events[-1].data["changed"] == {"tenant_id": ["[effacé]", "T2"]}
    assert [lease.tenant_id for lease in store.directory.load().leases] == ["T2"]
    assert (on_both.settings.rules.dir / "tests" / "other.yaml").exists()
    assert (tmp_path / "done" / "two.eml").exists()
    assert "two.eml" in (tmp_path / "done" / "truth.jsonl").read_text()
    assert OTHERS in places_of([OTHERS], url, tmp_path)
    told = contents_of(tmp_path / "journal")
    assert list(told.arrived) == [("smtp", "other-1")]
    assert (told.torn, told.damaged, told.sent) == (0, 0, [])


def test_what_is_kept_of_the_person_themselves_stays_whole(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    number = site.numbers[0]
    change(sqlite_store, number, state="open")
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        row = {"case_id": case_id, "at": NOW, "who": "paul", "what": "replied", "data": {"to": ADDRESS, "text": "x"}}
        connection.execute(events.insert(), row)

    def of_case() -> tuple[Any, Any]:
        with sqlite_store.database.reading() as connection:
            happened = sa.select(events.c.id, events.c.data).where(events.c.case_id == case_id).order_by(events.c.id)
            told = connection.execute(happened).all()
        return [each.judgement for each in sqlite_store.cases.get(number).contacts], told

    before = of_case()
    mentions = ("judgements", "ce qui a été compris des messages d’autrui", 0)
    assert mentions in plan(site.settings, sqlite_store, who(sqlite_store)).places
    erased(sqlite_store, site)
    assert of_case() == before
    with sqlite_store.database.reading() as connection:
        about = connection.execute(sa.select(drafts.c.about)).scalars().all()
    assert about == [number]


def test_figures_are_the_same_before_and_after_and_counted_anew(on_both: Planted, store: Store) -> None:
    grounds = CountingContext(TimeContext(on_both.settings.zone, LATER, CALENDARS), {})
    change(store, on_both.numbers[0], topic="elevator")
    change(store, on_both.other, topic="elevator", dwelling_id="D2")

    def counted() -> dict[date, tuple[Any, ...]]:
        found = count_days(store, NOW.date(), LATER.date(), grounds)
        store.figures.put(periods_of(store, found, LATER))
        return {day: (cells.keys, cells.measures, cells.octets) for day, cells in found.items()}

    before = counted()
    digest = figures_digest(store)
    done = erased(store, on_both)
    assert counted() == before, "a night that counts the day again finds what was there"
    assert figures_digest(store) == digest
    assert done.certificate["figures"] == {"before": digest, "after": digest}
    cells = count_days(store, NOW.date(), LATER.date(), grounds)[NOW.date()]
    totals = cells.whole()
    assert (totals["opened"], totals["incidents"], totals["incident_households"]) == (4, 1, 2)


def test_a_plan_tells_what_is_erased_and_changes_nothing(planted_site: Planted, sqlite_store: Store) -> None:
    planned = plan(planted_site.settings, sqlite_store, who(sqlite_store))
    again = plan(planted_site.settings, sqlite_store, who(sqlite_store))
    assert planned == again
    counts: dict[str, int] = {}
    for name, _holds, count in planned.places:
        counts[name] = counts.get(name, 0) + count
    done = erased(sqlite_store, planted_site)
    told = {each["place"]: each["erased"] for each in done.certificate["places"]}
    assert told == {name: count for name, count in counts.items() if count}
    assert {each[0]: each[2] for each in planned.copies if each[3]} == {"journal": 4, "rule tests": 1, "folders": 1}
    after = plan(
        planted_site.settings, sqlite_store, DataSubject(tenants=frozenset({TENANT}), addresses=frozenset({ADDRESS}))
    )
    assert sum(count for _name, _holds, count in after.places) == 0
    assert sum(found for _name, _holds, found, ours in after.copies if ours) == 0


@pytest.mark.parametrize("asked", [ADDRESS, "06 55 50 12 34", LEARNT_PHONE])
def test_a_person_is_found_by_an_address_and_a_number(planted_site: Planted, sqlite_store: Store, asked: str) -> None:
    del planted_site
    assert who(sqlite_store, asked).tenants == {TENANT}


def test_whoever_is_no_tenant_is_found_by_what_reached_us(planted_site: Planted, sqlite_store: Store) -> None:
    del planted_site
    found = who(sqlite_store, "+33 6 99 99 99 99")
    assert not found.tenants
    assert found.numbers == {"+33699999999"}
    with pytest.raises(UnknownPersonError, match="no tenant's id"):
        who(sqlite_store, "Quartzhammer")


@pytest.mark.parametrize("why", ["open", "held", "waiting"])
def test_what_is_open_held_or_still_to_be_sent_is_kept_and_told(
    planted_site: Planted, sqlite_store: Store, why: str
) -> None:
    first, *others = planted_site.numbers
    match why:
        case "open":
            change(sqlite_store, first, state="open", closed_at=None)
        case "held":
            sqlite_store.holds.hold(first, "paul", "expertise en cours", NOW)
        case _:
            with sqlite_store.database.writing() as connection:
                connection.execute(sa.update(outbox).values(state="waiting"))
    done = erased(sqlite_store, planted_site)
    assert [each["why"] for each in done.certificate["kept"]] == [why]
    assert "objetplante4410" in column(sqlite_store, first, "subject")
    assert [column(sqlite_store, number, "who") for number in others] == ["", ""]
    if why == "held":
        sqlite_store.holds.release(first)
        erased(sqlite_store, planted_site)
        assert column(sqlite_store, first, "subject") == ""


def test_rows_beside_cases_are_looked_up_before_the_transaction_that_erases_and_one_held_since_stays(
    planted_site: Planted, sqlite_store: Store
) -> None:
    (place,) = (each for each in PLACES if each.table is outbox and not isinstance(each, MentionsPlace))
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == planted_site.other)).scalar_one()
        letter = {"case_id": case_id, "kind": "reply", "reason": "by paul", "to_address": ADDRESS, "raw": b"x"}
        letter |= {"mail_from": "us@ours.example", "message_id": "o1", "state": "sent", "created_at": NOW}
        elsewhere = connection.execute(outbox.insert().returning(outbox.c.id), letter).scalar_one()
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, TODAY)
        *_, scope = rows_of(connection, person).scopes
        prepared = place.prepare(connection, scope)
    assert prepared == [elsewhere]
    sqlite_store.holds.hold(planted_site.other, "paul", "expertise", NOW)
    with sqlite_store.database.writing() as connection:
        assert place.erase(connection, scope, prepared) == 0
    sqlite_store.holds.release(planted_site.other)
    with sqlite_store.database.writing() as connection:
        assert place.erase(connection, scope, prepared) == 1


def test_a_lease_that_runs_stays_in_the_directory(planted_site: Planted, sqlite_store: Store) -> None:
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 6, 30))
    assert person.lease_runs
    erase(planted_site.settings, sqlite_store, person, "admin", LATER)
    assert {lease.tenant_id for lease in sqlite_store.directory.load().leases} == {TENANT, "T2"}


def test_a_certificate_holds_until_it_is_changed_or_they_write_again(
    planted_site: Planted, sqlite_store: Store
) -> None:
    done = erased(sqlite_store, planted_site)
    settings = planted_site.settings
    assert verify_certificate(settings, sqlite_store, done.path) == []
    told = json.loads(done.path.read_text())
    assert not any(needle in json.dumps(told) for needle in LEAVES_NOTHING)
    forged = done.path.with_name("forged.json")
    forged.write_text(json.dumps({**told, "places": []}))
    assert verify_certificate(settings, sqlite_store, forged) == ["its signature is not ours, or it was changed"]
    with sqlite_store.database.writing() as connection:
        connection.execute(sa.update(contacts).where(contacts.c.id == 1).values(sender_address=ADDRESS))
    (fault,) = verify_certificate(settings, sqlite_store, done.path)
    assert fault.startswith("1 contacts and 1 cases of the person are in the store")


def test_an_erasure_that_broke_off_anywhere_is_ended_by_the_next(
    on_both: Planted, store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, person = on_both.settings, who(store)
    allowed = left = 0
    real = store.database.writing

    def writing(**options: Any) -> Any:
        nonlocal left
        if left == 0:
            raise StoreUnavailableError("killed")
        left -= 1
        return real(**options)

    while True:
        left = allowed
        monkeypatch.setattr(store.database, "writing", writing)
        try:
            finish(settings, store, LATER + timedelta(hours=2))
            if not Erasures(folder_of(settings)).exists():
                erase(settings, store, person, "admin", LATER)
            break
        except StoreUnavailableError:
            allowed += 3
        finally:
            monkeypatch.setattr(store.database, "writing", real)
    assert allowed > 9
    (record,) = Erasures(folder_of(settings)).read()
    assert record.done
    store.close()
    assert places_of(LEAVES_NOTHING, url, tmp_path) == {}


def test_a_record_that_cannot_be_written_erases_nothing(
    planted_site: Planted, sqlite_store: Store, tmp_path: Path
) -> None:
    (tmp_path / "privacy").write_text("no folder")
    with pytest.raises(ErasureRecordError, match="privacy"):
        erased(sqlite_store, planted_site)
    assert column(sqlite_store, planted_site.numbers[0], "subject") == "objetplante4410"


def test_a_record_whose_key_is_gone_is_refused(planted_site: Planted, sqlite_store: Store, tmp_path: Path) -> None:
    erased(sqlite_store, planted_site)
    (tmp_path / "privacy" / "erasures.key").unlink()
    with pytest.raises(ErasureRecordError, match="is gone: put it back"):
        Erasures(tmp_path / "privacy").digest("case", "2026-000001")


def test_explain_and_replay_work_on_what_remains(planted_site: Planted, sqlite_store: Store) -> None:
    erased(sqlite_store, planted_site)
    first = sqlite_store.cases.get(planted_site.numbers[0])
    assert [contact.judgement for contact in first.contacts] == [None]
    assert not first.case.who
    assert first.case.tenant_id is None
    judged = list(sqlite_store.judgements.read(sqlite_store.judgements.since(NOW - timedelta(days=1))))
    assert [each.case_number for each in judged] == [planted_site.other]
    assert [event.what for event in first.events][:1] == ["opened"]


def test_a_restored_backup_is_erased_again(planted_site: Planted, sqlite_store: Store, tmp_path: Path) -> None:
    settings = planted_site.settings
    change(sqlite_store, planted_site.numbers[1], state="open", closed_at=None)
    backed_up_at = LATER - timedelta(hours=1)
    made = make_backup(settings, sqlite_store, tmp_path / "b", backed_up_at, keep=9, secrets=False, check=False)
    change(sqlite_store, planted_site.numbers[1], state="closed", closed_at=NOW)
    erased(sqlite_store, planted_site)
    unknowing, knowing = (at(settings, f"sqlite:///{tmp_path}/{name}/store.db") for name in ("unknowing", "knowing"))
    restore(unknowing, made.path, LATER)
    with open_store(unknowing.store.url) as restored:
        assert column(restored, planted_site.numbers[0], "subject") == "objetplante4410"
    restore(knowing, made.path, LATER, done_again=partial(erase_again, settings))
    with open_store(knowing.store.url) as restored:
        for number in planted_site.numbers:
            assert column(restored, number, "who") == "", "open in the backup, erased since"
        assert column(restored, planted_site.other, "subject") == "Fuite"
        assert [each.tenant_id for each in restored.directory.load().leases] == ["T2"]


def test_only_erasures_after_the_backup_are_done_again(on_both: Planted, store: Store) -> None:
    settings, person = on_both.settings, who(store)
    Erasures(folder_of(settings)).begin(person, "admin", LATER, cases=on_both.numbers, arrivals=())
    with store.database.writing() as connection:
        assert erase_again(settings, connection, LATER + timedelta(hours=1)) == 0
    assert column(store, on_both.numbers[0], "subject") == "objetplante4410"
    with store.database.writing() as connection:
        assert erase_again(settings, connection, LATER - timedelta(hours=1)) == 1
    assert [column(store, number, "who") for number in on_both.numbers] == ["", "", ""]
