"""A glance finds what may tell of danger: all sample messages that are P1, and few that are not."""

import json
from datetime import date
from pathlib import Path

import pytest

from dtm_contact.reading import texts_at_a_glance
from dtm_contact.topics import DangerGlance, Lexicon

MAIL = Path(__file__).parents[2] / "fixtures" / "mail"
DAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def glance(lexicon: Lexicon) -> DangerGlance:
    return DangerGlance(lexicon)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Ça sent très fort le gaz dans le hall depuis ce matin", True),
        ("Il y a le feu dans le local poubelles, de la fumée monte dans l'escalier", True),
        ("Ma voisine est bloquée dans l'ascenseur entre le 3e et le 4e étage", True),
        ("Plus de chauffage du tout depuis hier soir, j'ai un bébé de trois semaines", True),
        ("Plus de chauffage du tout depuis hier soir", False),
        ("J'ai un bébé de trois semaines, pouvez-vous m'envoyer une quittance ?", False),
        ("Ma facture de gaz a doublé, à qui dois-je m'adresser ?", False),
        ("Aucune odeur de gaz, c'était une fausse alerte, merci", False),
        ("", False),
    ],
)
def test_words_of_danger_are_seen(glance: DangerGlance, text: str, *, seen: bool) -> None:
    assert glance.sees([text], DAY) is seen


def test_all_samples_of_danger_are_seen_and_few_others(glance: DangerGlance) -> None:
    truths = [json.loads(line) for line in (MAIL / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = {
        truth["file"] for truth in truths if glance.sees(texts_at_a_glance((MAIL / truth["file"]).read_bytes()), DAY)
    }
    danger = {truth["file"] for truth in truths if truth["priority"] == "P1"}
    assert danger <= seen
    assert len(seen - danger) <= len(truths) // 10
