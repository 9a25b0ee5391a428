"""Names: one word however they are joined, one key for what sounds alike."""

import pytest

from dtm_contact.text import glued, name_words, sound


@pytest.mark.parametrize("written", ["Da Silva", "DaSilva", "DA-SILVA", "da  silva"])
def test_particles_are_glued(written: str) -> None:
    assert glued(written) == "dasilva"


@pytest.mark.parametrize("written", ["N'Diaye", "N’Diaye", "Ndiaye", "N' DIAYE", "n‘diaye"])
def test_apostrophes_join(written: str) -> None:
    assert glued(written) == "ndiaye"


def test_the_words_of_a_compound_name_stand_apart() -> None:
    assert name_words("Joseph-Auguste de l'Étang") == ("joseph", "auguste", "de", "letang")


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("coné", "Koné"),
        ("konet", "Koné"),
        ("filipe", "Philippe"),
        ("dialo", "Diallo"),
        ("cheriffe", "Chérif"),
        ("jibril", "Djibril"),
        ("calil", "Khalil"),
        ("waly", "Oualy"),
        ("gotier", "Gauthier"),
        ("bertrant", "Bertrand"),
        ("morau", "Moreau"),
        ("Kristof", "Christophe"),
        ("diakiter", "Diakiter"),
    ],
)
def test_what_sounds_alike_has_one_key(heard: str, written: str) -> None:
    assert sound(glued(heard)) == sound(glued(written))


@pytest.mark.parametrize(
    ("one", "other"), [("Martin", "Marin"), ("Petit", "Petrov"), ("Sow", "Sy"), ("Ben Ali", "Ben Amar")]
)
def test_what_sounds_otherwise_has_not(one: str, other: str) -> None:
    assert sound(glued(one)) != sound(glued(other))
