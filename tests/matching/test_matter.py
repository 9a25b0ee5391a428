"""Where the matter is, and where the writer lives: known tenants who write of another residence, and who do not."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from dtm_contact.directory import Address, Lease
from dtm_contact.matching import MatchIndex
from dtm_contact.model import Match
from tests.matching.asked import UNKNOWN, ask


def _texts(name: str) -> list[str]:
    """Return messages, one a line, with `{there}` for another residence's address and `{here}` for the writer's own."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines]


TRAPPED = _texts("trapped_elsewhere.txt")
IN_PASSING = _texts("told_in_passing.txt")
"""What is told of the other place says that the matter is not there."""


def _known(index: MatchIndex) -> Iterator[tuple[Lease, Address, Address]]:
    """Yield leases of people whose mail address is known, with their entrance, and one of another residence."""
    random, directory = Random(7), index.directory  # noqa: S311 - no secret
    for lease in directory.records.leases:
        home = directory.address_of(lease.dwelling_id)
        if lease.email and lease.lease_end is None and lease.role == "holder" and home is not None:
            others = [
                each
                for each in directory.records.addresses
                if each.residence_id != home.residence_id and each.street != home.street
            ]
            yield lease, home, random.choice(others)


def _written(address: Address) -> str:
    return f"{address.house_number} {address.street}, {address.postcode} {address.commune}"


def _asked(text: str, index: MatchIndex, lease: Lease, here: Address, there: Address) -> Match:
    name = f"{lease.first_name} {lease.last_name}"
    return ask(text.format(there=_written(there), here=_written(here), name=name), index, lease.email)


def test_whoever_is_trapped_in_another_residence_is_looked_for_there(placed: MatchIndex) -> None:
    assert len(TRAPPED) == 40
    wrong, named = [], 0
    for text, (lease, here, there) in zip(TRAPPED, _known(placed), strict=False):
        found = _asked(text, placed, lease, here, there)
        if found.residence is None or found.residence.id != there.residence_id:
            wrong.append(text)
            continue
        assert found.office_id == placed.directory.residences[there.residence_id].office_id, text
        at_home = found.dwelling is not None and placed.directory.address_of(found.dwelling.id) == here
        assert not at_home, text
        if found.tenant is not None and found.tenant.id == lease.tenant_id:
            named += 1
            assert found.home is not None, text
            assert found.home.residence_id == here.residence_id, text
    assert len(wrong) <= 1, wrong
    assert named >= 34


def test_an_unknown_address_changes_nothing(placed: MatchIndex) -> None:
    for text, (_lease, _here, there) in zip(TRAPPED[:8], _known(placed), strict=False):
        if "{here}" not in text:
            found = ask(text.format(there=_written(there), name=""), placed, UNKNOWN)
            assert found.residence is not None, text
            assert found.residence.id == there.residence_id, text
            assert found.home is None, text


@pytest.mark.parametrize("text", IN_PASSING)
def test_a_place_told_in_passing_costs_home_nothing(placed: MatchIndex, text: str) -> None:
    lease, here, there = next(_known(placed))
    found = _asked(text, placed, lease, here, there)
    assert found.tenant is not None
    assert found.tenant.id == lease.tenant_id
    assert found.residence is not None
    assert found.residence.id == here.residence_id
    assert found.home is None


def test_who_reports_of_another_street_of_their_residence_does_not_have_it_at_home(placed: MatchIndex) -> None:
    tried = 0
    for lease, here, _there in _known(placed):
        beside = [each for each in placed.directory.entrances(here.residence_id) if each.street != here.street]
        if not beside:
            continue
        found = _asked("Des flammes dans la gaine du 2e étage, {there}. {name}", placed, lease, here, beside[0])
        assert found.residence is not None
        assert found.residence.id == here.residence_id
        assert found.dwelling is None or placed.directory.address_of(found.dwelling.id) != here
        if found.tenant is not None:
            assert found.home is not None
            assert found.home.dwelling_id == lease.dwelling_id
        tried += 1
        if tried == 20:
            break
    assert tried == 20
