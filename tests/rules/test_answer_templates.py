from pathlib import Path

import pytest

from dtm_contact.model.outgoing import NEUTRAL_RECEIPT
from dtm_contact.rules.answers import NAMES, AnswerFailedError, fill_in, template_faults

ANSWERS = Path(__file__).parents[2] / "rules" / "answers"
VALUES: dict[str, object] = {
    "case": "2026-004217",
    "due": "mercredi 25 novembre à 13 h",
    "phone": "01 79 61 64 60",
    "hours": "du lundi au vendredi de 9 h à 17 h",
    "open": True,
    "urgent": False,
    "known": False,
    "topic": "water_leak",
    "again": False,
}


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("*.fr.txt")), ids=lambda path: path.name)
@pytest.mark.parametrize("known", [True, False])
def test_every_shipped_answer_is_filled_in(path: Path, *, known: bool) -> None:
    assert set(VALUES) == set(NAMES)
    subject, body = fill_in(path.read_text("utf-8"), {**VALUES, "known": known})
    # A receipt that somebody else may read names no case.
    assert ("2026-004217" in subject + body) is (path.name.partition(".")[0] != NEUTRAL_RECEIPT)
    assert subject
    assert body.startswith("Bonjour")
    assert not set("{}%") & set(subject + body)
    assert "\n\n\n" not in body


def test_an_answer_without_a_subject() -> None:
    assert fill_in("\nBonjour {{ case }}\n\n", VALUES) == ("", "Bonjour 2026-004217\n")


def test_a_missing_name_is_an_error_not_an_empty_place() -> None:
    with pytest.raises(AnswerFailedError):
        fill_in("{{ case }}", {})


@pytest.mark.parametrize(
    "text",
    [
        "{{ case|upper }}",
        "{{ case * 1000000000 }}",
        "{{ [case] }}{{ case[0] }}",
        "{{ range(10) }}",
        "{% include 'secret' %}",
        "{% set case = 1 %}",
        "{{ self }}",
        "{% macro a() %}{% endmacro %}",
    ],
)
def test_what_reaches_further_than_a_text_needs_is_refused(text: str) -> None:
    assert list(template_faults("a.fr.txt", text))


@pytest.mark.parametrize(
    "text",
    [
        "{% if known %}" * 3000 + "x" + "{% endif %}" * 3000,
        "{% if known %}" * 120 + "x" + "{% endif %}" * 120,
        "{% if " + "not " * 3000 + "known %}x{% endif %}",
        "{{ " + "(" * 3000 + "case" + ")" * 3000 + " }}",
    ],
    ids=["parsed too deep", "compiled too deep", "operators", "brackets"],
)
def test_what_stands_too_deep_is_told_as_a_problem(text: str) -> None:
    (told,) = template_faults("answers/a.fr.txt", text)
    assert "too deep" in str(told)
    assert (told.file, told.line) == ("answers/a.fr.txt", 1)


def test_conditions_one_within_the_other_are_no_problem() -> None:
    text = "{% if known %}" * 8 + "{{ case }}" + "{% else %}non{% endif %}" * 8
    assert list(template_faults("answers/a.fr.txt", text)) == []
    assert "2026-004217" in fill_in(text, {**VALUES, "known": True})[1]
