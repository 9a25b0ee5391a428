from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Arrival, CaseKind, Envelope
from dtm_contact.store import ArrivalState, Claimed, Store, StoreRefusedError
from tests.store.samples import FALLBACK, NOW, RECEPTION, arrival, claim, daemon, judgement, minutes


def claimed_ids(store: Store, at: datetime = NOW) -> list[str]:
    """Claim until nothing is left; return the external ids in their order."""
    found = []
    while claimed := store.arrivals.claim("worker", at):
        found.append(claimed.arrival.external_id)
    return found


def test_an_arrival_comes_back_byte_for_byte(store: Store) -> None:
    came = arrival(raw=bytes(range(256)) * 300)
    store.arrivals.accept([came])
    claimed = store.arrivals.claim("worker", NOW)
    assert claimed == Claimed(1, came, 1, "worker", NOW, forced_case=False)
    assert store.arrivals.get(1) == came


def test_an_arrival_at_rest_has_no_envelope(store: Store) -> None:
    came = Arrival("file", "one", NOW, "message/rfc822", None, b"")
    store.arrivals.accept([came])
    assert store.arrivals.get(1) == came


def test_what_is_there_already_is_not_stored_again(store: Store) -> None:
    first, again, other = arrival("a", raw=b"first"), arrival("a", raw=b"again"), arrival("b")
    store.arrivals.accept([first, again, other])
    store.arrivals.accept([again])
    assert [(line.external_id, line.size) for line in store.arrivals.listing()] == [("a", 5), ("b", len(other.raw))]
    assert store.arrivals.get(1) == first


def test_new_ones_among_known_ones_keep_their_own_bytes(store: Store) -> None:
    store.arrivals.accept([arrival(name, raw=name.encode()) for name in "bd"])
    store.arrivals.accept([arrival(name, raw=name.upper().encode()) for name in "abcde"])
    store.arrivals.accept([arrival(name, raw=b"again") for name in "ad"])
    kept = {line.external_id: store.arrivals.get(line.id).raw for line in store.arrivals.listing()}
    assert kept == {"b": b"b", "d": b"d", "a": b"A", "c": b"C", "e": b"E"}


def test_the_same_id_on_another_channel_is_another_arrival(store: Store) -> None:
    store.arrivals.accept([arrival("a"), Arrival("file", "a", NOW, "message/rfc822", None, b"")])
    assert store.arrivals.waiting() == 2


def test_nothing_at_all_is_accepted(store: Store) -> None:
    store.arrivals.accept([])
    assert store.arrivals.waiting() == 0


@pytest.mark.parametrize(
    "hostile",
    ["nul\x00", "lone \udc80 surrogate", "x" * 100_000, "é" * 2_000, "'; DROP TABLE arrivals; --"],
    ids=["nul", "surrogate", "long", "long in octets", "quoted"],
)
def test_hostile_ids_and_envelopes_are_stored_and_told_apart(store: Store, hostile: str) -> None:
    came = Arrival("smtp", hostile, NOW, "message/rfc822", Envelope(hostile, (hostile,), "192.0.2.1"), b"raw")
    like_it = Arrival("smtp", hostile.replace("\x00", "\x00\x00").replace("\udc80", "\udc81") + "x", NOW, "", None, b"")
    store.arrivals.accept([came, like_it])
    store.arrivals.accept([came])
    assert store.arrivals.waiting() == 2
    stored = store.arrivals.get(1)
    assert stored.raw == b"raw"
    assert stored.envelope is not None
    assert stored.envelope.mail_from == hostile.replace("\udc80", "\ufffd")


def test_all_or_none(store: Store) -> None:
    unaware = arrival("b", received_at=NOW.replace(tzinfo=None))
    with pytest.raises(StoreRefusedError):
        store.arrivals.accept([arrival("a"), unaware])
    assert store.arrivals.waiting() == 0


