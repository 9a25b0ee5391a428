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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Somebody brought up at the head of a letter has not signed it.
        ("Georges Vauquelin, qui était avec moi au bail, est parti.\nOdette", ODETTE),
        # A relative told of is not the one of the account who writes.
        ("Georges (mon père) dit que le gardien n'a pas la clé.", ODETTE),
        # Two who sign together, on the account of one of them.
        ("Plus d'eau.\n\nGeorges Vauquelin    Odette Vauquelin", ODETTE),
    ],
)
def test_whose_account_it_is_is_believed(text: str, expected: str, placed: MatchIndex) -> None:
    assert named(ask(text, placed, HERS, name="Odette")) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Le juge a placé Mme VAUQUELIN Odette, née en 1951, sous curatelle. Elle demeure {PLACE}.",
        f"Je suis le gendre d'Odette Vauquelin ({PLACE}, 6e). Elle ne peut plus monter.",
        f"Mes parents Odette et Georges Vauquelin habitent {PLACE}, 6e. Plus d'eau.",
    ],
)
def test_for_whom_a_relative_or_a_guardian_writes(text: str, placed: MatchIndex) -> None:
    found = ask(text, placed, name="Paul Untel")
    assert found.candidates[0].tenant_id in {ODETTE, "TX-georges"}
    assert found.dwelling is not None
    assert found.dwelling.id == "LX1"


def test_a_son_who_says_whose_he_is_bears_his_own_name(placed: MatchIndex) -> None:
    mentions = ask(f"Bonjour, je suis Georges le fils d'Odette Vauquelin, {PLACE}.", placed).candidates[0].evidence
    assert not [piece for piece in mentions if piece.name == "name.self" and "fils" in piece.seen]


def test_a_service_names_in_its_subject_whom_it_visited(placed: MatchIndex) -> None:
    text = f"Notre inspecteur s'est rendu au {PLACE}, 6e étage, porte 3. Taux d'humidité de 84 %."
    answer = ask(text, placed, name="SCHS Ville d'Arcueil", subject="Visite du 17/11 – logement de Mme VAUQUELIN")
    assert named(answer) == ODETTE


@pytest.mark.parametrize("denied", ["et non du Mail à Cachan", "à ne pas confondre avec Le Mail à Cachan"])
def test_a_place_that_is_denied_is_not_meant(denied: str, placed: MatchIndex) -> None:
    answer = ask(f"Nous parlons des Aubépines à Arcueil, {denied}. Le hall est froid.", placed)
    assert answer.residence is not None
    assert answer.residence.id == "RX1"


def test_who_is_on_the_way_is_in_no_street(placed: MatchIndex) -> None:
    answer = ask(f"De la fumée au {PLACE}, les pompiers sont en route mais ils veulent la clé.", placed)
    assert [piece.seen for piece in answer.place_evidence] == [PLACE]


def test_a_car_park_under_a_building_is_at_its_address(placed: MatchIndex) -> None:
    asked = ask(f"Merci de garder les images du hall et du parking du {PLACE}, du 20 au 21 novembre.", placed)
    assert asked.residence is not None
    mine = ask(f"Mon garage est au {PLACE}, mais je parle de l'appartement.", placed)
    assert mine.residence is None


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        # Services: in a table, behind the place, far from it.
        ("Convocations", f"Lieu du risque ..... {PLACE}\nAssurée ..... VAUQUELIN ODETTE\nNature ..... dégâts des eaux"),
        ("UDAF", f"Majeure protégée : VAUQUELIN Odette\nLogement : {PLACE}, 6e étage"),
        ("Cabinet infirmier", f"J'arrive devant le {PLACE}, 6e étage, elle ne répond pas. Il s'agit de Mme VAUQUELIN."),
        ("Planning", f"Notre bénéficiaire du 6e (Mme Vauquelin) ne répond plus.\nC'est au {PLACE}."),
        # A relative who puts the name in brackets behind the address.
        ("Linh", f"I'm writing on behalf of my aunt (she's the one at {PLACE}, Mrs Vauquelin). No water."),
        # A relative's word is no name, though some bear it.
        ("Linh", f"Plus d'eau au {PLACE}, ma cousine Frère est venue.\nOdette Vauquelin"),
    ],
)
def test_who_is_meant_by_whom_others_write(shown: str, text: str, placed: MatchIndex) -> None:
    assert named(ask(text, placed, name=shown)) == ODETTE


def test_a_service_that_passes_on_a_complaint_names_no_neighbour(placed: MatchIndex) -> None:
    text = f"Mme Odette Vauquelin, {PLACE}, nous a écrit : c'est encore le bruit, M. Jebali ne veut rien entendre."
    assert named(ask(text, placed, name="Mairie d'Arcueil")) != "TX-jebali1"


def test_a_number_may_stand_apart_from_its_street(placed: MatchIndex) -> None:
    answer = ask("Plus d'eau au 14 bis de la rue Laplace, Arcueil.", placed)
    assert [piece.seen for piece in answer.place_evidence] == ["14 bis de la rue Laplace, Arcueil"]


def test_a_colleague_names_whom_he_saw_with_floor_and_street(placed: MatchIndex) -> None:
    text = f"Une dame est passée ce matin, son interphone ne marche plus.\n\nMme Vauquelin Odette, 6e, entrée {PLACE}."
    assert named(ask(text, placed, "h.quesnel@bailleur.example", name="Hilaire Quesnel")) == ODETTE
    many = f"Au {PLACE}, plus de lumière. Les gens se plaignent, Mme Vauquelin du 6e la première."
    assert named(ask(many, placed, "h.quesnel@bailleur.example", name="Hilaire Quesnel")) is None


def test_a_first_name_shown_and_a_surname_in_the_address_are_one_name(placed: MatchIndex) -> None:
    found = ask(f"Plus d'eau, {PLACE}.", placed, "o.vauquelin.perso@poste.example", name="Odette V")
    assert named(found) == ODETTE
