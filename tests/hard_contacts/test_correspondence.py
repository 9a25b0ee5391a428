"""The examiner's own honesty: repeatable, parts apart, and a truth that holds."""

from pathlib import Path

import pytest

from dtm_contact.rehearsal import read_truth
from fixtures.hard_contacts.correspondence import Correspondence, Message, write_folder
from fixtures.hard_contacts.draft import Draft
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.matters import matters
from fixtures.hard_contacts.parts import Part
from fixtures.hard_contacts.truth import singles_out

DIRECTORY = Path(__file__).parents[2] / "fixtures" / "directory"


@pytest.fixture(scope="module")
def landlord() -> Landlord:
    return Landlord.read(DIRECTORY)


def _messages(landlord: Landlord, part: Part, count: int = 300, seed: int = 1) -> list[Message]:
    return list(Correspondence(landlord, part, seed).messages(count))


def _drafts(landlord: Landlord, part: Part, count: int) -> list[Draft]:
    return list(Correspondence(landlord, part, 1).drafts(count))


def test_the_same_seed_gives_the_same_messages(landlord: Landlord) -> None:
    one, two = (_messages(landlord, Part.TRAINING, 50) for _ in range(2))
    assert [each.raw for each in one] == [each.raw for each in two]
    assert one[0].raw != _messages(landlord, Part.TRAINING, 1, seed=2)[0].raw


def test_each_home_and_each_held_out_phrase_belongs_to_one_part(landlord: Landlord) -> None:
    writers = {part: {each.home.dwelling_id for each in _drafts(landlord, part, 300) if each.home} for part in Part}
    assert all(len(homes) > 100 for homes in writers.values())
    assert not writers[Part.TRAINING] & writers[Part.CALIBRATION]
    assert not writers[Part.EVALUATION] & (writers[Part.TRAINING] | writers[Part.CALIBRATION])
    texts = {part: {matter.text for matter in part.phrases(matters())} for part in Part}
    assert len(matters()) >= 60
    assert not texts[Part.EVALUATION] & (texts[Part.TRAINING] | texts[Part.CALIBRATION])


def test_the_truth_has_the_form_of_a_truth_file(landlord: Landlord, tmp_path: Path) -> None:
    written = write_folder(iter(_messages(landlord, Part.EVALUATION, 40)), tmp_path)
    truths = read_truth(tmp_path)
    assert written == len(truths) == len(list(tmp_path.glob("*.eml"))) == 40
    for truth in truths.values():
        assert truth.tenant_id is None or truth.tenant_id in truth.tenants
        assert truth.residence_id is None or truth.residence_id in landlord.residences


def test_one_in_ten_is_not_in_the_directory_and_half_of_those_are_at_our_doors(landlord: Landlord) -> None:
    drafts = _drafts(landlord, Part.TRAINING, 2_000)
    strangers = [each for each in drafts if each.person is None]
    at_our_doors = sum(each.residence_id is not None for each in strangers)
    assert 0.08 < len(strangers) / len(drafts) < 0.12
    assert 0.4 < at_our_doors / len(strangers) < 0.6


def test_what_is_called_unique_fits_nobody_else(landlord: Landlord) -> None:
    """Held against the files by hand: of all people, one alone has that key, or that name at that entrance."""
    for draft in _drafts(landlord, Part.EVALUATION, 400):
        if not singles_out(draft, landlord):
            continue
        owners = [landlord.owners[kind][key] for kind, key in draft.keys]
        here = [
            person
            for place in draft.places
            if place.tells_entrance
            for entrance in landlord.entrances.values()
            if place.fits(entrance)
            for person in landlord.at_entrance[entrance.address_id]
        ]
        fitting = [
            {person.tenant_id for person in people if all(name.fits(person) for name in draft.names)}
            for people in (*owners, here)
        ]
        assert draft.person is not None
        assert {draft.person.tenant_id} in fitting


EXPECTED = (
    "tenant", "relative", "lawyer", "guardian", "friend", "forwarded", "unlisted", "applicant", "supplier", "shop",
    "parking", "town hall", "social worker", "homonym elsewhere", "former tenant", "two homes", "passer-by",
    "quoted reply", "signature only", "nothing told", "known account", "partner's account", "new phone",
    "name: by ear", "name: birth name only", "name: nickname", "name: particle", "place: wrong number",
    "lease mistyped", "unit given", "another's phone", "phone overseas given", "place: number in words",
)  # fmt: skip


def test_every_kind_of_writer_and_noise_comes_up(landlord: Landlord) -> None:
    drafts = _drafts(landlord, Part.TRAINING, 3_000)
    kinds = {each.kind for each in drafts}.union(*(each.kinds for each in drafts))
    assert not set(EXPECTED) - kinds
