"""How often the match is right, over thousands of made messages and the mails of the fixtures.

The figures are floors. What is missed are mostly namesakes who say nothing else; nobody wrong may be named.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.bench_hard_contacts import Examination, examine
from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.mentions import NameRole
from dtm_contact.matching.roles import Roles
from dtm_contact.model import Arrival, Match, NoHistory
from dtm_contact.reading import read
from fixtures.hard_contacts.correspondence import Correspondence
from fixtures.hard_contacts.estate.making import Estate
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part

MAILS = Path(__file__).parents[2] / "fixtures" / "mail"


@pytest.fixture(scope="module", params=["fixtures", "made"])
def examined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Examination:
    """Hard messages of people and in phrases kept aside, over the fixtures' directory and an invented one."""
    folder = MAILS.parent / "directory"
    if request.param == "made":
        folder = tmp_path_factory.mktemp("estate")
        Estate(6_000, seed=20).write(folder)
    return examine(folder, Part.EVALUATION, 20_261_124, 700)[0]


def test_who_is_named_is_right(examined: Examination) -> None:
    """More is shown by `benchmarks/bench_hard_contacts.py`; over so few, floors alone can be held."""
    counts = examined.counts
    assert counts["named wrong"] <= 0.01 * (counts["named right"] + counts["named wrong"]), examined.told()
    assert counts["unique named"] >= 0.8 * counts["unique"], examined.told()
    assert counts["first five"] >= 0.92 * counts["tenants"], examined.told()


def test_where_is_said_right(examined: Examination) -> None:
    counts = examined.counts
    for what in ("dwelling", "residence"):
        assert counts[f"{what} wrong"] <= 0.02 * counts[f"{what} right"], examined.told()
    assert counts["residence right"] >= 0.8 * counts["residences"], examined.told()


def test_what_is_said_to_be_sure_is_right(examined: Examination) -> None:
    """Of the likeliest given with 0.95 or more, nearly as many are right as said."""
    sure = [(said, right) for said, right in examined.answers if said >= 0.95]
    said, right = (sum(each) / len(sure) for each in zip(*sure, strict=True))
    assert len(sure) > 300
    assert right == pytest.approx(said, abs=0.02), examined.told()


FOR_OTHERS = frozenset({"relative", "friend", "social worker", "lawyer", "guardian", "town hall"})


def test_who_writes_for_another_in_words_unheard_of_is_seldom_taken_for_the_tenant(
    fixture_index: MatchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word by which that is told, the place and whom he speaks of must do; rather nobody than the wrong."""
    for read_role, instead in (("of_titled", NameRole.NAMED), ("of_pair", NameRole.PAIR)):
        heard = getattr(Roles, read_role)
        monkeypatch.setattr(Roles, read_role, _deaf(heard, instead))
    named = wrong = places = 0
    for message in Correspondence(Landlord.read(MAILS.parent / "directory"), Part.TRAINING, 911).messages(2_000):
        if message.draft.kind not in FOR_OTHERS:
            continue
        found = _match(message.raw, "made", fixture_index)
        named += found.tenant is not None
        wrong += found.tenant is not None and found.tenant.id not in message.truth["acceptable_tenant_ids"]
        places += found.dwelling is not None and found.dwelling.id != message.truth["dwelling_id"]
    assert named > 30
    assert wrong <= 0.03 * named
    assert places == 0


def _deaf(heard: Callable[..., NameRole | None], instead: NameRole) -> Callable[..., NameRole | None]:
    def unheard(*said: object) -> NameRole | None:
        role = heard(*said)
        return instead if role is NameRole.FOR else role

    return unheard


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
