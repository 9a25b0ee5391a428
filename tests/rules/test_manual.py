"""The manual of the conditions is what the code says."""

import re

import pytest
import yaml

from dtm_contact.rules import conditions_manual
from dtm_contact.rules.conditions import all_conditions
from tests.rules.cast import expression, facts
from tests.rules.folders import HERE

PAGE = HERE.parent.parent / "docs" / "conditions.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == conditions_manual(markdown=True)


@pytest.mark.parametrize("name", all_conditions())
def test_every_condition_has_an_entry_with_an_example_that_can_be_read(name: str) -> None:
    entry = all_conditions()[name].manual
    assert entry
    (example,) = re.findall(r"Example: `(.*)`", entry)
    when = yaml.safe_load(example)
    assert list(when) == [name]
    assert expression(when).holds(facts()) in {True, False}


def test_the_terminal_shows_every_condition_without_markup() -> None:
    told = conditions_manual()
    assert [line for line in told.splitlines() if line and not line.startswith(" ")] == list(all_conditions())
    assert "`" not in "".join(line for line in told.splitlines() if not line.startswith("    takes"))
