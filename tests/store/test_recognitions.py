from datetime import timedelta

import pytest

from dtm_contact.errors import NotFoundError
from dtm_contact.model import FileOutcome, Recognition, ScannedLine
from dtm_contact.store import ArrivalState, Store
from tests.store.samples import NOW, claim, minutes

LONGEST = timedelta(minutes=30)
AGAIN = timedelta(minutes=10)
FOUND = Recognition(FileOutcome.READ, ((ScannedLine("Bonjour à vous", 1, 2, 3, 4, 3, 91.5),),))


def test_a_letter_waits_until_it_is_recognised(store: Store) -> None:
    claimed = claim(store)
    assert store.recognitions.wait(claimed, ["a", "b"], NOW, LONGEST)
    assert store.arrivals.claim("worker", minutes(29)) is None
    assert store.recognitions.waiting() == 2
    first = store.recognitions.begin(NOW, AGAIN)
    second = store.recognitions.begin(NOW, AGAIN)
    assert first is not None
    assert second is not None
    assert {first.sha256, second.sha256} == {"a", "b"}
    assert first.raw == claimed.arrival.raw
    store.recognitions.keep(first, FOUND)
    assert store.arrivals.claim("worker", NOW) is None
    store.recognitions.keep(second, Recognition(FileOutcome.BROKEN))
    again = store.arrivals.claim("worker", NOW)
    assert again is not None
    # Waiting costs no attempt.
    assert again.attempt == claimed.attempt
    assert store.recognitions.recognised_in(["a", "b", "c"]).keys() == {"a", "b"}
    assert store.recognitions.recognised_in([first.sha256])[first.sha256] == FOUND


def test_a_letter_waits_no_longer_than_it_may(store: Store) -> None:
    assert store.recognitions.wait(claim(store), ["a"], NOW, LONGEST)
    late = store.arrivals.claim("worker", minutes(30))
    assert late is not None
    assert not store.recognitions.wait(late, ["a"], minutes(30), LONGEST)
    assert store.arrivals.listing(ArrivalState.CLAIMED)


def test_what_another_began_is_taken_once_it_must_have_failed(store: Store) -> None:
    assert store.recognitions.wait(claim(store), ["a"], NOW, LONGEST)
    assert store.recognitions.begin(NOW, AGAIN) is not None
    assert store.recognitions.begin(minutes(9), AGAIN) is None
    assert store.recognitions.begin(minutes(11), AGAIN) is not None


def test_the_same_scan_in_two_arrivals_is_recognised_once(store: Store) -> None:
    for name in ("one", "two"):
        assert store.recognitions.wait(claim(store, name), ["a"], NOW, LONGEST)
    scan = store.recognitions.begin(NOW, AGAIN)
    assert scan is not None
    store.recognitions.keep(scan, FOUND)
    assert store.recognitions.begin(NOW, AGAIN) is None
    assert store.arrivals.claim("worker", NOW) is not None
    assert store.arrivals.claim("worker", NOW) is not None


def test_nothing_is_begun_where_nothing_waits(store: Store) -> None:
    assert store.recognitions.begin(NOW, AGAIN) is None
    with pytest.raises(NotFoundError):
        store.arrivals.get(1)
