"""What the learned model sees of a passage."""

from dtm_contact.topics import Lexicon, words_of
from dtm_contact.topics.features import features_of
from tests.topics.conftest import contact


def _seen(text: str, lexicon: Lexicon) -> set[str]:
    return set(features_of(words_of(contact(text), lexicon).passage, ()))


def test_a_misspelt_word_stands_in_pairs_by_the_word_that_it_may_stand_for(lexicon: Lexicon) -> None:
    pairs = {name for name in _seen("le plafond goutte", lexicon) if name.startswith("b:")}
    misspelt = _seen("le plaofnd goutte", lexicon)
    assert len(pairs) == 3
    assert pairs <= misspelt


def test_its_own_letters_are_seen_as_well(lexicon: Lexicon) -> None:
    assert {"u:plafond", "u:plaofnd", "c:plaof"} <= _seen("le plaofnd goutte", lexicon)


def test_each_character_of_chinese_is_a_word(lexicon: Lexicon) -> None:
    assert {"u:煤", "u:气", "b:气_煤"} <= _seen("厨房有煤气味", lexicon)


def test_cases_and_articles_of_other_scripts_fall_away(lexicon: Lexicon) -> None:
    assert _seen("лифте", lexicon) & _seen("лифт", lexicon)
    assert _seen("المصعد", lexicon) & _seen("مصعد", lexicon)
