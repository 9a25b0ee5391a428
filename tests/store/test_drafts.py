"""Drafts are kept once a person, kind and case, end with what they became or their age, and tell who writes."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from dtm_contact.model import DraftKey, DraftKind, WritingPage
from dtm_contact.store import Account, Store, case_transaction
from dtm_contact.store.accepting import prepare_at_once
from dtm_contact.store.drafts import ENDED, KEPT, MOST_DRAFTS
from dtm_contact.store.listening import WRITING, ChangeListener
from dtm_contact.store.writing_schema import writers
from tests.store.samples import NOW, judgement, minutes, open_case


def account(store: Store, name: str) -> int:
    store.accounts.add(Account(0, name, name.title(), "agency", "agence"), NOW)
    return store.accounts.named(name).id


def save(store: Store, key: DraftKey, fields: Mapping[str, str], at: datetime = NOW) -> int:
    return store.drafts.save({key: fields}, at)[key]


@pytest.fixture
def reply(store: Store) -> DraftKey:
    return DraftKey(account(store, "paul"), DraftKind.REPLY, open_case(store, "a case", judgement()))


def test_what_is_saved_later_takes_the_place_of_what_was_saved_before(store: Store, reply: DraftKey) -> None:
    assert save(store, reply, {"texte": "Bonjour"}) == 1
    assert save(store, reply, {"texte": "Bonjour Madame", "a": "x@free.example"}, minutes(1)) == 2
    saved = store.drafts.draft(reply)
    assert saved is not None
    assert (saved.fields["texte"], saved.revision, saved.saved_at) == ("Bonjour Madame", 2, minutes(1))
    note, other = replace(reply, kind=DraftKind.NOTE), replace(reply, account_id=account(store, "anne"))
    save(store, note, {"texte": "vu"})
    assert store.drafts.draft(other) is None
    assert set(store.drafts.on(reply.account_id, reply.about)) == {DraftKind.REPLY, DraftKind.NOTE}


def test_several_are_kept_at_once_and_what_is_empty_is_forgotten_unless_it_has_files(
    store: Store, reply: DraftKey
) -> None:
    note, other = replace(reply, kind=DraftKind.NOTE), replace(reply, account_id=account(store, "anne"))
    kept = store.drafts.save({reply: {"texte": "Bonjour"}, note: {"texte": "vu"}, other: {"texte": "Madame"}}, NOW)
    assert kept == {reply: 1, note: 1, other: 1}
    assert [each.shown_as for each in store.drafts.writers()] == ["Paul", "Anne"]
    file_id = store.files.begin(note, "bail.txt", "text/plain", NOW)
    store.files.add_piece(file_id, note.account_id, 0, b"bail")
    store.files.finish(file_id, note.account_id, "0" * 64)
    emptied = store.drafts.save({reply: {"texte": " "}, note: {"texte": ""}, other: {"texte": "Monsieur"}}, NOW)
    assert (emptied[reply], emptied[other]) == (0, 2)
    assert emptied[note] > 0
    assert store.drafts.draft(reply) is None
    assert store.drafts.draft(note) is not None
    assert [each.shown_as for each in store.drafts.writers()] == ["Anne"]


def test_a_draft_goes_with_what_it_became_or_stays_with_what_was_rolled_back(store: Store, reply: DraftKey) -> None:
    save(store, reply, {"texte": "Bonjour"})
    with suppress(RuntimeError), case_transaction(store.database, "paul", NOW) as work:
        work.drop_draft(DraftKind.REPLY, reply.about)
        raise RuntimeError
    assert store.drafts.draft(reply) is not None
    with case_transaction(store.database, "anne", NOW) as work:
        work.drop_draft(DraftKind.REPLY, reply.about)
    assert store.drafts.draft(reply) is not None, "that was nobody's, or another's"
    with case_transaction(store.database, "paul", NOW) as work:
        work.drop_draft(DraftKind.REPLY, reply.about)
    assert store.drafts.draft(reply) is None


def on_page(key: DraftKey, own: str, begun: str = "", revision: int = 0) -> DraftKey:
    return replace(key, page=WritingPage(own, begun, revision))


def test_of_two_pages_neither_overwrites_the_other(store: Store, reply: DraftKey) -> None:
    assert save(store, on_page(reply, "first"), {"texte": "Bonjour"}) == 1
    # Both were opened on what the first had kept; the one that goes on first has it.
    one, two = on_page(reply, "one", "first", 1), on_page(reply, "two", "first", 1)
    saved = store.drafts.save({one: {"texte": "UN"}, two: {"texte": "DEUX"}}, NOW)
    assert saved == {one: 2, two: 1}
    assert save(store, one, {"texte": "UN, suite"}, minutes(1)) == 3
    assert [each.fields["texte"] for each in store.drafts.of_all_pages(reply)] == ["UN, suite", "DEUX"]
    assert save(store, on_page(reply, "three", "two", 1), {"texte": "DEUX, suite"}, minutes(2)) == 2
    kept = [(each.writing, each.fields["texte"]) for each in store.drafts.of_all_pages(reply)]
    assert kept == [("three", "DEUX, suite"), ("one", "UN, suite")]
    # The same words of a further page are no text of their own.
    assert save(store, on_page(reply, "four"), {"texte": "UN, suite"}) == 3
    assert save(store, on_page(reply, "three", "two", 1), {"texte": " "}) == 0
    assert [each.writing for each in store.drafts.of_all_pages(reply)] == ["one"]


def test_what_was_sent_is_no_draft_again_whatever_comes_late(store: Store, reply: DraftKey) -> None:
    page, other = on_page(reply, "page", "before", 4), on_page(reply, "other")
    save(store, other, {"texte": "autre chose"})
    with case_transaction(store.database, "paul", NOW) as work:
        # It was sent before the first of it had been kept.
        work.drop_draft(DraftKind.REPLY, reply.about, page.page)
    assert save(store, page, {"texte": "Bonjour"}) == ENDED
    assert save(store, on_page(reply, "restored", "page", 1), {"texte": "Bonjour"}) == ENDED
    assert save(store, on_page(reply, "restored", "before", 4), {"texte": "Bonjour"}) == ENDED
    assert [each.fields["texte"] for each in store.drafts.of_all_pages(reply)] == ["autre chose"]
    anne = replace(page, account_id=account(store, "anne"))
    assert save(store, anne, {"texte": "Bonjour"}) == 1, "that page was somebody else's"
    store.drafts.erase_old(NOW + KEPT + timedelta(seconds=1))
    assert save(store, page, {"texte": "Bonjour"}) == 1


def test_a_draft_is_erased_at_its_age(store: Store, reply: DraftKey) -> None:
    save(store, reply, {"texte": "Bonjour"})
    assert store.drafts.erase_old(NOW + KEPT) == 0
    assert store.drafts.erase_old(NOW + KEPT + timedelta(seconds=1)) == 1
    assert store.drafts.draft(reply) is None


def test_of_too_many_drafts_the_oldest_goes(store: Store, reply: DraftKey) -> None:
    keys = [DraftKey(reply.account_id, DraftKind.NEW, f"sheet-{number:04}") for number in range(MOST_DRAFTS + 1)]
    for number, key in enumerate(keys):
        save(store, key, {"text": "Bonjour"}, NOW + timedelta(seconds=number))
    assert store.drafts.draft(keys[0]) is None
    assert len(store.drafts.of_kind(reply.account_id, DraftKind.NEW)) == MOST_DRAFTS


def test_who_writes_a_letter_is_told_until_it_is_over(store: Store, reply: DraftKey) -> None:
    save(store, replace(reply, kind=DraftKind.NOTE), {"texte": "vu"})
    assert store.drafts.writers() == []
    save(store, reply, {"texte": "Bonjour"})
    assert [(each.number, each.shown_as) for each in store.drafts.writers()] == [(reply.about, "Paul")]
    _let_it_be_over(store)
    assert store.drafts.writers() == []
    gone = replace(reply, about="2026-999999")
    assert store.drafts.save({}, NOW, still=[reply, gone]) == {}
    assert len(store.drafts.writers()) == 1
    store.drafts.drop(reply, NOW)
    assert store.drafts.writers() == []


def _let_it_be_over(store: Store) -> None:
    with store.database.writing() as connection:
        past = datetime.now().astimezone() - timedelta(seconds=1)
        connection.execute(sa.update(writers).values(until=past))


def test_whoever_waits_hears_of_a_writer_or_looks_for_themselves(store: Store, reply: DraftKey) -> None:
    listener, never = ChangeListener(store.database, WRITING), threading.Event()
    try:
        # Nothing is told: the pause passes. This begins to listen, too.
        assert not listener.wait(0.01, never)
        save(store, reply, {"texte": "Bonjour"})
        if store.database.sqlite_path is None:
            # What was told waits; an hour of patience would fail the test otherwise.
            assert not listener.wait(3600, never)
        assert len(store.drafts.writers()) == 1
        never.set()
        assert listener.wait(0.01, never)
    finally:
        listener.close()


def test_what_came_in_is_stored_before_drafts_that_wait_as_well(sqlite_store: Store) -> None:
    database, order = sqlite_store.database, list[str]()
    holds, waits = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing():
            holds.set()
            assert waits.wait(60)

    def take_in() -> None:
        with database.at_once(prepare_at_once):
            order.append("arrival")

    def keep() -> None:
        with database.writing(gives_way=True):
            order.append("drafts")

    holder, arriving, keeping = (threading.Thread(target=each) for each in (hold, take_in, keep))
    holder.start()
    assert holds.wait(60)
    # Drafts asked first; that the arrival asked, too, is seen by what it leaves for them.
    keeping.start()
    arriving.start()
    while not database._arrivals_wait:
        arriving.join(0.001)
    waits.set()
    for thread in (holder, arriving, keeping):
        thread.join(60)
    assert order == ["arrival", "drafts"]
