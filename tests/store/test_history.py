from dtm_contact.model import CaseKind, Channel, Confirmed, Contact, Earlier, History, Mailbox
from dtm_contact.store import Store
from dtm_contact.store.confirmations import withdraw
from tests.store.samples import FALLBACK, NOW, RECEPTION, claim, confirmed, judgement, open_case


def contact(message_id: str, address: str = "Nadia@Free.example") -> Contact:
    return Contact(channel=Channel.EMAIL, at=NOW, sender=Mailbox("Nadia", address), message_id=message_id)


def test_a_thread_names_the_case_and_whom_it_is_about(store: Store) -> None:
    first = open_case(store, "a", judgement(contact=contact("m1@free.example")))
    second = open_case(store, "b", judgement(contact=contact("m2@free.example")))
    with store.history() as history:
        found = history.thread(["m2@free.example", "m0@free.example", "m1@free.example", "m1@free.example"])
    assert found == [
        Earlier("m1@free.example", "nadia@free.example", first, "T1", "D1", "R1"),
        Earlier("m2@free.example", "nadia@free.example", second, "T1", "D1", "R1"),
    ]


def test_what_was_set_aside_or_has_no_id_is_in_no_thread(store: Store) -> None:
    store.cases.record(claim(store, "a"), judgement(CaseKind.SPAM, contact=contact("m1@free.example")), {}, NOW)
    open_case(store, "b", judgement(contact=contact("")))
    store.cases.park(claim(store, "c"), "UnreadableArrivalError", FALLBACK, RECEPTION, NOW)
    with store.history() as history:
        assert history.thread(["m1@free.example", ""]) == []
        assert history.thread([]) == []


def test_more_ids_than_a_statement_takes(store: Store) -> None:
    number = open_case(store, "a", judgement(contact=contact("m1@free.example")))
    references = [f"{count}@hostile.example" for count in range(70_000)]
    with store.history() as history:
        assert [earlier.case_number for earlier in history.thread([*references, "m1@free.example"])] == [number]


def test_confirmed_addresses_and_numbers(store: Store) -> None:
    assert confirmed(store, "address", "nadia@free.example", "T1")
    assert not confirmed(store, "address", "nadia@free.example", "T1")
    confirmed(store, "address", "nadia@free.example", "T2")
    confirmed(store, "number", "+33612345678", "T1")
    confirmed(store, "address", "other@free.example", "T3")
    with store.history() as history:
        assert history.confirmed(["nadia@free.example"], []) == [
            Confirmed("nadia@free.example", "T1"),
            Confirmed("nadia@free.example", "T2"),
        ]
        assert history.confirmed([], ["+33612345678"]) == [Confirmed("+33612345678", "T1")]
        assert history.confirmed(["+33612345678"], ["nadia@free.example"]) == []
        assert history.confirmed([], []) == []


def test_a_mistaken_confirmation_is_withdrawn(store: Store) -> None:
    confirmed(store, "number", "+33612345678", "T1")
    confirmed(store, "number", "+33612345678", "T2")
    with store.database.writing() as connection:
        assert withdraw(connection, "+33612345678", "T1") == "number"
        assert withdraw(connection, "+33612345678", "T1") is None
    with store.history() as history:
        assert history.confirmed([], ["+33612345678"]) == [Confirmed("+33612345678", "T2")]


def test_all_answers_are_of_one_moment(store: Store) -> None:
    with store.history() as history:
        assert history.thread(["m1@free.example"]) == []
        confirmed(store, "number", "+33612345678", "T1")
        number = open_case(store, "a", judgement(contact=contact("m1@free.example")))
        assert history.thread(["m1@free.example"]) == []
        assert history.confirmed([], ["+33612345678"]) == []
    with store.history() as history:
        assert [earlier.case_number for earlier in history.thread(["m1@free.example"])] == [number]


def test_it_is_what_judging_asks(store: Store) -> None:
    with store.history() as stored:
        history: History = stored
        assert history.thread(["m1@free.example"]) == []
