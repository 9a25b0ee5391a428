"""Whom a message is about that names several, or that somebody writes who is no tenant; and which place it means."""

from dataclasses import replace

import pytest

from dtm_contact.directory import Directory
from dtm_contact.matching import MatchIndex
from dtm_contact.matching.clues import extract
from dtm_contact.model import Channel, Contact, Mailbox
from dtm_contact.settings import Settings
from tests.matching.asked import AT, UNKNOWN, ask, named
from tests.matching.placed import placed_estate

ODETTE = "TX-odette"
HERS = "odette.vauquelin@courriel.example"
PLACE = "12 rue Laplace, Arcueil"


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A new name is no other's who bears it, and thanks are not for a tenant.
        ("Nous nous sommes mariés et je porte désormais son nom, Vauquelin.\nOdette", ODETTE),
        (f"Un petit mot pour M. Jebali, votre gardien : merci.\nOdette Vauquelin, {PLACE}", ODETTE),
        # Who somebody is, by ear.
        (f"ma mere sapel odette vauquelin cest {PLACE.lower()}. mon pere cest mr jebali il est parti", ODETTE),
        # With whom somebody lives who is told of.
        (f"Mme Vauquelin, votre locataire {PLACE}, vit avec Mme Petit et trois enfants. Signé : la mairie", ODETTE),
    ],
)
def test_who_is_not_meant(text: str, expected: str, placed: MatchIndex) -> None:
    found = ask(text, placed, HERS if text.endswith("Odette") else UNKNOWN, name="Mairie")
    assert found.candidates[0].tenant_id == expected


@pytest.mark.parametrize(
    ("text", "seen", "house"),
    [
        # Neither a day nor a floor is a house number.
        ("Plus d'eau rue Laplace à Arcueil, à réparer avant le 12 décembre.", "rue Laplace à Arcueil", ""),
        ("Je suis sur le palier du 6e, rue Laplace à Arcueil.", "6e, rue Laplace à Arcueil", ""),
        ("Plus d'eau rue Laplace à Arcueil, du 12/11 au 14/11.", "rue Laplace à Arcueil", ""),
    ],
)
def test_what_is_no_house_number(text: str, seen: str, house: str, placed: MatchIndex) -> None:
    groups = extract(Contact(Channel.EMAIL, AT, Mailbox("", UNKNOWN), new_text=text), placed).groups
    assert [group.where()[0] for group in groups] == [seen]
    assert {str(atom.house or "") for group in groups for atom in group.of("street")} == {house}


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


def test_a_mother_written_for_from_her_daughters_account_is_meant() -> None:
    records = placed_estate()
    odette = next(each for each in records.leases if each.tenant_id == ODETTE)
    daughter = replace(odette, tenant_id="TX-clara", role="occupant", first_name="Clara", birth_name="",
                       email="clara.vauquelin@courriel.example", phones=())  # fmt: skip
    index = MatchIndex.build(Directory(replace(records, leases=(*records.leases, daughter))), Settings())
    text = "J'écris pour ma mère, Odette, qui ne lit pas le français. Elle n'a plus d'eau.\n\nClara Vauquelin"
    assert named(ask(text, index, "clara.vauquelin@courriel.example", name="Clara")) == ODETTE
    his = "Plus d'eau.\n\nClara Vauquelin"
    assert named(ask(his, index, "clara.vauquelin@courriel.example", name="Clara")) == "TX-clara"


def test_two_names_that_can_be_read_both_ways_are_as_frequent_as_the_likelier_reading() -> None:
    records = placed_estate()
    odette = next(each for each in records.leases if each.tenant_id == ODETTE)
    unknown = replace(odette, birth_name="", email="", phones=())
    names = [("Marie", "Bernard")] * 4 + [("Bernard", "Marie")]
    bernards = [
        replace(unknown, tenant_id=f"TX-{number}", dwelling_id=f"LX{number}", first_name=first, last_name=last)
        for number, (first, last) in enumerate(names, start=2)
    ]
    index = MatchIndex.build(Directory(replace(records, leases=(*records.leases, *bernards))), Settings())
    found = ask("Il me faut une attestation.\n\nMarie Bernard", index)
    assert {each.tenant_id for each in found.candidates[:4]} == {"TX-2", "TX-3", "TX-4", "TX-5"}
    assert found.residence is None


def test_a_streets_last_word_with_a_number_of_it_is_the_street(placed: MatchIndex) -> None:
    found = ask("Plus d'eau.\nJosiane, 7 Wilson, 3e", placed)
    assert [piece.seen for piece in found.place_evidence] == ["7 Wilson, 3e"]
    assert not ask("Plus d'eau depuis 8 Wilson.", placed).place_evidence


def test_a_passage_is_no_street_where_a_comma_follows(placed: MatchIndex) -> None:
    found = ask(f"Un trou au ras du passage, Laplace ou autre, devant le {PLACE}.", placed)
    assert all("passage" not in piece.seen for piece in found.place_evidence)


def test_who_is_thanked_in_a_subject_is_the_caretaker(placed: MatchIndex) -> None:
    answer = ask(f"Votre gardien a été formidable.\nOdette Vauquelin, {PLACE}", placed, subject="Pour M. Trochu")
    assert named(answer) == ODETTE


def test_another_landlord_may_be_a_colleagues(placed: MatchIndex) -> None:
    text = f"Un collègue a un F4 chez un autre bailleur. Que faut-il pour échanger ?\nOdette Vauquelin, {PLACE}"
    assert named(ask(text, placed)) == ODETTE
    his = f"Je suis locataire chez un autre bailleur. Plus d'eau en face.\nOdette Vauquelin, {PLACE}"
    assert named(ask(his, placed)) is None
