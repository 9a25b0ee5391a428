"""Danger told without its word: two clues near each other; images and jokes; severe forms that need company."""

import pytest

from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    "text",
    [
        "Ça pique la gorge et le tuyau jaune siffle.",
        "La télévision hurle depuis mardi chez Mme Roy, elle a 84 ans et n'ouvre pas.",
        "Depuis que le poêle marche, nous avons tous des nausées.",
        "Mon compagnon a encore bu, je me suis enfermée.",
        "La rambarde ne tient plus que par un fil de fer.",
    ],
)
def test_two_clues_make_a_danger(read: Understand, text: str) -> None:
    assert read(text).priority == "P1"


@pytest.mark.parametrize(
    "text",
    [
        "Le tuyau jaune est rangé à la cave.",
        "Je n'ai aucune nouvelle de mon attestation.",
        "Mon compagnon voudrait figurer sur le bail.",
        "La rambarde est sale.",
    ],
)
def test_one_clue_alone_does_not(read: Understand, text: str) -> None:
    assert read(text).priority != "P1"


def test_an_image_is_no_danger(read: Understand) -> None:
    found = read("Ça sent l'incendie entre eux, façon de parler, ils crient toutes les nuits.")
    assert found.priority != "P1"
    assert any("figuré" in evidence.detail for finding in found.findings for evidence in finding.defused)


@pytest.mark.parametrize(
    "text",
    [
        "Je ne plaisante pas : il y a le feu dans la cave.",
        "Le torchon brûle entre les voisins. Il y a le feu dans la cave.",
    ],
)
def test_a_fire_is_a_fire_beside_a_joke(read: Understand, text: str) -> None:
    assert read(text).priority == "P1"


def test_a_lift_over_a_shaft_is_a_danger_and_an_empty_one_is_none(read: Understand) -> None:
    assert read("L'ascenseur s'ouvre sur le vide au 3e.").priority == "P1"
    assert read("L'ascenseur est en panne, vide.").priority != "P1"
    assert read("L'ascenseur donne sur le vide-ordures, ça pue.").priority != "P1"


def test_a_severe_form_needs_its_company(read: Understand) -> None:
    assert (
        read("Une fuite : depuis une heure l'eau s'écoule lentement et sans bruit jusqu'au plafonnier.").priority
        == "P1"
    )
    assert read("Il y a une fuite sous l'évier. Le mois prochain je pose un lustre.").priority != "P1"
