"""One more condition is one decorated function in a file of its own."""

from pathlib import Path

import pytest

from dtm_contact.registry import Registry
from dtm_contact.rules import conditions, conditions_manual
from dtm_contact.rules.arguments import YesNo
from dtm_contact.rules.conditions import Condition, Says, all_conditions, value_condition
from dtm_contact.rules.facts import Facts, Values
from tests.rules.cast import expression, facts, written

MODULE = '''
from dtm_contact.rules.arguments import YesNo
from dtm_contact.rules.conditions import Says, value_condition


@value_condition("shouting", YesNo(), Says("l'objet est en capitales", "l'objet n'est pas en capitales"))
def shouting(facts):
    """The subject is in capitals.

    Example: `shouting: true`
    """
    return ("true" if facts.contact.subject.isupper() else "false",)
'''


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test a registry of its own, with all conditions in it."""
    registry = Registry[Condition]("condition", conditions.__name__)
    for name, condition in all_conditions().items():
        registry.add(name, condition)
    monkeypatch.setattr(conditions, "_REGISTRY", registry)


@pytest.fixture
def shouting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shouting.py").write_text(MODULE, "utf-8")
    monkeypatch.setattr(conditions, "__path__", [*conditions.__path__, str(tmp_path)])


@pytest.mark.usefixtures("fresh", "shouting")
def test_a_module_put_there_is_found_by_itself() -> None:
    assert expression({"shouting": True}).holds(facts(written(subject="AU SECOURS"))) is True
    assert expression({"not": {"shouting": True}, "topic": "other"}).holds(facts(written(subject="Bonjour"))) is True
    assert "## `shouting`" in conditions_manual(markdown=True)


@pytest.mark.usefixtures("fresh")
def test_two_conditions_cannot_have_one_name() -> None:
    def topic(_facts: Facts) -> Values:
        return ()

    with pytest.raises(ValueError, match="two conditions are named topic"):
        value_condition("topic", YesNo(), Says("c'est si", "ce n'est pas si"))(topic)
