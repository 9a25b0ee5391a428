"""The register: entries are entered and ended, never overwritten; what must never be used is never sent to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from alembic import command

from dtm_contact.directory import Records
from dtm_contact.errors import UnknownSchemaError
from dtm_contact.model import CodedText, EntryKind, KnownEntry, Limits, Outgoing, OutgoingKind, Protection, Withheld
from dtm_contact.store import RegisterEntry, Store, StoreRefusedError, migrate, open_store
from dtm_contact.store.database import Database
from dtm_contact.store.outbox import put
from dtm_contact.store.register import (
    end_entry,
    entries_of,
    entry,
    key_of,
    never_used,
    put_entry,
    restore_entry,
)
from dtm_contact.store.schema import cases
from tests.store.samples import NOW, judgement, minutes, open_case

TODAY = NOW.date()
PORTUGUESE = RegisterEntry(0, "T1", False, EntryKind.LANGUAGE, "pt", "", "", TODAY, None, NOW, "paul", "2026-000001")
NEVER = replace(PORTUGUESE, kind=EntryKind.NEVER, value="couple+gaz@free.example", words="adresse du couple")
ORDER = replace(
    PORTUGUESE,
    kind=EntryKind.PROTECTION,
    value=Protection.ORDER,
    household=True,
    reference="RG 24/01234",
    until=TODAY + timedelta(days=10),
)
_LIMITS = Limits(5, 100)
FRENCH = CodedText.plain("parle français")


def entered(store: Store, *new: RegisterEntry) -> list[int]:
    with store.database.writing() as connection:
        return [put_entry(connection, each) for each in new]


def letter(kind: OutgoingKind, to: str, number: int = 1) -> Outgoing:
    return Outgoing(
        kind, f"reason {number}", to, "us@bailleur.example", f"m{number}@bailleur.example", b"Bonjour", None
    )


def lay(store: Store, number: str, *letters: Outgoing) -> list[str]:
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        return put(connection, case_id, letters, _LIMITS, NOW)


def test_what_is_entered_is_read_as_it_was(store: Store) -> None:
    first, second = entered(store, PORTUGUESE, ORDER)
    assert store.desk.register(["T1"]) == [replace(PORTUGUESE, id=first), replace(ORDER, id=second)]
    assert store.desk.register(["T2"]) == []
    with store.history() as history:
        assert history.register(["T2", "T1"], TODAY) == [
            KnownEntry(EntryKind.LANGUAGE, "pt", "T1", id=first),
            KnownEntry(EntryKind.PROTECTION, "order", "T1", household=True, id=second),
        ]
        assert history.register([], TODAY) == ()


def test_it_holds_to_its_last_day_or_until_somebody_ends_it(store: Store) -> None:
    language, order = entered(store, PORTUGUESE, ORDER)
    assert ORDER.until is not None
    with store.history() as history:
        assert len(history.register(["T1"], ORDER.until)) == 2
        assert [each.kind for each in history.register(["T1"], ORDER.until + timedelta(days=1))] == ["language"]
    with store.database.writing() as connection:
        end_entry(connection, language, minutes(5), "anne", "2026-000002", FRENCH)
    with store.database.writing() as connection:
        ended = entry(connection, language)
        assert ended == replace(
            PORTUGUESE, id=language, ended_at=minutes(5), ended_by="anne", ended_in="2026-000002",
            ended_why=FRENCH,
        )  # fmt: skip
        assert [each.in_force(TODAY) for each in entries_of(connection, ["T1"])] == [False, True]
        assert entry(connection, order + 1) is None
    with store.database.writing() as connection:
        restore_entry(connection, language)
    assert [each.in_force(TODAY) for each in store.desk.register(["T1"])] == [True, True]


def test_an_end_before_the_beginning_is_refused_by_the_store(store: Store) -> None:
    with pytest.raises(StoreRefusedError, match=r"CheckViolation|CONSTRAINT_CHECK"):
        entered(store, replace(ORDER, until=date(2020, 1, 1)))


def test_all_spellings_of_a_mailbox_are_never_used(store: Store) -> None:
    (number,) = entered(store, NEVER)
    asked = ["couple@free.example", "couple+x@free.example", "autre@free.example", "+33612345678"]
    with store.database.writing() as connection:
        assert never_used(connection, asked, TODAY) == {"couple@free.example", "couple+x@free.example"}
        assert never_used(connection, [], TODAY) == frozenset()
        end_entry(connection, number, NOW, "anne", None, None)
        assert never_used(connection, asked, TODAY) == frozenset()
    assert key_of("+33612345678") == "+33612345678"


@pytest.mark.parametrize("kind", [OutgoingKind.ANSWER, OutgoingKind.REPLY])
def test_nothing_is_laid_into_the_outbox_for_it_but_a_word_to_our_own(store: Store, kind: OutgoingKind) -> None:
    number = open_case(store, "one", judgement())
    entered(store, NEVER)
    assert lay(store, number, letter(kind, "Couple@Free.example")) == [Withheld.REGISTER]
    assert lay(store, number, letter(OutgoingKind.NOTICE, "couple@free.example", 2)) == []
    assert store.outbox.waiting() == 1
    *_, withheld, queued = store.cases.get(number).events
    assert (withheld.what, withheld.data) == ("not sent", {"kind": kind, "reason": Withheld.REGISTER})
    assert (queued.what, queued.data["to"]) == ("notice queued", "couple@free.example")


def test_what_waits_when_it_is_entered_is_given_up_and_the_rest_is_sent(store: Store) -> None:
    number = open_case(store, "one", judgement())
    lay(store, number, letter(OutgoingKind.REPLY, "couple@free.example"))
    lay(store, number, letter(OutgoingKind.REPLY, "nadia@free.example", 2))
    entered(store, NEVER)
    claimed = store.outbox.claim("w", NOW)
    assert claimed is not None
    assert claimed.outgoing.to == "nadia@free.example"
    assert store.outbox.claim("w", NOW) is None
    assert [event.what for event in store.cases.get(number).events][-1] == "not sent"


def test_one_that_is_tried_again_is_not_sent_after_all(store: Store) -> None:
    number = open_case(store, "one", judgement())
    lay(store, number, letter(OutgoingKind.REPLY, "couple@free.example"))
    claimed = store.outbox.claim("w", NOW)
    assert claimed is not None
    entered(store, NEVER)
    store.outbox.retry(claimed, "451", NOW)
    assert store.outbox.claim("w", minutes(1)) is None
    assert store.outbox.waiting() == 0


def test_no_import_touches_it_and_who_has_left_keeps_theirs(store: Store) -> None:
    (number,) = entered(store, PORTUGUESE)
    store.directory.save(Records(), "test", NOW)
    assert store.desk.register(["T1"]) == [replace(PORTUGUESE, id=number)]


def test_what_no_database_can_hold_is_replaced(store: Store) -> None:
    (number,) = entered(store, replace(NEVER, value="a\x00b@free.example", words="\ud800 <b>gras</b>"))
    (found,) = store.desk.register(["T1"])
    assert (found.id, found.words) == (number, "\ufffd <b>gras</b>")


def test_migrating_again_keeps_the_entries(url: str) -> None:
    with open_store(url) as store:
        entered(store, PORTUGUESE)
    migrate(url)
    with open_store(url) as store:
        assert [each.value for each in store.desk.register(["T1"])] == ["pt"]


def test_a_store_of_the_schema_before_gets_it_and_keeps_what_it_had(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _head: whole(config, "0015"))
        migrate(empty_url)
    with pytest.raises(UnknownSchemaError, match="found 0015"):
        open_store(empty_url)
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO confirmed_contacts (value, tenant_id, kind, confirmed_at, confirmed_by)"
                " VALUES ('zoe@libre.example', 'T1', 'address', '2026-11-24 09:30:00', 'paul')"
            )
        )
    database.close()
    migrate(empty_url)
    with open_store(empty_url) as store:
        assert [each.value for each in store.desk.confirmations(["T1"])] == ["zoe@libre.example"]
        entered(store, PORTUGUESE)
        assert [each.value for each in store.desk.register(["T1"])] == ["pt"]
