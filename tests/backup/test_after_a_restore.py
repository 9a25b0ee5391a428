"""What a restored store sends, and which numbers it gives: nothing and none that may have been before."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.alarms import Alarms
from dtm_contact.backup import make_backup, open_journal, replay, restore
from dtm_contact.backup.journaling import StoreJournal
from dtm_contact.backup.replaying import JournalReplay
from dtm_contact.backup.restoring import LEAST_MARGIN
from dtm_contact.errors import NotFoundError, StoreUnavailableError
from dtm_contact.journal import Journal, arrivals_of, contents_of
from dtm_contact.model import Limits, OutgoingKind, Priority
from dtm_contact.settings import JournalSettings, Settings
from dtm_contact.store import OutgoingBatch, Store, open_store
from dtm_contact.store.outbox import put
from dtm_contact.store.schema import timers
from tests.backup.conftest import at
from tests.backup.test_backup import letter, written
from tests.heard import Heard, made_alarms
from tests.store.fresh import fresh_store
from tests.store.samples import NOW, arrival, judgement, minutes, open_case

BACKED_UP = minutes(5)
LATER = minutes(60)


def send(store: Store, now: datetime = NOW, journal: StoreJournal | None = None) -> list[str]:
    """Send what may be sent, as the daemon does, and return to whom that went."""
    found = []
    while (claimed := store.outbox.claim("w", now)) is not None:
        found.append(claimed.outgoing.to.partition("@")[0])
        if journal is not None:
            journal.sent(claimed, now)
        store.outbox.settle(claimed, "sent", "250", now)
    return found


def judge(
    store: Store, *letters: str, kind: OutgoingKind = OutgoingKind.ANSWER, priority: Priority = Priority.P3
) -> str:
    """Judge the arrival that waits longest, which has these letters written; return its case's number."""
    claimed = store.arrivals.claim("worker", LATER)
    assert claimed is not None
    # Written anew, a letter has another Message-ID.
    anew = [replace(letter(name, kind), message_id=f"{claimed.id}-{name}@anew", proven=True) for name in letters]
    mail = OutgoingBatch(lambda _: anew, Limits(99, 99))
    number = store.cases.record(claimed, judgement(priority=priority), {}, LATER, mail=mail)
    assert number is not None
    return number


@dataclass
class Site:
    """A store with a journal, whose machine can be lost."""

    settings: Settings
    folder: Path
    new_url: Callable[[], str]
    store: Store
    journal: StoreJournal

    def back_up(self) -> Path:
        with open_store(self.settings.store.url, read_only=True) as store:
            return self._made(store)

    def _made(self, store: Store) -> Path:
        return make_backup(self.settings, store, self.folder / "b", BACKED_UP, keep=9, secrets=False, check=False).path

    def restored(self, backup: Path, margin: int | None = None) -> Store:
        """Lose the store, and open what comes back elsewhere."""
        place = at(self.settings, self.new_url())
        restore(place, backup, LATER, margin=margin)
        return open_store(place.store.url)

    def replay_into(self, store: Store, since: datetime | None = None) -> JournalReplay:
        return replay(store, self.folder / "journal", LATER, since)


@contextmanager
def with_a_journal(site: Settings, store: Store, folder: Path, new_url: Callable[[], str]) -> Iterator[Site]:
    kept = Journal(folder / "journal", 14, lambda: NOW)
    journal = StoreJournal(kept, store, made_alarms())
    store.arrivals.on_accepted = journal.arrived
    with closing(kept):
        yield Site(site, folder, new_url, store, journal)


@pytest.fixture
def working(site: Settings, store: Store, tmp_path: Path, new_url: Callable[[], str]) -> Iterator[Site]:
    with with_a_journal(site, store, tmp_path, new_url) as made:
        yield made


@pytest.fixture
def on_sqlite(sqlite_site: Settings, sqlite_store: Store, tmp_path: Path) -> Iterator[Site]:
    numbers = count()
    with with_a_journal(
        sqlite_site, sqlite_store, tmp_path, lambda: f"sqlite:///{tmp_path}/place{next(numbers)}/store.db"
    ) as made:
        yield made


