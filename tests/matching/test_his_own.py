"""What is the writer's own: the name that his mailbox begins, his floor, his place; and whom a service visited."""

from dataclasses import replace

import pytest

from dtm_contact.directory import Directory
from dtm_contact.matching import MatchIndex
from dtm_contact.settings import Settings
from tests.matching.asked import ask, named
from tests.matching.placed import placed_estate

ODETTE, NOBODY = "TX-odette", None
HERS = "odette.vauquelin@courriel.example"
PLACE = "12 rue Laplace, Arcueil"


@pytest.mark.parametrize(
    ("shown", "text", "expected"),
    [
        # A mailbox is called as the name in the midst of a text begins.
        ("Odette", f"il tape dans ma porte {PLACE} 6eme odette vauquelin\nil a une barre", ODETTE),
        ("Odette V", f"il tape dans ma porte {PLACE} 6eme odette vauquelin\nil a une barre", ODETTE),
        ("Gilles", f"il tape dans sa porte {PLACE} 6eme odette vauquelin\nil a une barre", NOBODY),
        ("", f"Odette Vauquelin et moi nous marions, {PLACE}, je viens chez elle.", NOBODY),
        # "C'est" by ear, with a title, in Creole, by a birth name.
        ("", f"slt cest mme vauquelin odette de {PLACE}\n\njvoulé savoir qui paye", ODETTE),
        ("", f"bjr ces odette vauquelin {PLACE} plu deau", ODETTE),
        ("", f"Bonjou, se Odette Vauquelin, mwen rete {PLACE}. Pa gen dlo.", ODETTE),
        ("", f"Il est tard. Se plaint Odette Vauquelin, dit-on, {PLACE}.", NOBODY),
        ("Odette", f"Moi c'est celle née Sarrazin, {PLACE}. Plus d'eau.\nOdette Vauquelin", ODETTE),
        # At whose home he lives.
        ("", f"I live in the flat of Mr Jebali, {PLACE}. No water.\nOdette Vauquelin", ODETTE),
        # Whom a service visited, and for whom it was asked.
        ("Service hygiène", f"Nous avons visité le logement de Mme Vauquelin Odette, {PLACE}, bâtiment A.", ODETTE),
        ("Mairie", f"À la demande de votre locataire, Mme Odette Vauquelin, {PLACE}, nous sommes passés.", ODETTE),
        ("Signal", f"Déclarant : Mme Vauquelin O.\nAdresse : {PLACE}, 6e étage\nDésordres : moisissures", ODETTE),
        # Names in Arabic letters.
        ("", f"السلام عليكم، أنا محمد الجبالي، {PLACE}، عمارة B. لا ماء.", "TX-jebali1"),
        ("", f"لا ماء في {PLACE}, bât. B\n\nمحمد جبالي", "TX-jebali1"),
        ("", f"لا ماء عند محمد الجبالي في {PLACE}, bât. B. شكرا جزيلا", NOBODY),
        # Capitals throughout tell no names, though a line below has its own.
        ("", f"C'EST LA PILE, LE VOYANT CLIGNOTE.\n{PLACE.upper()}\nTel. 0611000001", ODETTE),
        # What follows the leave-taking on the last line.
        ("", f"Plus d'eau.\n\nmerci. odette vauquelin, {PLACE.lower()}", ODETTE),
        # A first name with its place and floor; the floor of others is not the writer's.
        ("", f"Plus d'eau au {PLACE}.\nOdette, 6e", ODETTE),
        ("", f"Plus d'eau au {PLACE}, pareil chez la dame d'en face et au 4e.\nOdette, 6e", ODETTE),
        # Whom a label names, and a name whose beginning a voice message has twice.
        ("Téléassistance", f"Abonnée : Mme VAUQUELIN Odette\nAdresse : {PLACE}\nElle ne répond pas.", ODETTE),
        ("", f"allô c'est madame vauq vauquelin au {PLACE.lower()} sixième étage plus d'eau", ODETTE),
        # What a mailbox is called may name nobody.
        ("une locataire", f"Plus d'eau.\nOdette Vauquelin, {PLACE}", ODETTE),
    ],
)
def test_who_writes(shown: str, text: str, expected: str | None, placed: MatchIndex) -> None:
    assert named(ask(text, placed, name=shown)) == expected


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("au 6e pas au 4e", "6"),
        ("au sixième, le gardien le sait", "6"),
        ("fuite du 4e ; chez moi au 6e tout est mouillé", "6"),
    ],
)
def test_his_own_floor(text: str, known: str, placed: MatchIndex) -> None:
    """Where several are told, or one stands alone, what is the writer's counts."""
    best = ask(f"Odette Vauquelin, {PLACE}, {text}.", placed).candidates[0]
    floors = [piece for piece in best.evidence if piece.name == "place.floor"]
    assert [(piece.detail, piece.weight > 0) for piece in floors] == [(known, True)]


