import pytest

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.store import Store
from dtm_contact.store.accepting import _fill
from tests.store.samples import arrival

LARGE = bytes(range(256)) * 8192 + b"end"


def test_bodies_of_every_size_come_back_as_they_were(store: Store) -> None:
    bodies = {"small": b"small", "large": LARGE, "empty": b"", "larger": LARGE * 3}
    store.arrivals.accept([arrival(name, raw=raw) for name, raw in bodies.items()])
    lines = store.arrivals.listing()
    assert {line.external_id: store.arrivals.get(line.id).raw for line in lines} == bodies
    assert {line.external_id: line.size for line in lines} == {name: len(raw) for name, raw in bodies.items()}


def test_a_large_body_that_cannot_be_written_stores_nothing(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.store.accepting._fill", lambda driver, _number, raw: _fill(driver, -1, raw))
    with pytest.raises(StoreUnavailableError, match="OperationalError SQLITE_ERROR"):
        sqlite_store.arrivals.accept([arrival("small"), arrival("large", raw=LARGE)])
    assert sqlite_store.arrivals.listing() == []
