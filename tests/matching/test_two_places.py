"""Letters about one place by people who may live in another (`fixtures/places`): where the matter and home are."""

from datetime import UTC, datetime

import pytest

from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.passages import passage
from dtm_contact.matching.place_mentions import find_atoms
from dtm_contact.matching.places import grouped
from dtm_contact.model import Arrival, Match, NoHistory, Part
from dtm_contact.reading import read
from dtm_contact.settings import Settings
from fixtures.places import PlacedLetter, letters
from tests.matching.asked import UNKNOWN, ask

_RECEIVED = datetime(2026, 11, 24, 9, tzinfo=UTC)


def _matched(letter: PlacedLetter, index: MatchIndex) -> Match:
    arrival = Arrival("file", f"{letter.number}", _RECEIVED, "message/rfc822", None, letter.as_bytes())
    contact = read(arrival, authserv_ids=Settings.defaults().servers)
    return match(contact, contact.at.date(), index, NoHistory())


@pytest.mark.parametrize(
    ("name", "right", "wrong", "homes_wrong"),
    [("first.txt", 97, 1, 0), ("second.txt", 46, 0, 1), ("third.txt", 47, 1, 1)],
)
def test_the_matter_is_where_the_letter_says(
    fixture_index: MatchIndex, name: str, right: int, wrong: int, homes_wrong: int
) -> None:
    missed, mistaken, homeless = [], [], []
    for letter in letters(name):
        found = _matched(letter, fixture_index)
        said = found.residence.id if found.residence is not None else None
        home = found.home.residence_id if found.home is not None else ""
        if said is None:
            missed.append(letter.number)
        elif said != letter.residence_id:
            mistaken.append(letter.number)
        if home not in {"", letter.home_id}:
            homeless.append(letter.number)
    told = sum(1 for _letter in letters(name)) - len(missed) - len(mistaken)
    assert len(mistaken) <= wrong, mistaken
    assert told >= right, (missed, mistaken)
    assert len(homeless) <= homes_wrong, homeless


@pytest.mark.parametrize(
    ("text", "residence"),
    [
        (
            "Fuite au 13 rue Henri-Martin, Châtenay-Malabry.\n\nEts Rolle\n40 rue de la Noue, 94200 Ivry-sur-Seine",
            "R032",
        ),
        ("Fuite au 38 boulevard de Stalingrad à Champigny.\n\nLe Relais, 40 boulevard de Stalingrad", "R020"),
    ],
)
def test_what_a_firm_or_a_neighbour_signs_is_no_home_of_ours(
    fixture_index: MatchIndex, text: str, residence: str
) -> None:
    found = ask(text, fixture_index, UNKNOWN)
    assert found.residence is not None
    assert found.residence.id == residence
    assert found.home is None


@pytest.mark.parametrize("written", ["box 19 de la rue Louise-Michel", "garage 19 de la rue Louise-Michel"])
def test_the_number_of_a_parking_space_is_no_house(fixture_index: MatchIndex, written: str) -> None:
    found = ask(f"Je rends mon {written} à Châtenay-Malabry.", fixture_index, "sophienkosi94@laposte.example")
    assert found.residence is not None
    assert found.residence.id == "R036"
    assert found.home is not None
    assert found.home.residence_id == "R053"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        # Each of two mentions of one street, or of one residence's name, has the town that stands by it.
        (
            "Fuite à Créteil, 19 rue Louise-Michel ; je suis rue Louise-Michel aussi, mais à Châtenay, au 36, bât. B",
            ["19 louise michel, creteil", "36 louise michel, chatenay malabry"],
        ),
        (
            "Fuite rue Louise-Michel à Créteil, je suis rue Louise-Michel aussi, mais à Châtenay",
            [" louise michel, creteil", " louise michel, chatenay malabry"],
        ),
        (
            "Mon cousin est avenue de la Résistance aussi, à Créteil, 41, moi 13 avenue de la Résistance à Champigny",
            ["41 resistance, creteil", "13 resistance, champigny sur marne"],
        ),
        (
            "Je suis passé de La Noue à Malakoff (13 rue Victor-Hugo) à La Noue à Bagnolet (34 rue de Fontenay).",
            ["13 victor hugo, malakoff", "34 fontenay, bagnolet"],
        ),
        # A town and a street that does not lie in it, but in the town behind.
        ("À Montreuil tout va bien, mais au 19 rue Louise-Michel à Créteil il pleut", ["19 louise michel, creteil"]),
        # A residence in another town than the street beside it, though the two go together elsewhere.
        ("J'étais boulevard de Stalingrad à Montrouge (au 41), je suis à La Redoute", ["41 stalingrad, montrouge", ""]),
        # An address that is none of ours takes nothing from the one before it.
        (
            "Pour le 13 avenue de la Résistance à Champigny, m'écrire 4 rue des Lilas Blancs, 87000 Limoges",
            ["13 resistance, champigny sur marne"],
        ),
        ("20 rue du 11 nov. à Saint-Denis", ["20 11 novembre 1918, saint denis"]),
    ],
)
def test_each_mention_is_one_place_with_its_own_town(fixture_index: MatchIndex, text: str, places: list[str]) -> None:
    gazetteer, said = fixture_index.gazetteer, passage(Part.NEW, text)
    groups = [group for group in grouped(said, find_atoms(said, gazetteer), gazetteer) if group.anchored]
    told = []
    for group in groups:
        streets = [f"{atom.house.low if atom.house else ''} {atom.values[0]}" for atom in group.of("street")]
        told.append(", ".join([*streets, *(atom.values[0] for atom in group.of("commune"))]))
    assert told == places


def test_home_beside_another_residence_must_be_surer_than_alone(fixture_index: MatchIndex) -> None:
    other, home = "64 avenue Jean-Jaurès à Créteil", "68 mail François-Mitterrand à Montreuil"
    text = f"Je suis {home}. Le hall {other} est dans le noir."
    found = ask(text, fixture_index, "sophienkosi94@laposte.example")
    assert found.residence is None
    assert found.office_id is None
    assert [each.seen for each in found.place_evidence] == [home, other]
