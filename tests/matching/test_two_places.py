"""Letters about one place by people who may live in another (`fixtures/places`): where the matter and home are."""

from datetime import UTC, datetime

import pytest

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, Match, NoHistory
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
    [("first.txt", 97, 1, 0), ("second.txt", 46, 1, 1), ("third.txt", 46, 1, 1)],
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
