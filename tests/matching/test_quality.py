"""How often the match is right, over thousands of made messages and the mails of the fixtures.

The figures are floors. What is missed are mostly namesakes who say nothing else; nobody wrong may be named.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, Match, NoHistory
from dtm_contact.reading import read
from tests.matching.letters import letters
from tests.matching.measure import Score, measure

MAILS = Path(__file__).parents[2] / "fixtures" / "mail"


@pytest.mark.parametrize(("index_name", "recall"), [("fixture_index", 0.82), ("made_index", 0.7)])
def test_made_messages_are_filed_right_and_nobody_wrong(
    index_name: str, recall: float, request: pytest.FixtureRequest
) -> None:
    index: MatchIndex = request.getfixturevalue(index_name)
    score: Score = measure(letters(index.directory, 20_261_124, 600), index)
    wrong = {what: score.total(f"{what}:wrong") for what in ("tenant", "dwelling", "residence")}
    assert wrong["tenant"] <= 1, score.table()
    assert wrong["dwelling"] <= 1, score.table()
    assert wrong["residence"] <= 3, score.table()
    assert score.recall("tenant") >= recall, score.table()
    assert score.recall("residence") >= 0.85, score.table()


def test_probabilities_are_calibrated(fixture_index: MatchIndex) -> None:
    """Of the best candidates given with about the same probability, that share is right."""
    told: list[tuple[float, bool]] = []
    for letter in letters(fixture_index.directory, 5, 700):
        candidates = match(letter.contact, letter.contact.at.date(), fixture_index, NoHistory()).candidates
        if candidates and letter.kind != "passer-by":
            told.append((candidates[0].probability, candidates[0].tenant_id == letter.tenant))
    for low, high in ((0.2, 0.6), (0.6, 0.95), (0.95, 1.01)):
        inside = [(said, right) for said, right in told if low <= said < high]
        said = sum(probability for probability, _right in inside) / len(inside)
        right = sum(right for _probability, right in inside) / len(inside)
        assert right == pytest.approx(said, abs=0.15 if high < 1 else 0.01), (low, high, len(inside))


def _mails() -> list[tuple[dict[str, object], bytes]]:
    truths = (MAILS / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [(truth, (MAILS / truth["file"]).read_bytes()) for truth in map(json.loads, truths)]


def _match(raw: bytes, name: str, index: MatchIndex) -> Match:
    contact = read(Arrival("file", name, datetime(2026, 11, 24, tzinfo=UTC), "message/rfc822", None, raw))
    return match(contact, contact.at.date(), index, NoHistory())


def test_the_mails_of_the_fixtures(fixture_index: MatchIndex) -> None:
    right = sought = residences = places = 0
    for truth, raw in _mails():
        found = _match(raw, str(truth["file"]), fixture_index)
        accepted = {truth["tenant_id"], *truth["acceptable_tenant_ids"]}  # type: ignore[misc]
        assert found.tenant is None or found.tenant.id in accepted, truth["file"]
        # Automatic mail has no dwelling in the truth, and may all the same be known by its account.
        if truth["dwelling_id"] or not truth["acceptable_tenant_ids"]:
            assert found.dwelling is None or found.dwelling.id == truth["dwelling_id"], truth["file"]
        sought += truth["tenant_id"] is not None
        right += truth["tenant_id"] is not None and found.tenant is not None
        places += truth["residence_id"] is not None
        residences += found.residence is not None and found.residence.id == truth["residence_id"]
    assert right >= 0.85 * sought
    assert residences >= 0.9 * places
