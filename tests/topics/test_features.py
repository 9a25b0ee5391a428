"""What the model sees: words, denied words, pairs, pieces, each known by a number."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.model import Part
from dtm_contact.text import Tokens, tokenize
from dtm_contact.topics.features import PAIRS, PIECES, WORDS, denials, features_of, windows

COMMON = frozenset(["il", "y", "a", "de", "une", "n"])


def seen(text: str, subject: str = "") -> set[int]:
    return set(features_of(tokenize([(Part.SUBJECT, subject), (Part.NEW, text)]), COMMON).ids.tolist())


def words(text: str) -> Tokens:
    return tokenize([(Part.NEW, text)])


def test_the_same_message_has_the_same_features_however_it_is_written() -> None:
    assert seen("Il y a une ODEUR de gaz") == seen("il y a une odeur de  gaz")


def test_a_denied_word_is_another_than_the_word() -> None:
    said, denied = seen("odeur de gaz"), seen("pas odeur de gaz")
    assert len(said - denied) >= 3  # both words, and their pair


def test_a_negation_reaches_three_content_words_of_its_sentence() -> None:
    tokens = words("il n y a pas une odeur de gaz ici dehors. fumée")
    denied = denials(tokens, tokens.forms, COMMON)
    assert {tokens.forms[place] for place in denied} == {"odeur", "gaz", "ici"}
    assert {tokens.forms[by] for by in denied.values()} == {"pas"}


def test_nobody_denies_only_with_its_particle() -> None:
    nobody = words("personne n est bloqué")
    somebody = words("une personne est bloquée")
    assert denials(nobody, nobody.forms, COMMON)
    assert not denials(somebody, somebody.forms, COMMON)


def test_the_subject_is_seen_apart() -> None:
    assert seen("", "fuite") - seen("fuite")


def test_every_feature_stands_once_with_its_group_and_places() -> None:
    tokens = words("fuite fuite d'eau sous l'évier, fuite")
    found = features_of(tokens, COMMON)
    assert len(np.unique(found.ids)) == len(found.ids) == len(found.groups) == len(found.first) == len(found.last)
    assert set(found.groups.tolist()) == {WORDS, PAIRS, PIECES}
    assert (found.first <= found.last).all()
    assert found.last.max() < len(tokens)


@given(st.text(max_size=300))
def test_any_text_has_features(text: str) -> None:
    features_of(words(text), COMMON)


@given(st.integers(0, 500))
def test_stretches_cover_every_word(count: int) -> None:
    covered = {place for begin, end in windows(count, 40, 20) for place in range(begin, end)}
    assert set(range(count)) <= covered