def test_what_waited_to_be_sent_waits_for_a_word(working: Site) -> None:
    written(working.store, "one", letter("sent"))
    assert send(working.store) == ["sent"]
    written(working.store, "two", letter("first"), letter("second"))
    written(working.store, "three", letter("danger", OutgoingKind.NOTICE), priority=Priority.P1)
    backup = working.back_up()
    send(working.store)
    with working.restored(backup) as back:
        assert send(back) == []
        held = back.outbox.held()
        assert [each.to.partition("@")[0] for each in held] == ["danger", "first", "second"]
        assert back.outbox.release([held[0].id, held[1].id, 999], "claire", LATER) == [held[0].id, held[1].id]
        assert back.outbox.give_up([held[2].id], "claire", LATER) == [held[2].id]
        assert send(back) == ["danger", "first"]
        events = [event.what for event in back.cases.get(held[0].case_number).events if event.who == "claire"]
        assert events == ["outgoing released"]


def test_no_number_is_given_twice(on_sqlite: Site) -> None:
    for number in range(5):
        open_case(on_sqlite.store, f"a{number}", judgement())
    backup = on_sqlite.back_up()
    lost = [open_case(on_sqlite.store, f"b{number}", judgement()) for number in range(7)]
    with on_sqlite.restored(backup) as back:
        assert open_case(back, "new", judgement()) not in lost
    with on_sqlite.restored(backup, margin=0) as back:
        assert open_case(back, "new", judgement()) == "2026-001001"


def test_the_margin_grows_with_the_pace_and_the_time(on_sqlite: Site) -> None:
    for number in range(20):
        open_case(on_sqlite.store, f"a{number}", judgement(), opened_at=minutes(-number))
    backup = on_sqlite.back_up()
    place = at(on_sqlite.settings, on_sqlite.new_url())
    done = restore(place, backup, minutes(60 * 24 * 400))
    # 20 in the one day that the store knows; 400 days since the backup, three times that.
    assert done.margin == pytest.approx(LEAST_MARGIN + 3 * 20 * 400, abs=1)


def test_answers_to_what_waited_to_be_judged_are_held_but_those_on_call_are_told(on_sqlite: Site) -> None:
    on_sqlite.store.arrivals.accept([arrival("one"), arrival("two"), arrival("three")])
    backup = on_sqlite.back_up()
    with on_sqlite.restored(backup) as back:
        judge(back, "tenant")
        judge(back, "on-call", kind=OutgoingKind.NOTICE, priority=Priority.P1)
        judge(back, "office", kind=OutgoingKind.NOTICE)
        back.arrivals.accept([arrival("after")])
        judge(back, "somebody-new")
        assert send(back) == ["on-call", "somebody-new"]
        assert [each.to.partition("@")[0] for each in back.outbox.held()] == ["office", "tenant"]


def test_a_journal_closes_the_window_and_nothing_is_sent_twice(working: Site) -> None:
    working.store.arrivals.accept([arrival("waited")])
    written(working.store, "before", letter("before"))
    judge(working.store, "waited-then")
    backup = working.back_up()
    assert sorted(send(working.store, journal=working.journal)) == ["before", "waited-then"]
    since = [written(working.store, f"since{number}", letter(f"since{number}")) for number in range(6)]
    assert len(send(working.store, journal=working.journal)) == 6
    written(working.store, "unsent", letter("unsent"))
    working.journal.look()
    with working.restored(backup) as back:
        done = working.replay_into(back)
        assert (done.taken_in, done.settled, done.marks) == (7, 2, 8)
        given = [judge(back, f"since{number}") for number in range(6)] + [judge(back, "unsent")]
        assert not set(given) & set(since)
        assert min(given) > max(since)
        assert send(back) == ["unsent"]
        assert back.outbox.held() == []
        assert [event.what for event in back.cases.get(given[0]).events if event.who == "outbound"] == ["sent"]
        again = working.replay_into(back)
        assert (again.taken_in, again.settled, again.marks) == (0, 0, 0)
        # A mark counts once: whoever writes again is answered again.
        back.arrivals.accept([arrival("writes-again")])
        judge(back, "since1")
        assert send(back) == ["since1"]


