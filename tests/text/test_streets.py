"""Streets and house numbers in the ways that people write them."""

import pytest

from dtm_contact.text import HouseNumber, parse_house_number, place_words, same_word, street_words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("rue du Docteur-Roux", ("docteur", "roux")),
        ("r. du Dr Roux", ("docteur", "roux")),
        ("av. Jean Jaurès", ("jean", "jaures")),
        ("AVENUE JEAN-JAURES", ("jean", "jaures")),
        ("bd Gal de Gaulle", ("general", "gaulle")),
        ("rue du 11-Novembre-1918", ("11", "novembre", "1918")),
        ("rue du onze novembre 1918", ("11", "novembre", "1918")),
        ("rue de l'Abbé-Grégoire", ("abbe", "gregoire")),
        ("sq St Vincent", ("saint", "vincent")),
        ("Les Quatre-Chemins", ("4", "chemins")),
    ],
)
def test_a_street_is_its_telling_words(written: str, words: tuple[str, ...]) -> None:
    assert street_words(written) == words


def test_a_place_keeps_the_kind_that_is_part_of_its_name() -> None:
    assert place_words("Square Barbusse") == ("square", "barbusse")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", HouseNumber(12, 12)),
        ("12 bis", HouseNumber(12, 12, "bis")),
        ("12BIS", HouseNumber(12, 12, "bis")),
        ("12B", HouseNumber(12, 12, "bis")),
        ("12 ter", HouseNumber(12, 12, "ter")),
        ("10/12", HouseNumber(10, 12)),
        ("10-12", HouseNumber(10, 12)),
        ("14 à 30", HouseNumber(14, 30)),
        ("12 10", None),
        ("329 - 12", None),
        ("bis", None),
        ("", None),
        ("123456", None),
    ],
)
def test_a_house_number_in_every_form(written: str, number: HouseNumber | None) -> None:
    assert parse_house_number(written) == number


def test_a_range_covers_what_lies_in_it() -> None:
    assert HouseNumber(10, 14).covers(HouseNumber(12, 12, "bis"))
    assert not HouseNumber(10, 14).covers(HouseNumber(16, 16))


def test_a_long_word_allows_one_slip_and_a_short_one_or_a_number_none() -> None:
    assert same_word("jaurez", "jaures")
    assert not same_word("roch", "roux")
    assert not same_word("1919", "1918")
