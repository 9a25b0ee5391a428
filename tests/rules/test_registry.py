"""One more condition is one decorated function in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dtm_contact.rules import conditions, conditions_manual, registry
from dtm_contact.rules.arguments import YesNo
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import known_conditions, sees
from tests.rules.cast import expression, facts, written

MODULE = '''
from dtm_contact.rules.arguments import YesNo
from dtm_contact.rules.registry import sees


@sees("shouting", YesNo())
def shouting(facts):
    """The subject is in capitals.

    Example: `shouting: true`
    """
    return ("true" if facts.contact.subject.isupper() else "false",)
'''


@pytest.fixture
def shouting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "shouting.py").write_text(MODULE, "utf-8")
    monkeypatch.setattr(conditions, "__path__", [*conditions.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "_registered", dict(known_conditions()))
    known_conditions.cache_clear()
    yield
    known_conditions.cache_clear()


@pytest.mark.usefixtures("shouting")
def test_a_module_put_there_is_found_by_itself() -> None:
    assert expression({"shouting": True}).holds(facts(written(subject="AU SECOURS"))) is True
    assert expression({"not": {"shouting": True}, "topic": "other"}).holds(facts(written(subject="Bonjour"))) is True
    assert "## `shouting`" in conditions_manual(markdown=True)


def test_two_conditions_cannot_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(known_conditions()))

    def topic(_facts: Facts) -> Values:
        return ()

    with pytest.raises(ValueError, match="two conditions are named topic"):
        sees("topic", YesNo())(topic)
