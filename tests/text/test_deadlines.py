"""The day by which a letter wants something done."""

from datetime import date

import pytest

from dtm_contact.text import deadline, fold

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Audience fixée au 14 janvier 2027 à 9 h", date(2027, 1, 14)),
        ("Répondre avant le 05/12/2026. Visite du 03/11/2026.", date(2026, 12, 5)),
        ("avant le 1er décembre 2026", date(2026, 12, 1)),
        ("Vous disposez d'un délai de 15 jours", date(2026, 12, 9)),
        ("sous huit jours à compter de la présente", date(2026, 12, 2)),
        ("dans un délai de deux (2) mois", date(2027, 1, 24)),
        ("dans les 48 heures", date(2026, 11, 26)),
        ("sous 72 heures, au plus tard le 30/11/2026", date(2026, 11, 27)),
        ("avant le 12 mai", date(2027, 5, 12)),
        ("Réponse attendue pour le vendredi 4 décembre au plus tard", date(2026, 12, 4)),
        ("d'ici au 15/12, au plus tard", date(2026, 12, 15)),
        ("jusqu'au 1er janvier", date(2027, 1, 1)),
        ("sous vingt-et-un jours", date(2026, 12, 15)),
        ("sous huitaine", date(2026, 12, 2)),
        ("dans un délai de quarante-cinq jours", date(2027, 1, 8)),
        ("Je vous écris depuis le 12 mai, il est né le 3 janvier", None),
        ("avant le 31 février", None),
        ("avant le 12 mars 2031", None),
        ("sous ces jours gris", None),
        ("Courrier du 20/11/2026", None),
        ("le bail du 12 mars 2031", None),
        ("le 31/02/2027", None),
        ("depuis deux mois", None),
        ("", None),
    ],
)
def test_the_first_day_to_come(text: str, day: date | None) -> None:
    assert deadline(" ".join(fold(text).split()), TODAY) == day
