"""Hundreds of letters by many hands (`fixtures/letters`, `fixtures/letters_elsewhere`): who writes, and where."""

import json
from collections import Counter
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex
from dtm_contact.settings import Settings
from fixtures.hard_contacts.estate.making import Estate
from tests.matching.letters import matched

FIXTURES = Path(__file__).parents[2] / "fixtures"
# A namesake in another street, told of first.
TAKEN_FOR_ANOTHER = {"KK-013.eml"}
_EVERY = 4
"""Of the other estates every fourth is made here, for each costs seconds; `dtm-contact score` holds them all."""


def _read(letters: Path, index: MatchIndex) -> tuple[Counter[str], dict[str, set[str]]]:
    """Return how often each is right of those that make a case, and could be, and the files in which it is wrong."""
    right, wrong = Counter[str](), dict[str, set[str]]()
    for line in (letters / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if truth["kind"] != "case":
            continue
        found = matched(letters / truth["file"], index)
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
    return right, wrong


def _check(right: Counter[str], wrong: dict[str, set[str]]) -> None:
    assert wrong.get("tenant", set()) <= TAKEN_FOR_ANOTHER
    assert wrong.get("dwelling", set()) <= TAKEN_FOR_ANOTHER
    assert wrong.get("residence", set()) <= TAKEN_FOR_ANOTHER
    assert right["tenant"] >= 0.9 * right["any tenant"]
    assert right["dwelling"] >= 0.94 * right["any dwelling"]
    assert right["residence"] >= 0.96 * right["any residence"]
    assert right["among the first five"] >= 0.98 * right["any tenant"]


def test_hardly_anybody_wrong_is_named_and_most_are(fixture_index: MatchIndex) -> None:
    _check(*_read(FIXTURES / "letters", fixture_index))


def test_the_same_of_other_estates(tmp_path: Path) -> None:
    right, wrong = Counter[str](), dict[str, set[str]]()
    for letters in sorted((FIXTURES / "letters_elsewhere").glob("estate_*"))[::_EVERY]:
        Estate(16_000, int(letters.name.rpartition("_")[2])).write(tmp_path)
        found, mistaken = _read(letters, MatchIndex.build(Directory(read_export(tmp_path)[0]), Settings()))
        right += found
        wrong = {what: wrong.get(what, set()) | mistaken.get(what, set()) for what in {*wrong, *mistaken}}
    assert right["any tenant"] > 0
    _check(right, wrong)


@pytest.mark.parametrize("folder", [FIXTURES / "letters", *sorted((FIXTURES / "letters_elsewhere").glob("estate_*"))])
def test_each_letter_has_its_truth(folder: Path) -> None:
    told = {json.loads(line)["file"] for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()}
    assert told == {letter.name for letter in folder.glob("*.eml")}