def test_the_oldest_received_is_claimed_first_whatever_its_zone(store: Store) -> None:
    in_paris = minutes(-5).astimezone(timezone(timedelta(hours=1)))
    store.arrivals.accept([arrival("late"), arrival("early", minutes(-9)), arrival("between", in_paris)])
    assert claimed_ids(store) == ["early", "between", "late"]


def test_what_is_put_off_waits_for_its_time(store: Store) -> None:
    claimed = claim(store)
    store.arrivals.retry_later(claimed, "JudgeDiedError", minutes(2))
    assert store.arrivals.claim("worker", minutes(1)) is None
    assert store.arrivals.waiting() == 1
    (line,) = store.arrivals.listing(ArrivalState.WAITING)
    assert (line.reason, line.not_before) == ("JudgeDiedError", minutes(2))
    again = store.arrivals.claim("worker", minutes(2))
    assert again is not None
    assert again.attempt == 2


def test_a_crashed_workers_claims_are_released_and_nobody_elses(store: Store) -> None:
    store.arrivals.accept([arrival("a"), arrival("b", minutes(1))])
    store.leases.register(daemon("crashed"), 60)
    store.leases.register(daemon("running"), 60)
    store.arrivals.claim("crashed", NOW)
    store.arrivals.claim("running", NOW)
    store.leases.register(replace(daemon("crashed"), incarnation="started again"), 60)
    again = store.arrivals.claim("other", NOW)
    assert again is not None
    assert (again.arrival.external_id, again.attempt) == ("a", 2)
    assert store.arrivals.claim("other", NOW) is None


def test_a_lost_claim_puts_nothing_off(store: Store) -> None:
    lost = claim(store)
    store.leases.take_over()
    held = store.arrivals.claim("other", NOW)
    assert held is not None
    store.arrivals.retry_later(lost, "JudgeTimeoutError", minutes(9))
    (line,) = store.arrivals.listing()
    assert line.state is ArrivalState.CLAIMED
    assert line.reason is None


def test_the_listing_shows_what_was_read_and_pages(store: Store) -> None:
    store.cases.record(claim(store, "a"), judgement(), {}, NOW)
    store.cases.record(claim(store, "b"), judgement(CaseKind.SPAM), {}, NOW)
    store.cases.park(claim(store, "c"), "UnreadableArrivalError", FALLBACK, RECEPTION, NOW)
    store.arrivals.accept([arrival("d")])
    first, second, third, fourth = store.arrivals.listing()
    assert (first.state, first.kind, first.case_number) == (ArrivalState.JUDGED, "case", "2026-000001")
    assert (second.state, second.kind, second.case_number) == (ArrivalState.SET_ASIDE, "spam", None)
    assert (second.sender, second.subject) == ("nadia.benali@free.example", "Fuite sous l’évier")
    assert (third.state, third.reason, third.subject) == (ArrivalState.PARKED, "UnreadableArrivalError", "Au secours")
    assert (fourth.state, fourth.sender, fourth.case_number) == (ArrivalState.WAITING, "", None)
    assert store.arrivals.listing(after=first.id, limit=2) == [second, third]
    assert store.arrivals.listing(ArrivalState.PARKED) == [third]


@pytest.mark.parametrize("verb", ["retry", "release"])
def test_only_what_was_parked_is_retried_and_only_what_was_set_aside_released(store: Store, verb: str) -> None:
    store.arrivals.accept([arrival()])
    for number in (1, 99):
        with pytest.raises(NotFoundError, match=f"arrival {number}"):
            getattr(store.arrivals, verb)(number, "paul", NOW)


def test_an_arrival_that_is_not_there(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.arrivals.get(5)


def test_the_first_octets_of_an_arrival_by_its_key(store: Store) -> None:
    store.arrivals.accept([arrival("1")])
    whole = store.arrivals.get(1)
    assert store.arrivals.head(whole.channel, "1", 5) == whole.raw[:5]
    assert store.arrivals.head(whole.channel, "2", 5) is None
    assert store.arrivals.head("other", "1", 5) is None
