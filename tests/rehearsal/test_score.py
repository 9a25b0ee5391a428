"""Scores of made messages: what the generator knows is asked, and what was said is counted once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.cli.grounds import load_grounds
from dtm_contact.model import NoHistory
from dtm_contact.pipeline import judge
from dtm_contact.rehearsal import Score, Truth, messages_at_rest, read_truth, score
from dtm_contact.settings import Settings
from fixtures.hard_contacts.correspondence import Correspondence, write_folder
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part

FIXTURES = Path(__file__).parents[2] / "fixtures"
DIRECTORY = FIXTURES / "directory"

Scored = tuple[dict[str, Truth], Score]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Scored:
    folder = tmp_path_factory.mktemp("hard")
    write_folder(Correspondence(Landlord.read(DIRECTORY), Part.CALIBRATION, 5).messages(80), folder)
    grounds = load_grounds(Settings(), DIRECTORY, FIXTURES.parent / "rules")
    arrivals = messages_at_rest([str(folder)], datetime(2026, 11, 24, tzinfo=UTC))
    truths = read_truth(folder)
    return truths, score((judge(each, each.received_at, grounds, NoHistory()) for each in arrivals), truths, grounds)


def test_those_singled_out_are_a_question_of_their_own(scored: Scored) -> None:
    truths, found = scored
    figures = {figure.name: figure for figure in found.figures}
    asked = figures["singled out and named"]
    assert asked.of == sum(truth.unique for truth in truths.values()) > 30
    assert asked.share > 0.6
    low, high = asked.interval
    assert low < asked.share <= high
    assert figures["named tenant right"].share > 0.85


def test_every_likeliest_tenant_stands_in_one_band(scored: Scored) -> None:
    truths, found = scored
    assert 50 < sum(band.count for band in found.reliability) <= len(truths)
    assert all(band.low <= band.said <= band.high for band in found.reliability)
