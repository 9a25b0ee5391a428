"""Four hundred letters by eight hands (`fixtures/letters`): who writes, and where."""

import json
from collections import Counter
from pathlib import Path

from dtm_contact.matching import MatchIndex
from tests.matching.letters import matched

LETTERS = Path(__file__).parents[2] / "fixtures" / "letters"
# A namesake of the caretaker, whom the letter fits as well.
TAKEN_FOR_ANOTHER = {"KF-027.eml"}
# Of another landlord, whose residence is called as one of ours; and an automatic message that names one in its subject.
ELSEWHERE = {"KA-048.eml", "KG-015.eml"}


def test_hardly_anybody_wrong_is_named_and_most_are(fixture_index: MatchIndex) -> None:
    truths = list(map(json.loads, (LETTERS / "truth.jsonl").read_text(encoding="utf-8").splitlines()))
    right, wrong = Counter[str](), dict[str, set[str]]()
    for truth in truths:
        found = matched(LETTERS / truth["file"], fixture_index)
        accepted = {
            "tenant": {truth["tenant_id"], *truth["acceptable_tenant_ids"]} - {None},
            "dwelling": {truth["dwelling_id"]} - {None},
            "residence": {truth["residence_id"]} - {None},
        }
        for what, ids in accepted.items():
            said = getattr(found, what)
            right[what] += said is not None and said.id in ids
            right[f"any {what}"] += bool(ids)
            if said is not None and said.id not in ids:
                wrong.setdefault(what, set()).add(truth["file"])
        first = {each.tenant_id for each in found.candidates[:5]}
        right["among the first five"] += bool(first & accepted["tenant"])
    assert wrong.get("tenant", set()) <= TAKEN_FOR_ANOTHER
    assert wrong.get("dwelling", set()) <= TAKEN_FOR_ANOTHER
    assert wrong.get("residence", set()) <= TAKEN_FOR_ANOTHER | ELSEWHERE
    assert right["tenant"] >= 0.88 * right["any tenant"]
    assert right["dwelling"] >= 0.92 * right["any dwelling"]
    assert right["residence"] >= 0.95 * right["any residence"]
    assert right["among the first five"] >= 0.97 * right["any tenant"]
