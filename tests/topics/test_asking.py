"""Who asks, how he wants to be treated; when something was; addresses that are no words."""

import pytest

from dtm_contact.model import Asker, Wish
from tests.topics.conftest import Understand


@pytest.mark.parametrize(
    ("text", "asker"),
    [
        ("J'habite au 4, mon évier est bouché", Asker.TENANT),
        ("Je suis la fille de Mme Roy, chez ma mère l'évier est bouché", Asker.THIRD_PARTY),
        ("Assistante sociale, j'accompagne M. Keita dont le radiateur est froid", Asker.THIRD_PARTY),
        ("Je cherche un appartement, je suis hébergée chez une amie", Asker.APPLICANT),
        ("Veuillez trouver notre facture, bon de commande 12", Asker.SUPPLIER),
        ("Je suis locataire chez un autre bailleur, une fuite vient de chez vous", Asker.OTHER_LANDLORD),
        ("De l'eau coule dans ma boutique, mes clients glissent", Asker.SHOP),
        ("Les services de la ville vous demandent l'accès au toit", Asker.TOWN_HALL),
        ("Le hall est sale", None),
    ],
)
def test_who_asks(text: str, asker: Asker | None, read: Understand) -> None:
    understood = read(text)
    assert understood.asker is asker
    assert bool(understood.asker_evidence) == (asker is not None)


def test_what_the_writer_wishes_is_kept_with_his_words(read: Understand) -> None:
    understood = read("Ça deale dans le hall. Ne dites pas que ça vient de moi. Rappelez-moi après 18 h, merci.")
    wishes = {wished.wish: wished.evidence.seen for wished in understood.wishes}
    assert set(wishes) == {Wish.ANONYMOUS, Wish.CALL}
    assert "après 18 h" in wishes[Wish.CALL]
    assert read("Ça deale dans le hall.").wishes == ()


@pytest.mark.parametrize(
    "text",
    [
        "Il y a eu un feu de poubelle l'été dernier devant le bâtiment, depuis le mur est noir",
        "Une poubelle a brûlé il y a dix jours dans la cour",
        "En mars il y a eu un incendie dans la cave",
        "la lumière brûle toute la nuit dans le hall",
    ],
)
def test_a_fire_that_is_over_is_none(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority != "P1"


@pytest.mark.parametrize(
    "text",
    [
        "Il y a le feu depuis dix minutes dans la cave",
        "En mars déjà une alerte, et maintenant il y a le feu dans la cave",
    ],
)
def test_a_fire_that_burns_is_one(text: str, read_shipped: Understand) -> None:
    assert read_shipped(text).priority == "P1"


@pytest.mark.parametrize(
    "text",
    [
        "Écrivez-moi à jean.incendie@gaz.example pour ma quittance",
        "Voir https://fuite.example/incendie/ascenseur-en-panne pour ma quittance",
        "J'habite 12 rue de la Fuite d'Eau, je voudrais ma quittance",
    ],
)
def test_an_address_says_nothing_of_the_matter(text: str, read: Understand) -> None:
    assert read(text).topics == ("documents",)
