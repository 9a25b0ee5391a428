from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from dtm_contact.directory import read_export
from dtm_contact.directory.records import Absence, Lease, Office, Records
from dtm_contact.errors import NoDirectoryError, StoreUnavailableError
from dtm_contact.model import Confirmed
from dtm_contact.store import DirectoryVersion, Store
from dtm_contact.store.database import StoreRefusedError
from dtm_contact.store.directory_schema import PARTS
from tests.store.samples import NOW, confirmed, minutes

FULL_SIZE = Path(__file__).parents[2] / "fixtures" / "directory"

OFFICE = Office("BP1", "Bureau de Montreuil", "proximity_office", "1 rue A", "93100", "Montreuil", "a@b.example", "")
LEASE = Lease(
    "T1", "L1", "D1", "holder", "Mme", "Benali", "", "Nadia", "", ("0612345678", "0143000000"), date(2019, 2, 28), None
)
SMALL = Records(
    offices=(OFFICE,),
    leases=(LEASE, LEASE),
    absences=(Absence("C1", date(2026, 8, 1), date(2026, 8, 31), "", "congés"),),
)


@pytest.fixture(scope="session")
def full_size() -> Records:
    records, _warnings = read_export(FULL_SIZE)
    return records


def test_a_store_without_a_directory_says_so(store: Store) -> None:
    assert store.directory.version() is None
    with pytest.raises(NoDirectoryError, match="directory import"):
        store.directory.load()


def test_a_full_size_directory_comes_back_line_for_line(store: Store, full_size: Records) -> None:
    store.directory.save(full_size, "import", NOW)
    assert store.directory.load() == full_size


def test_every_field_of_records_is_kept() -> None:
    assert [part.name for part in PARTS] == [field.name for field in fields(Records)]


def test_a_new_directory_replaces_the_old_and_what_agents_confirmed_stays(store: Store, full_size: Records) -> None:
    store.directory.save(full_size, "import", NOW)
    confirmed(store, "number", "+33612345678", "T1")
    assert store.directory.version() == DirectoryVersion(1, NOW)
    assert store.directory.save(SMALL, "import", minutes(1)) == DirectoryVersion(2, minutes(1))
    assert store.directory.version() == DirectoryVersion(2, minutes(1))
    assert store.directory.load() == SMALL
    with store.history() as history:
        assert history.confirmed([], ["+33612345678"]) == [Confirmed("+33612345678", "T1")]


def test_what_is_imported_is_in_force_at_once_and_loaded_once(store: Store) -> None:
    with pytest.raises(NoDirectoryError):
        store.directory.in_force()
    store.directory.save(SMALL, "import", NOW)
    first = store.directory.in_force()
    assert first.records == SMALL
    assert store.directory.in_force() is first
    store.directory.save(replace(SMALL, leases=()), "import", NOW)
    assert store.directory.in_force().records == replace(SMALL, leases=())


def test_an_import_that_breaks_off_leaves_the_old_directory_in_force(store: Store) -> None:
    store.directory.save(SMALL, "import", NOW)
    other = Records(offices=(OFFICE, OFFICE), leases=(LEASE,))
    broken_off = patch("dtm_contact.store.directory.directory_versions.insert", side_effect=StoreUnavailableError)
    with broken_off, pytest.raises(StoreUnavailableError):
        store.directory.save(other, "import", minutes(1))
    assert store.directory.load() == SMALL
    assert store.directory.version() == DirectoryVersion(1, NOW)


def test_what_the_store_refuses_is_told_without_the_persons_data(store: Store) -> None:
    nameless = Records(leases=(LEASE, Lease("T2", "L2", "D2", "", "", None, "", "", "", (), None, None)))  # type: ignore[arg-type]
    with pytest.raises(StoreRefusedError) as raised:
        store.directory.save(nameless, "import", NOW)
    assert "T2" not in str(raised.value)
    assert raised.value.__cause__ is None
