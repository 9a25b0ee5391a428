from pathlib import Path

import pytest

from dtm_contact.rules.answer_templates import NAMES, AnswerFailedError, faults, fill_in

ANSWERS = Path(__file__).parents[2] / "rules" / "answers"
VALUES: dict[str, object] = {
    "case": "2026-004217",
    "due": "mercredi 25 novembre à 13 h",
    "phone": "01 79 61 64 60",
    "hours": "du lundi au vendredi de 9 h à 17 h",
    "open": True,
    "urgent": False,
    "known": False,
    "again": False,
}


@pytest.mark.parametrize("path", sorted(ANSWERS.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("known", [True, False])
def test_every_shipped_answer_is_filled_in(path: Path, *, known: bool) -> None:
    assert set(VALUES) == set(NAMES)
    subject, body = fill_in(path.read_text("utf-8"), {**VALUES, "known": known})
    assert "2026-004217" in subject + body
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
    assert list(faults("a.fr.txt", text))
