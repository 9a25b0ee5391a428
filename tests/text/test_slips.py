"""Slips of the finger are mended to the commonest known word that is one letter away."""

import pytest

from dtm_contact.text import Slips

SLIPS = Slips(["chauffage", "ascenseur", "fuites", "fuite", "bruit", "chaudes"])


@pytest.mark.parametrize("slip", ["chaufage", "chauffagge", "chauffaje", "chuaffage", "cauffage"])
def test_one_letter_more_less_other_or_swapped_is_mended(slip: str) -> None:
    assert SLIPS.mend(slip) == "chauffage"


@pytest.mark.parametrize("word", ["fuitr", "chofaje", "inconnu", "chauffage", "ascensuers", "123456", "a" * 50])
def test_short_far_and_known_words_stay(word: str) -> None:
    assert SLIPS.mend(word) == word


def test_the_commoner_word_is_meant() -> None:
    assert Slips(["chaudes", "chaudis"]).mend("chaudxs") == "chaudes"
    assert Slips(["chaudis", "chaudes"]).mend("chaudxs") == "chaudis"
