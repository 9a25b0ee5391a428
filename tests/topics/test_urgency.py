"""A priority is raised where the text gives the reason, never lowered, and the words that did it are shown."""

import pytest

from dtm_contact.model import Priority
from dtm_contact.topics import Lexicon
from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    ("text", "priority", "seen"),
    [
        ("Plus de chauffage.", "P2", ""),
        ("Plus de chauffage, j'ai un bébé.", "P1", "bébé"),
        ("Plus de chauffage, ma mère a 84 ans.", "P1", "84 ans"),
        ("Plus de chauffage chez M. Roy, né le 3 mai 1938.", "P1", "né le 3 mai 1938"),
        ("Plus de chauffage chez M. Roy, né le 3 mai 1978.", "P2", ""),
        ("L'ascenseur est en panne, ma femme a perdu les eaux.", "P1", "perdu les eaux"),
        ("Plus de chauffage, j'ai 48 ans.", "P2", ""),
        ("Plus de chauffage, locataire depuis 80 ans.", "P2", ""),
        ("Plus de chauffage, mon fils de 4 mois a froid.", "P1", "4 mois"),
        ("Plus de chauffage depuis 4 mois.", "P2", ""),
        ("Plus de chauffage et ma fille est asthmatique.", "P1", "asthmatique"),
        ("Le chauffage est réparé, ma mère a 84 ans, merci.", "P4", ""),
        ("Ascenseur en panne, mon mari est dialysé.", "P1", "dialysé"),
        ("Plus d'électricité dans mon logement.", "P2", "Plus d'électricité"),
        ("Plus d'électricité, je suis sous oxygène.", "P1", "oxygène"),
        ("Une prise ne marche pas.", "P3", ""),
        ("Mes toilettes débordent.", "P2", "toilettes débordent"),
        ("L'évier se vide mal.", "P3", ""),
        ("Ma porte d'entrée ne ferme plus à clé.", "P2", "ferme plus à clé"),
        ("J'ai perdu mes clés de la boîte aux lettres.", "P3", ""),
        ("Des rats dans ma cuisine.", "P2", "rats dans ma cuisine"),
        ("Des rats dans le jardin.", "P3", ""),
        ("Punaises de lit.", "P2", "Punaises de lit"),
        ("L'eau coule sur le tableau électrique.", "P1", "eau coule sur le tableau électrique"),
        ("Fuite d'eau, impossible de couper l'arrivée.", "P1", "impossible de couper"),
        ("Je demande une quittance, j'ai un bébé.", "P4", ""),
        ("J'ai un bébé et je voudrais un logement plus grand.", "P3", ""),
    ],
)
def test_raised_with_its_reason(text: str, priority: str, seen: str, read: Understand) -> None:
    understood = read(text)
    assert understood.priority == priority
    if seen:
        assert seen in {evidence.seen for evidence in understood.raised_by}
    else:
        assert not understood.raised_by


def test_never_lowered(read: Understand, lexicon: Lexicon) -> None:
    for text in ("Le radiateur de la chambre est tiède", "Ça sent un tout petit peu le gaz", "Fuite d'eau minime"):
        understood = read(text)
        assert understood.topic is not None
        assert understood.priority <= lexicon.topics[understood.topic].priority


def test_priorities_compare_by_urgency() -> None:
    assert min(Priority.P2, Priority.P1) is Priority.P1
