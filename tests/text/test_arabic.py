"""Names in Arabic letters have the consonants that a French registrar wrote."""

import pytest

from dtm_contact.text import consonants, fold


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [
        ("رشيدة", "Rachida"),
        ("زياني", "Ziani"),
        ("محمد", "Mohammed"),
        ("حداد", "Haddad"),
        ("خديجة", "Khadija"),
        ("جمال", "Djamel"),
        ("يوسف", "Youssef"),
        ("شريف", "Chérif"),
        ("غربي", "Gharbi"),
        ("قاسم", "Kacem"),
        ("القادر", "El-Kader"),
        ("لخضر", "Lakhdar"),
        ("بوشارب", "Bouchareb"),
        ("عثمان", "Othmane"),
    ],
)
def test_both_scripts_have_the_same_consonants(arabic: str, latin: str) -> None:
    assert consonants(fold(arabic)) == consonants(fold(latin).replace("-", ""))


def test_other_names_have_others() -> None:
    assert consonants("rachida") != consonants("khadija")
    assert consonants("") == ""
