"""`all`, `any`, `not`, and what they make of a condition that cannot be told."""

from collections.abc import Mapping
from typing import Any

import pytest

from dtm_contact.model import ConditionTrace, Likely, Match
from tests.rules.cast import asked, expression, facts

TRUE = {"topic": "gas"}
FALSE = {"topic": "fire"}
FAILS = {"commune": "Saint-Ouen"}  # of a residence that the directory does not have
SEEN = {"match": Match(residence=Likely("R99", 0.99)), "understanding": asked("gas")}


@pytest.mark.parametrize(
    ("when", "held"),
    [
        (TRUE, True),
        (FALSE, False),
        (FAILS, None),
        ({"not": TRUE}, False),
        ({"not": FALSE}, True),
        ({"not": FAILS}, None),
        ({"all": [TRUE, TRUE]}, True),
        ({"all": [TRUE, FALSE]}, False),
        ({"all": [FAILS, TRUE]}, None),
        ({"all": [FAILS, FALSE]}, False),
        ({"any": [FALSE, TRUE]}, True),
        ({"any": [FALSE, FALSE]}, False),
        ({"any": [FAILS, TRUE]}, True),
        ({"any": [FAILS, FALSE]}, None),
        ({**TRUE, "channel": "email"}, True),
        ({**TRUE, "channel": "phone"}, False),
        ({**TRUE, "not": {"channel": "email", "topics": "fire"}}, True),
        ({"all": [{"any": [FALSE, {"not": {"all": [FALSE]}}]}, TRUE]}, True),
    ],
    ids=str,
)
def test_true_false_and_undecided(when: Mapping[str, Any], held: bool | None) -> None:  # noqa: FBT001 - a table's column
    assert expression(when).holds(facts(**SEEN)) is held  # type: ignore[arg-type]


def test_a_failure_names_the_condition_and_the_kind_of_error_and_nothing_of_the_message() -> None:
    seen = facts(**SEEN)  # type: ignore[arg-type]
    conditions: list[ConditionTrace] = []
    expression(FAILS).holds(seen, conditions)
    assert seen.failed == ["commune: KeyError"]
    (trace,) = conditions
    assert (trace.seen, trace.held) == ("failed: KeyError", None)


def test_what_is_asked_for_the_trace_only_is_traced_and_counts_for_nothing() -> None:
    when = expression({"any": [TRUE, FAILS], "all": [TRUE, FAILS]})
    plain, traced = facts(**SEEN), facts(**SEEN)  # type: ignore[arg-type]
    conditions: list[ConditionTrace] = []
    assert when.holds(plain) is when.holds(traced, conditions) is None
    assert plain.failed == traced.failed == ["commune: KeyError"]
    assert [each.held for each in conditions] == [True, None, True, None]
