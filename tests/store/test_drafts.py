"""Drafts are kept once a person, kind and case, end with what they became or their age, and tell who writes."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from dtm_contact.errors import NotFoundError
from dtm_contact.model import DraftKey, DraftKind
from dtm_contact.store import Account, Store, case_transaction
from dtm_contact.store.drafts import KEPT, MOST_DRAFTS
from dtm_contact.store.listening import WRITING, ChangeListener
from dtm_contact.store.writing_schema import writers
from tests.store.samples import NOW, judgement, minutes, open_case


def account(store: Store, name: str) -> int:
    store.accounts.add(Account(0, name, name.title(), "agency", "agence"), NOW)
    return store.accounts.named(name).id


@pytest.fixture
def reply(store: Store) -> DraftKey:
    return DraftKey(account(store, "paul"), DraftKind.REPLY, open_case(store, "a case", judgement()))


def test_what_is_saved_later_takes_the_place_of_what_was_saved_before(store: Store, reply: DraftKey) -> None:
    assert store.drafts.save(reply, {"texte": "Bonjour"}, NOW).revision == 1
    saved = store.drafts.save(reply, {"texte": "Bonjour Madame", "a": "x@free.example"}, minutes(1))
    assert store.drafts.draft(reply) == saved
    assert (saved.revision, saved.saved_at) == (2, minutes(1))
    note, other = replace(reply, kind=DraftKind.NOTE), replace(reply, account_id=account(store, "anne"))
    store.drafts.save(note, {"texte": "vu"}, NOW)
    assert store.drafts.draft(other) is None
    assert set(store.drafts.on(reply.account_id, reply.about)) == {DraftKind.REPLY, DraftKind.NOTE}


def test_a_draft_goes_with_what_it_became_or_stays_with_what_was_rolled_back(store: Store, reply: DraftKey) -> None:
    store.drafts.save(reply, {"texte": "Bonjour"}, NOW)
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


def test_a_draft_is_erased_at_its_age(store: Store, reply: DraftKey) -> None:
    store.drafts.save(reply, {"texte": "Bonjour"}, NOW)
    assert store.drafts.erase_old(NOW + KEPT) == 0
    assert store.drafts.erase_old(NOW + KEPT + timedelta(seconds=1)) == 1
    assert store.drafts.draft(reply) is None


def test_of_too_many_drafts_the_oldest_goes(store: Store, reply: DraftKey) -> None:
    keys = [DraftKey(reply.account_id, DraftKind.NEW, f"sheet-{number:04}") for number in range(MOST_DRAFTS + 1)]
    for number, key in enumerate(keys):
        store.drafts.save(key, {"text": "Bonjour"}, NOW + timedelta(seconds=number))
    assert store.drafts.draft(keys[0]) is None
    assert len(store.drafts.of_kind(reply.account_id, DraftKind.NEW)) == MOST_DRAFTS


def test_who_writes_a_letter_is_told_until_it_is_over(store: Store, reply: DraftKey) -> None:
    store.drafts.save(replace(reply, kind=DraftKind.NOTE), {"texte": "vu"}, NOW)
    assert store.drafts.writers() == []
    store.drafts.save(reply, {"texte": "Bonjour"}, NOW)
    assert [(each.number, each.shown_as) for each in store.drafts.writers()] == [(reply.about, "Paul")]
    _let_it_be_over(store)
    assert store.drafts.writers() == []
    store.drafts.still_writes(reply)
    assert len(store.drafts.writers()) == 1
    store.drafts.drop(reply)
    assert store.drafts.writers() == []
    with pytest.raises(NotFoundError):
        store.drafts.still_writes(replace(reply, about="2026-999999"))


def _let_it_be_over(store: Store) -> None:
    with store.database.writing() as connection:
        past = datetime.now().astimezone() - timedelta(seconds=1)
        connection.execute(sa.update(writers).values(until=past))


def test_whoever_waits_hears_of_a_writer_or_looks_for_themselves(store: Store, reply: DraftKey) -> None:
    listener, never = ChangeListener(store.database, WRITING), threading.Event()
    try:
        # Nothing is told: the pause passes. This begins to listen, too.
        assert not listener.wait(0.01, never)
        store.drafts.save(reply, {"texte": "Bonjour"}, NOW)
        if store.database.sqlite_path is None:
            # What was told waits; an hour of patience would fail the test otherwise.
            assert not listener.wait(3600, never)
        assert len(store.drafts.writers()) == 1
        never.set()
        assert listener.wait(0.01, never)
    finally:
        listener.close()
