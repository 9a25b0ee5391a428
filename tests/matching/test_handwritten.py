"""Letters written by hand, in many voices: who writes, for whom, and where."""

import json
from pathlib import Path

from dtm_contact.matching import MatchIndex
from tests.matching.letters import matched

LETTERS = Path(__file__).parent / "handwritten"


def test_nobody_wrong_is_named_and_most_are(fixture_index: MatchIndex) -> None:
    truths = list(map(json.loads, (LETTERS / "truth.jsonl").read_text(encoding="utf-8").splitlines()))
    named = dwellings = residences = among_five = 0
    for truth in truths:
        found = matched(LETTERS / truth["file"], fixture_index)
        assert found.tenant is None or found.tenant.id == truth["tenant_id"], truth["file"]
        assert found.dwelling is None or found.dwelling.id == truth["dwelling_id"], truth["file"]
        assert found.residence is None or found.residence.id == truth["residence_id"], truth["file"]
        named += found.tenant is not None
        dwellings += found.dwelling is not None
        residences += found.residence is not None
        among_five += truth["tenant_id"] in {each.tenant_id for each in found.candidates[:5]}
    tenants = sum(truth["tenant_id"] is not None for truth in truths)
    assert named >= 0.88 * tenants
    assert dwellings >= 0.92 * tenants
    assert among_five >= 0.96 * tenants
    assert residences >= 0.97 * sum(truth["residence_id"] is not None for truth in truths)
