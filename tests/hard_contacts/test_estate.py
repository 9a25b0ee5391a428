"""A made directory is sound, repeatable, and one that messages can be made over."""

from collections import Counter
from pathlib import Path

from dtm_contact.directory import read_export
from dtm_contact.model import Severity
from fixtures.hard_contacts.correspondence import Correspondence
from fixtures.hard_contacts.estate.making import Estate
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part


def test_a_made_directory_has_no_fault_and_about_the_people_asked_for(tmp_path: Path) -> None:
    people = Estate(4_000, seed=3).write(tmp_path)
    records, problems = read_export(tmp_path)
    assert not [problem for problem in problems if problem.severity is Severity.ERROR]
    assert 3_600 < people < 4_400
    assert len({lease.tenant_id for lease in records.leases}) == people
    surnames = Counter(lease.last_name for lease in records.leases)
    assert surnames.most_common(1)[0][1] < 0.02 * people
    assert len(surnames) > 0.3 * people


def test_the_same_seed_gives_the_same_directory(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Estate(500, seed=3).write(tmp_path / name)
    first = {file.name: file.read_bytes() for file in (tmp_path / "one").iterdir()}
    assert first == {file.name: file.read_bytes() for file in (tmp_path / "two").iterdir()}


def test_messages_can_be_made_over_it(tmp_path: Path) -> None:
    Estate(1_500, seed=4).write(tmp_path)
    messages = list(Correspondence(Landlord.read(tmp_path), Part.EVALUATION, 1).messages(100))
    assert sum(message.truth["unique"] is True for message in messages) > 40
