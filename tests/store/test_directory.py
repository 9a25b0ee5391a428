from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from dtm_contact.directory import read_export
from dtm_contact.directory.records import Absence, Lease, Office, Records
from dtm_contact.errors import NoDirectoryError, NotFoundError, StoreUnavailableError
from dtm_contact.model import Confirmed
from dtm_contact.store import DirectoryVersion, Origin, Store
from dtm_contact.store.database import StoreRefusedError
from dtm_contact.store.system_schema import DIRECTORY_TABLES, directory_contents
from tests.directory.wrong_exports import WRONG, changed, reduced
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


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample directory of its first six residences, of two offices; every file and column."""
    return reduced(FULL_SIZE, 6, tmp_path_factory.mktemp("reduced"))


@pytest.fixture(scope="session")
def reduced_size(estate: Path) -> Records:
    records, _warnings = read_export(estate)
    return records


def test_a_store_without_a_directory_says_so(store: Store) -> None:
    assert store.directory.version() is None
    with pytest.raises(NoDirectoryError, match="directory import"):
        store.directory.load()


def test_a_full_size_directory_comes_back_line_for_line(store: Store, full_size: Records) -> None:
    store.directory.save(full_size, "import", NOW)
    assert store.directory.load() == full_size


def test_every_field_of_records_is_kept() -> None:
    assert [part.name for part in DIRECTORY_TABLES] == [field.name for field in fields(Records)]


def test_a_new_directory_replaces_the_old_and_what_agents_confirmed_stays(store: Store, reduced_size: Records) -> None:
    store.directory.save(reduced_size, "import", NOW)
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


def test_a_version_that_is_kept_comes_back_line_for_line(store: Store, reduced_size: Records) -> None:
    store.directory.save(reduced_size, "import", NOW, Origin("d1", minutes(-60)))
    store.directory.save(SMALL, "import", minutes(1), Origin("d2", minutes(0), forced=("tenants.csv: few",)))

    records, origin = store.directory.kept(1)
    store.directory.save(records, "paul", minutes(2), origin)

    assert records == reduced_size
    assert store.directory.load() == reduced_size
    assert store.directory.kept(2)[0] == SMALL
    newest, forced, first = store.directory.imports(10)
    assert (newest.number, newest.imported_by, newest.kept) == (3, "paul", True)
    assert newest.origin == Origin("d1", minutes(-60), restored_from=1)
    assert newest.counts["leases"] == len(reduced_size.leases)
    assert forced.origin == Origin("d2", minutes(0), ("tenants.csv: few",))
    assert first.origin == Origin("d1", minutes(-60))


@pytest.mark.parametrize("wrong", WRONG)
def test_after_a_wrong_export_that_was_forced_the_right_one_comes_back(
    store: Store, wrong: str, estate: Path, reduced_size: Records, tmp_path: Path
) -> None:
    forced, _warnings = read_export(changed(estate, WRONG[wrong][0], tmp_path))
    store.directory.save(reduced_size, "import", NOW)
    store.directory.save(forced, "import", minutes(1))
    assert store.directory.in_force().records == forced != reduced_size

    store.directory.save(*_restored(store, 1))

    assert store.directory.in_force().records == reduced_size


def _restored(store: Store, number: int) -> tuple[Records, str, datetime, Origin]:
    records, origin = store.directory.kept(number)
    return records, "paul", minutes(2), origin


def test_what_no_file_could_hold_is_kept_as_it_is(store: Store) -> None:
    odd = replace(LEASE, last_name="\u2028\x85\nd'Été \U0001f600", phones=(), email='"\\', lease_start=None)
    records = replace(SMALL, leases=(odd, LEASE))
    store.directory.save(records, "import", NOW)
    assert store.directory.kept(1)[0] == records == store.directory.load()


def test_only_the_last_versions_are_kept(store: Store) -> None:
    for number in range(5):
        store.directory.save(replace(SMALL, leases=(LEASE,) * number), "import", minutes(number), keep=3)
    assert [(each.number, each.kept) for each in store.directory.imports(9)] == [
        (5, True),
        (4, True),
        (3, True),
        (2, False),
        (1, False),
    ]
    assert len(store.directory.kept(3)[0].leases) == 2
    for number in (2, 6):
        with pytest.raises(NotFoundError, match=f"version {number} of the directory is not kept"):
            store.directory.kept(number)


def test_what_an_earlier_program_imported_is_kept_before_it_is_replaced(store: Store, reduced_size: Records) -> None:
    store.directory.save(reduced_size, "import", NOW)
    with store.database.writing() as connection:
        connection.execute(directory_contents.delete())

    store.directory.save(SMALL, "import", minutes(1))

    assert store.directory.kept(1)[0] == reduced_size


def test_the_files_imported_last_are_known_though_others_were_restored(store: Store) -> None:
    assert store.directory.last_files() is None
    store.directory.save(SMALL, "import", NOW, Origin("good"))
    store.directory.save(replace(SMALL, leases=()), "import", minutes(1), Origin("wrong"))
    records, origin = store.directory.kept(1)
    store.directory.save(records, "import", minutes(2), origin)
    assert store.directory.last_files() == "wrong"


def test_the_age_is_that_of_the_export(store: Store) -> None:
    assert store.directory.exported_at() is None
    store.directory.save(SMALL, "import", NOW)
    assert store.directory.exported_at() == NOW
    store.directory.save(SMALL, "import", minutes(1), Origin("d", NOW - timedelta(days=3)))
    assert store.directory.exported_at() == NOW - timedelta(days=3)
    for digest, seen, expected in (
        ("another", minutes(2), NOW - timedelta(days=3)),
        ("d", minutes(2), minutes(2)),
        ("d", minutes(1), minutes(2)),
    ):
        store.directory.seen_again(digest, seen)
        assert store.directory.exported_at() == expected


def test_a_refusal_is_to_be_told_until_it_was_and_anew_after_an_import(store: Store) -> None:
    assert store.directory.refuse("d", NOW)
    assert store.directory.refuse("d", minutes(1))
    store.directory.mark_refusal_reported("d", minutes(1))
    assert not store.directory.refuse("d", minutes(2))
    assert store.directory.refuse("e", minutes(2))
    store.directory.save(SMALL, "import", minutes(3))
    assert store.directory.refuse("d", minutes(4))


def test_what_the_store_refuses_is_told_without_the_persons_data(store: Store) -> None:
    nameless = Records(leases=(LEASE, Lease("T2", "L2", "D2", "", "", None, "", "", "", (), None, None)))  # type: ignore[arg-type]
    with pytest.raises(StoreRefusedError) as raised:
        store.directory.save(nameless, "import", NOW)
    assert "T2" not in str(raised.value)
    assert raised.value.__cause__ is None
