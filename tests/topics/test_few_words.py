"""Of a few words the learned model is not sure enough to raise an alarm that no word raises."""

import pytest

from dtm_contact.model import Priority
from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    "text",
    [
        "l'ascenseur est en panne",
        "L'ascenseur est en panne.",
        "L'ascenseur est en panne depuis ce matin",
        "L'ascenseur est en panne depuis 3 jours, j'habite au 8e",
        "la chaudière fait du bruit",
        "ma mère est seule et âgée",
    ],
)
def test_a_bare_statement_is_no_alarm(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority is not Priority.P1


@pytest.mark.parametrize(
    "text", ["odeur de gaz", "il y a le feu", "coincé dans l'ascenseur", "lo coule du plafon dan mon tablo elektrik"]
)
def test_a_bare_danger_is_one(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority is Priority.P1
