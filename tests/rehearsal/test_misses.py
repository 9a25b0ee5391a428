"""What corrected cases teach: the words that are missing, and the phrases that misled."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.model import Contact
from dtm_contact.rehearsal.misses import Corrected, find_missing
from dtm_contact.rules.topics_file import load_lexicon
from dtm_contact.topics import Lexicon

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    found = load_lexicon(RULES, [])
    assert found is not None
    return found


def _corrected(text: str, right: str) -> Corrected:
    return Corrected(Contact("email", datetime(2026, 11, 24, tzinfo=UTC), new_text=text), right)


def test_a_correction_tells_what_was_said_and_which_words_are_missing(lexicon: Lexicon) -> None:
    told = [
        _corrected("Le poulailler de Mme Zyrgowska fait du bruit, une fuite d'eau coule", "other"),
        _corrected("Encore le poulailler, et la fuite d'eau", "other"),
    ]
    (missing,) = find_missing(told, lexicon)
    assert missing.topic == "other"
    assert dict(missing.said)["water_leak"] == 2
    assert dict(missing.suggested)["poulailler"] == 2
    assert not {"zyrgowska", "encore"} & set(dict(missing.suggested))
    assert any(text.startswith("water_leak : ") for text, _ in missing.blamed)


def test_what_is_understood_by_now_is_left_out(lexicon: Lexicon) -> None:
    assert find_missing([_corrected("J'ai une fuite d'eau au plafond", "water_leak")], lexicon) == ()