def test_the_floor_of_who_writes_for_another_is_not_that_ones(placed: MatchIndex) -> None:
    told = "Elle est sourde et n'entend plus la sonnette, et personne ne vient jamais la voir depuis l'été."
    text = f"J'écris pour ma voisine, Mme Odette Vauquelin, {PLACE}.\n\n{told} Moi je suis au 4e.\nM. Petit"
    best = ask(text, placed).candidates[0]
    assert best.tenant_id == ODETTE
    assert not [piece for piece in best.evidence if piece.name == "place.floor"]


def test_a_shop_heads_its_address(placed: MatchIndex) -> None:
    below = "(pas le confrère du 86, qui porte la même enseigne et dont nous recevons déjà les factures)"
    found = ask(f"Le rideau est bloqué.\n\nBoulangerie Aubépine, {PLACE}\n{below}", placed)
    assert named(found) == "TX-bakery"


def test_who_asks_for_a_transfer_is_a_tenant_of_the_place_told(placed: MatchIndex) -> None:
    asks = f"J'habite au {PLACE}. Ma demande de mutation, numéro unique 094031799214875, est sans suite."
    assert named(ask(f"{asks}\nOdette Vauquelin", placed)) == ODETTE
    elsewhere = "Mon bailleur n'a rien de plus grand : je cherche un logement aux Aubépines, une mutation."
    assert ask(elsewhere, placed).residence is None


def test_a_residence_is_called_by_the_surname_of_whom_it_is_named_after() -> None:
    records = placed_estate()
    mail = next(each for each in records.residences if each.residence_id == "RX2")
    named = replace(mail, name="Odette-Ribeyrolles")
    others = tuple(each for each in records.residences if each is not mail)
    index = MatchIndex.build(Directory(replace(records, residences=(*others, named))), Settings())
    found = ask("Plus d'eau.\n\nEnguerrand Gavroche\nRibeyrolles, 5e étage", index)
    assert found.residence is not None
    assert found.residence.id == "RX2"
    street = ask("Plus d'eau au 35 bis Ribeyrolles.", index)
    assert street.residence is None


def test_a_name_of_two_places_is_that_of_the_known_writers_home() -> None:
    records = placed_estate()
    mail = next(each for each in records.residences if each.residence_id == "RX2")
    others = tuple(each for each in records.residences if each is not mail)
    laplace = replace(mail, name="Laplace", aliases=())
    index = MatchIndex.build(Directory(replace(records, residences=(*others, laplace))), Settings())
    found = ask("Plus d'eau, bât. A, Laplace.", index, address=HERS)
    assert found.residence is not None
    assert found.residence.id == "RX1"


def test_an_address_is_a_residence_whatever_the_mailbox_is_called(placed: MatchIndex) -> None:
    for shown in ("", "une locataire", "Anonyme"):
        found = ask(f"Le ménage du {PLACE} n'est plus fait.", placed, name=shown)
        assert found.residence is not None
        assert found.residence.id == "RX1"


def test_a_number_that_ends_a_line_is_in_no_street_of_the_signature_below(placed: MatchIndex) -> None:
    found = ask("M. Petit a retrouvé le doudou, tout va bien au 12.\nLaplace Odette", placed, HERS)
    assert named(found) == ODETTE
    assert not found.place_evidence


@pytest.mark.parametrize("told", ["j'écris depuis sa boîte mail", "je vous écris avec son adresse"])
def test_who_writes_on_the_account_of_whom_it_is_for_says_so(told: str, placed: MatchIndex) -> None:
    text = f"je suis Inaya sa petite fille, {told}. Plus d'eau chez elle.\nInaya (pour Mme Vauquelin)"
    assert named(ask(text, placed, HERS, name="Odette Vauquelin")) == ODETTE


def test_papers_in_a_relatives_name_and_his_own_are_his(placed: MatchIndex) -> None:
    text = "Ci-joint le certificat d'assurance, au nom de ma mère Julie et au mien.\nOdette Vauquelin"
    assert named(ask(text, placed, HERS)) == ODETTE
