"""Learning what evidence is worth, and what a probability means, from labelled answers."""

from random import Random

from dtm_contact.matching.weights import SHIPPED, Learnt, answer_about, log_odds
from dtm_contact.model import Candidate, CaseKind, Evidence, Match, Priority
from dtm_contact.rehearsal.fit_matching import Labelled, learn_belief, learn_curve
from dtm_contact.rehearsal.truth import Truth


def _truth(tenant: str | None) -> Truth:
    tenants = frozenset(filter(None, [tenant]))
    return Truth(
        file="x", tenant_id=tenant, tenants=tenants, dwelling_id=None, residence_id=None, caretaker_id=None,
        office=None, topic="other", topics=frozenset({"other"}), priority=Priority.P3,
        priorities=frozenset({Priority.P3}), kind=CaseKind.CASE, note="",
    )  # fmt: skip


def _example(name: str, *, right: bool) -> Labelled:
    """Return a message of which one kind of evidence says "a" at 16 to 1 against nobody."""
    candidate = Candidate("a", None, None, 16 / 17, 4.0, (Evidence(name, 4.0, "x"),))
    return Labelled(Match((candidate,)), _truth("a" if right else None))


def test_evidence_that_misleads_is_believed_less_and_none_that_is_true_more_than_so() -> None:
    examples = [_example("misleads", right=number % 4 != 0) for number in range(400)]
    examples += [_example("holds", right=number % 16 != 0) for number in range(400)]
    belief = learn_belief(examples)
    assert belief["misleads"] < 0.8
    assert 0.9 < belief["holds"] < 1.1


def test_what_is_seldom_seen_or_shared_by_a_household_keeps_its_weight() -> None:
    examples = [_example("seldom", right=False), *[_example("email.household", right=False)] * 100]
    assert learn_belief([*examples, *[_example("often", right=True)] * 100]).keys() == {"often"}


def test_a_curve_never_falls_and_ends_below_certainty() -> None:
    random = Random(1)  # noqa: S311 (no secret)
    told = [(said, random.random() < said**2) for said in (random.uniform(0.5, 0.9999) for _ in range(4_000))]
    curve = learn_curve(told)
    assert [share for _odds, share in curve] == sorted(share for _odds, share in curve)
    learnt = Learnt(calibration={"tenant": tuple(curve)})
    for said in (0.6, 0.8, 0.9, 0.95):
        assert abs(learnt.probability("tenant", said) - said**2) < 0.08
    assert learnt.probability("tenant", 1.0) < 1.0


def test_who_of_a_home_it_is_goes_by_a_curve_of_its_own() -> None:
    at_home = [("a", "L1", 0.9), ("b", "L1", 0.08), ("c", "L2", 0.02)]
    assert answer_about("a", at_home, doubted=False) == "tenant_at_home"
    assert answer_about("a", [("a", "L1", 0.9), ("b", "L1", 0.02), ("c", "L2", 0.08)], doubted=False) == "tenant"
    assert answer_about("a", [("a", None, 0.9), ("b", None, 0.1)], doubted=False) == "tenant"
    assert answer_about("a", at_home, doubted=True) == "tenant_doubted"


def test_a_small_block_of_right_answers_lowers_nothing() -> None:
    told = [(0.999, number % 500 != 0) for number in range(3_000)] + [(0.9999, True) for _ in range(61)]
    curve = learn_curve(told)
    assert [share for _odds, share in curve] == sorted(share for _odds, share in curve)


def test_without_a_curve_and_below_one_half_a_probability_is_as_said() -> None:
    assert Learnt().probability("tenant", 0.97) == 0.97
    assert SHIPPED.probability("tenant", 0.3) == 0.3
    assert Learnt({"x": 0.5}).bits("x", 8.0) == 4.0


def test_what_is_shipped_rises_and_says_how_it_was_made() -> None:
    assert SHIPPED.belief
    for curve in SHIPPED.calibration.values():
        assert list(curve) == sorted(curve)
        assert all(0.4 < share < 1.0 for _odds, share in curve)
    assert log_odds(0.5) == 0.0