def test_those_on_call_are_notified_again_of_a_danger_whose_number_was_lost(working: Site) -> None:
    on_call = replace(letter("on-call", OutgoingKind.NOTICE), reason="on_call")
    written(working.store, "waited", on_call, priority=Priority.P1)
    backup = working.back_up()
    assert send(working.store, journal=working.journal) == ["on-call"]
    then = replace(on_call, message_id="then@lost")
    lost = written(working.store, "after", then, letter("tenant"), priority=Priority.P1)
    assert sorted(send(working.store, journal=working.journal)) == ["on-call", "tenant"]
    working.journal.look()
    with working.restored(backup) as back:
        assert working.replay_into(back).called == (lost,)
        claimed = back.arrivals.claim("worker", LATER)
        assert claimed is not None
        anew = [replace(on_call, message_id="anew@restored"), replace(letter("tenant"), message_id="t@restored")]
        mail = OutgoingBatch(lambda _: anew, Limits(99, 99))
        number = back.cases.record(claimed, judgement(priority=Priority.P1), {}, LATER, mail=mail)
        assert number not in {None, lost}
        assert send(back) == ["on-call"], "of what waited in the backup, and of the tenant's answer, nothing goes again"
        assert back.cases.get(lost).case.number == number
        with pytest.raises(NotFoundError):
            back.cases.get("2026-000999")


@pytest.mark.parametrize(("priority", "goes"), [(Priority.P1, ["new-shift"]), (Priority.P2, [])])
def test_those_who_took_over_are_notified_of_old_dangers_alone(
    priority: Priority, goes: list[str], working: Site
) -> None:
    backup = working.back_up()
    written(
        working.store, "after", replace(letter("old-shift", OutgoingKind.NOTICE), reason="on_call"), priority=priority
    )
    assert send(working.store, journal=working.journal) == ["old-shift"]
    working.journal.look()
    with working.restored(backup) as back:
        assert working.replay_into(back).marks == 1
        claimed = back.arrivals.claim("worker", LATER)
        assert claimed is not None
        anew = replace(letter("new-shift", OutgoingKind.NOTICE), reason="on_call", message_id="anew@restored")
        mail = OutgoingBatch(lambda _: [anew], Limits(99, 99))
        assert back.cases.record(claimed, judgement(priority=priority), {}, LATER, mail=mail)
        assert send(back) == goes
        assert back.outbox.held() == []


def test_a_reply_that_waited_in_a_backup_and_went_out_after_it_is_sent_once(working: Site) -> None:
    written(working.store, "asked", letter("sent", OutgoingKind.REPLY), letter("unsent", OutgoingKind.REPLY))
    backup = working.back_up()
    claimed = working.store.outbox.claim("w", NOW)
    assert claimed is not None
    working.journal.sent(claimed, NOW)
    working.journal.look()
    with working.restored(backup) as back:
        assert working.replay_into(back).settled == 1
        held = back.outbox.held()
        assert [each.to.partition("@")[0] for each in held] == ["unsent"]
        back.outbox.release([each.id for each in held], "claire", LATER)
        assert send(back) == ["unsent"]


def test_a_restore_names_the_settings_that_say_otherwise_on_the_new_machine(on_sqlite: Site) -> None:
    backup = on_sqlite.back_up()
    place = at(on_sqlite.settings, on_sqlite.new_url())
    assert restore(place, backup, LATER).not_in_force == ()
    place = at(on_sqlite.settings, on_sqlite.new_url())
    observing = place.model_copy(update={"rules": place.rules.model_copy(update={"observe": True})})
    assert restore(observing, backup, LATER).not_in_force == ("DTM_RULES_OBSERVE",)


