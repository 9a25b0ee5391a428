"""What writers say of themselves, told from what only sounds like it."""

import pytest

from dtm_contact.matching.cues import HAS_DIED, Statement, said_in
from dtm_contact.model import Part


@pytest.mark.parametrize(
    ("folded", "borrowed"),
    [
        ("j'ecris de la boite de mon epoux", True),
        ("c'est le mail de mon epouse", True),
        ("je passe par l'adresse de thomas", True),
        ("mon adresse est celle de la loge", False),
        ("mon epoux ecrira", False),
    ],
)
def test_who_writes_from_the_account_of_his_home(folded: str, borrowed: bool) -> None:  # noqa: FBT001
    assert (Statement.BORROWED in said_in(folded, Part.NEW)) is borrowed


@pytest.mark.parametrize(
    "folded",
    ["je cherche un logement", "cerco un monolocale in affitto", "caut o garsoniera", "kiralik daire ariyorum"],
)
def test_who_looks_for_a_home(folded: str) -> None:
    assert Statement.APPLICANT in said_in(folded, Part.SUBJECT)


@pytest.mark.parametrize(
    ("folded", "of_another"),
    [
        ("je suis chez valdemar habitat a thiais", True),
        ("je suis locataire de coop'est habitat, allee des peupliers", True),
        ("je suis locataire chez vous, paris habitat", False),
        ("sur mon avis c'est marque habitat du canal", True),
        ("je suis locataire d'un autre bailleur", True),
        ("je suis chez paris habitat depuis dix ans", False),
        ("ma mere est chez un autre bailleur", False),
        ("on habite chez ma mere", False),
    ],
)
def test_who_rents_from_another_landlord(folded: str, of_another: bool) -> None:  # noqa: FBT001
    assert (Statement.RENTS_ELSEWHERE in said_in(folded, Part.NEW)) is of_another


def test_whose_mother_does() -> None:
    assert Statement.OF_NO_TENANT in said_in("elle est pas chez vous, elle est chez un autre organisme", Part.NEW)
    assert Statement.OF_NO_TENANT not in said_in("elle est chez vous depuis 1990", Part.NEW)


@pytest.mark.parametrize(
    ("after", "died"),
    [
        (" est decede le 19 aout", True),
        (", decedee en mars", True),
        (" nous a quittes", True),
        (" est morte de peur dans cet ascenseur", False),
        (" a perdu ses cles", False),
        (" et son mari est decede", False),
    ],
)
def test_the_news_of_a_death(after: str, died: bool) -> None:  # noqa: FBT001
    assert (HAS_DIED.match(after) is not None) is died
