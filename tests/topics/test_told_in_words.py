"""Dangers that an age in words, or words that name none, tell; and what is no age."""

import pytest

from dtm_contact.normalize import number_in_words
from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    ("text", "topic", "priority"),
    [
        ("Ma fille a dix huit jours, plus d'eau chaude depuis vendredi", "heating", "P1"),
        ("Mon fils a vingt-deux jours, pas de chauffage depuis hier", "heating", "P1"),
        ("Pas de chauffage, et ma fille arrive dans dix-huit jours", "heating", "P2"),
        ("J'ai mis de côté assez de comprimés. Je ne trouve plus de raison de faire durer tout cela.", "danger", "P1"),
        ("de l'eau goutte dans la boite à fusibles de l'entrée", "water_leak", "P1"),
        ("زوجي يغسل الكلى ثلاث مرات في الأسبوع والبيت بدون تدفئة منذ ثلاثة أيام", "heating", "P1"),
    ],
)
def test_how_urgent(text: str, topic: str, priority: str, read_shipped: Understand) -> None:
    understood = read_shipped(text)
    assert (understood.topic, understood.priority) == (topic, priority)


def test_a_number_of_days_is_no_age_to_the_words(read: Understand) -> None:
    assert read("Ma fille vient dans dix-huit jours, pas de chauffage").priority == "P2"


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("dix huit jours", (18, 2)),
        ("quatre vingt onze ans", (91, 3)),
        ("soixante dix neuf ans", (79, 3)),
        ("seize mois", (16, 1)),
        ("le seize", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_a_number_in_words_is_read_as_far_as_it_goes(words: str, read: tuple[int, int]) -> None:
    assert number_in_words(words.split()) == read
