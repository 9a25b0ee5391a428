"""The parts of a letter by where its lines stand, without any image."""

from datetime import date

import pytest

from dtm_contact.model import ScannedLine
from dtm_contact.reading.letter import WITHOUT_NUMBER, parts_of

SENDER = ("Mme Huguette Joly", "14 rue du 11-Novembre-1918", "93170 Bagnolet")
OURS = ("Monsieur le Directeur", "Office public de l'habitat", "12 rue de la Gare", "93100 Montreuil")


def block(rows: tuple[str, ...], left: int, top: int) -> list[ScannedLine]:
    return [
        ScannedLine(row, left, top + 17 * place, min(1000, left + 11 * len(row)), top + 17 * place + 11, 3, 95.0)
        for place, row in enumerate(rows)
    ]


BODY = block(
    ("Madame, Monsieur,", "Mon chauffage est en panne depuis", "huit jours, je vous demande de le répa-", "rer."),
    90,
    500,
)


@pytest.mark.parametrize(("left", "below"), [(90, 160), (560, 200)])
def test_sender_and_addressee_are_told_apart_on_either_side(left: int, below: int) -> None:
    head = block(SENDER, left, 60) + block(OURS, 560, below)
    parts = parts_of([[*head, *block(("Bagnolet, le 3 novembre 2026",), 560, 320), *BODY]])
    assert (parts.sender, parts.addressee, parts.name) == (SENDER, OURS, "Mme Huguette Joly")
    assert parts.dated == date(2026, 11, 3)
    assert parts.body.endswith("je vous demande de le réparer.")


def test_a_stamp_above_is_nobody() -> None:
    stamp = block(("COURRIER ARRIVÉ",), 400, 20)
    assert parts_of([[*stamp, *block(SENDER, 90, 60), *block(OURS, 560, 160), *BODY]]).sender == SENDER


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Lettre recommandée avec AR n° 1A 201 345 6789 0", "1A 201 345 6789 0"),
        ("LRAR 2C 123 456 7890 1", "2C 123 456 7890 1"),
        ("Recommandé avec accusé de réception", WITHOUT_NUMBER),
        ("Par courrier simple", ""),
    ],
)
def test_the_number_of_a_registered_letter_is_read(line: str, number: str) -> None:
    head = [*block(SENDER, 90, 60), *block(OURS, 560, 160), *block((line,), 90, 400)]
    assert parts_of([[*head, *BODY]]).registered == number


def test_the_subject_stands_apart_from_the_text() -> None:
    head = [*block(SENDER, 90, 60), *block(OURS, 560, 160), *block(("Objet : panne de chauffage",), 90, 440)]
    parts = parts_of([[*head, *BODY]])
    assert parts.subject == "panne de chauffage"
    assert "Objet" not in parts.body


def test_a_page_without_a_line_has_no_parts() -> None:
    assert parts_of([]) == parts_of([()])