def test_what_waited_to_be_judged_is_sure_by_the_journal(working: Site) -> None:
    working.store.arrivals.accept([arrival("answered"), arrival("unanswered")])
    backup = working.back_up()
    judge(working.store, "answered")
    assert send(working.store, journal=working.journal) == ["answered"]
    with working.restored(backup) as back:
        assert working.replay_into(back).sure == 2
        judge(back, "answered")
        judge(back, "unanswered")
        assert send(back) == ["unanswered"]


def test_a_journal_with_a_gap_makes_nothing_sure(on_sqlite: Site) -> None:
    on_sqlite.store.arrivals.accept([arrival("one")])
    backup = on_sqlite.back_up()
    journal = on_sqlite.folder / "journal"
    journal.rename(on_sqlite.folder / "away")
    journal.write_text("in its way")
    second = Journal(journal, 14, lambda: LATER)
    heard: Alarms = made_alarms()
    trouble = StoreJournal(second, on_sqlite.store, heard)
    trouble.arrived([arrival("two")])
    journal.unlink()
    (on_sqlite.folder / "away").rename(journal)
    trouble.arrived([arrival("three")])
    second.close()
    with on_sqlite.restored(backup) as back:
        done = on_sqlite.replay_into(back)
        assert (done.taken_in, done.sure, len(done.gaps)) == (1, 0, 1)
        judge(back, "held")
        assert send(back) == []


def test_numbers_go_on_well_behind_the_last_one_that_the_journal_knows(on_sqlite: Site) -> None:
    """It hears of a number some seconds after that was given: the margin must hold these as well."""
    open_case(on_sqlite.store, "one", judgement())
    backup = on_sqlite.back_up()
    kept = Journal(on_sqlite.folder / "journal", 14, lambda: minutes(50))
    kept.append_numbers({2026: 999})
    with on_sqlite.restored(backup, margin=0) as back:
        on_sqlite.replay_into(back)
        assert open_case(back, "two", judgement()) == "2026-002001"
        later = Journal(on_sqlite.folder / "journal", 14, lambda: minutes(70))
        later.append_numbers({2026: 2001})
        on_sqlite.replay_into(back)
        assert open_case(back, "three", judgement()) == "2026-002002", "those are the restored store's own"
    kept.close()
    later.close()


def test_numbers_that_a_journal_knows_are_not_given_again_by_a_clock_that_is_behind(on_sqlite: Site) -> None:
    open_case(on_sqlite.store, "one", judgement())
    backup = on_sqlite.back_up()
    kept = Journal(on_sqlite.folder / "journal", 14, lambda: minutes(50))
    kept.append_numbers({2026: 4711})
    kept.close()
    place = at(on_sqlite.settings, on_sqlite.new_url())
    restore(place, backup, minutes(-60 * 24), margin=0)
    with open_store(place.store.url) as back:
        replay(back, on_sqlite.folder / "journal", minutes(-60 * 24))
        assert open_case(back, "two", judgement()) == "2026-006001"


def test_only_what_came_since_is_taken_in(on_sqlite: Site) -> None:
    backup = on_sqlite.back_up()
    on_sqlite.store.arrivals.accept([arrival("early", minutes(1)), arrival("late", minutes(30))])
    with on_sqlite.restored(backup) as back:
        assert on_sqlite.replay_into(back, minutes(10)).taken_in == 1
        assert [line.external_id for line in back.arrivals.listing()] == ["late"]


def test_a_journal_alone_fills_an_empty_store(on_sqlite: Site) -> None:
    number = written(on_sqlite.store, "one", letter("one"))
    assert send(on_sqlite.store, journal=on_sqlite.journal) == ["one"]
    url = on_sqlite.new_url()
    fresh_store(url)
    with open_store(url) as new:
        assert on_sqlite.replay_into(new).taken_in == 1
        assert judge(new, "one") > number
        assert send(new) == []


