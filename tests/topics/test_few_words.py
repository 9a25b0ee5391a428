"""Of a few words the learned model is less believed, be it that it raises an alarm or takes one back."""

import pytest

from dtm_contact.model import Priority
from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    "text",
    [
        "l'ascenseur est en panne",
        "L'ascenseur est en panne.",
        "la chaudière fait du bruit",
    ],
)
def test_a_bare_statement_is_no_alarm(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority is not Priority.P1


@pytest.mark.parametrize(
    "text", ["odeur de gaz", "il y a le feu", "coincé dans l'ascenseur", "lo coule du plafon dan mon tablo elektrik"]
)
def test_a_bare_danger_is_one(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority is Priority.P1


@pytest.mark.parametrize(
    "text",
    [
        "porte ascenceur ouverte sur le vide au 6",
        "mon voisin de 90 ans ne répond plus, courrier qui déborde",
        "bonjour c'est madame aubertin je crois que j'ai une fuite de gaz virgule je suis dehors",
        "Здравствуйте, пахнет газом на кухне с утра",
    ],
)
def test_what_words_say_in_few_words_is_not_taken_back(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority is Priority.P1


def test_an_outage_and_whom_it_hits_told_calmly_are_an_alarm(read_shipped: Understand) -> None:
    text = (
        "L'unique ascenseur du 12 est de nouveau arrêté depuis mardi et l'affichette annonce une pièce sous un mois. "
        "Ma tante Lucienne a 94 ans, habite au septième, ne peut plus descendre une marche. Je vis à Brest, je ne peux "
        "qu'écrire. Pouvez-vous organiser un portage ou livrer ses repas en attendant ?"
    )
    assert read_shipped(text).priority is Priority.P1
