"""A folder for each fault, and beside its files what is said of them."""

from pathlib import Path

import pytest

from dtm_contact.directory import read_export
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Severity
from tests.directory.samples import FAULTS, GOOD, HERE, assemble, problems_of, said_of


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_as_expected(fault: str, tmp_path: Path) -> None:
    expected = (HERE / "bad" / fault / "expected.txt").read_text(encoding="utf-8")

    assert said_of(assemble(fault, tmp_path / "directory")) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_errors_refuse_the_directory_and_warnings_do_not(fault: str, tmp_path: Path) -> None:
    folder = assemble(fault, tmp_path / "directory")
    has_errors = any(problem.severity is Severity.ERROR for problem in problems_of(folder))

    if has_errors:
        with pytest.raises(InvalidFilesError):
            read_export(folder)
    else:
        assert read_export(folder)[0].leases or fault == "headers-alone"


@pytest.mark.parametrize("fault", FAULTS)
def test_no_message_holds_what_stands_in_a_field_about_a_person(fault: str, tmp_path: Path) -> None:
    folder = assemble(fault, tmp_path / "directory")
    said = said_of(folder).lower()

    for name in ("joly", "martinez", "huguette", "maréchal", "ménard", "courriel", "0644602314", "0612345678"):
        assert name not in said


def test_nothing_is_said_of_the_good_directory() -> None:
    assert said_of(GOOD) == ""