def test_a_step_of_a_timer_that_was_due_before_the_restore_acts_but_its_word_is_held(working: Site) -> None:
    number = open_case(working.store, "one", judgement())
    backup = working.back_up()
    with working.restored(backup) as back:
        with back.database.writing() as connection:
            case = connection.execute(sa.text("SELECT id FROM cases")).scalar_one()
            done = {"state": "done", "settled_at": minutes(61)}
            connection.execute(timers.insert().values(case_id=case, step="P3:0", at=minutes(10), data={}, **done))
            old, new = letter("P3:0", OutgoingKind.NOTICE), letter("P3:1", OutgoingKind.NOTICE)
            put(connection, case, [old, new], Limits(9, 9), LATER)
        assert send(back) == ["p3:1"]
        assert [each.case_number for each in back.outbox.held()] == [number]


def test_what_is_to_be_done_again_after_a_restore_is_done_or_nothing_is_restored(working: Site) -> None:
    open_case(working.store, "one", judgement())
    backup = working.back_up()
    seen: list[datetime] = []
    place = at(working.settings, working.new_url())
    restore(place, backup, LATER, done_again=lambda _connection, moment: seen.append(moment))
    assert seen == [BACKED_UP]

    def fails(*_: object) -> None:
        raise StoreUnavailableError("erasing failed")

    place = at(working.settings, working.new_url())
    with pytest.raises(StoreUnavailableError, match="erasing failed"):
        restore(place, backup, LATER, done_again=fails)
    if place.store.sqlite_path is not None:
        assert not place.store.sqlite_path.exists()


async def test_the_admins_are_told_as_long_as_anything_is_held(on_sqlite: Site) -> None:
    written(on_sqlite.store, "one", letter("tenant"))
    backup = on_sqlite.back_up()
    heard = Heard()
    with on_sqlite.restored(backup) as back:
        settings = Settings.defaults()
        async with open_journal(settings, back, Alarms(heard, lambda: 0.0), lambda: LATER) as journal:
            assert journal is None
            while not heard.told:
                await asyncio.sleep(0.01)
        assert heard.told == [("outbox-held", "1 e-mails are held since a restore; 0 of them tell of danger.")]


async def test_a_journal_that_cannot_be_written_is_told_and_keeps_nothing_away(on_sqlite: Site) -> None:
    (on_sqlite.folder / "file").write_text("in its way")
    settings = Settings.defaults().model_copy(update={"journal": JournalSettings(dir=on_sqlite.folder / "file")})
    heard = Heard()
    store = on_sqlite.store
    async with open_journal(settings, store, Alarms(heard, lambda: 0.0), lambda: LATER):
        store.arrivals.accept([arrival("taken-in")])
        (on_sqlite.folder / "file").unlink()
        store.arrivals.accept([arrival("and-kept")])
    assert [line.external_id for line in store.arrivals.listing()] == ["taken-in", "and-kept"]
    assert ("journal" in heard.ended, heard.told[0][0]) == (True, "journal")
    assert ("smtp", "and-kept") in contents_of(on_sqlite.folder / "file").arrived


def test_what_came_in_while_the_folder_was_away_is_written_once_it_is_back(on_sqlite: Site) -> None:
    heard, folder, store = Heard(), on_sqlite.folder / "away", on_sqlite.store
    journal = StoreJournal(Journal(folder, 14, lambda: NOW), store, Alarms(heard, lambda: 0.0))
    store.arrivals.on_accepted = journal.arrived
    store.arrivals.accept([arrival("before")])
    folder.rename(on_sqlite.folder / "moved")
    journal.look()
    assert [cause for cause, _told in heard.told] == ["journal-vanished", "journal"]
    store.arrivals.accept([arrival("one"), arrival("two")])
    store.arrivals.accept([arrival("three", raw=b"x" * 3000)])
    folder.mkdir()
    store.arrivals.accept([arrival("after")])
    assert heard.ended == ["journal"]
    journal.look()
    found = {each.external_id: each for each in arrivals_of(folder, lambda *_: True)}
    assert found == {name: arrival(name) for name in ("one", "two", "after")} | {
        "three": arrival("three", raw=b"x" * 3000)
    }
    assert contents_of(folder).gaps, "what was sent meanwhile is not known"
    journal.close()
