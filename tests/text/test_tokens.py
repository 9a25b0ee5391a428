"""The tokeniser: words, sentences, spans, numbers, and what is masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.model import Part, Span
from dtm_contact.text import (
    CHARACTERS_READ,
    MASKED,
    WORDS_READ,
    Tokens,
    tokenize,
    without_article,
    without_proclitics,
)


def words(text: str, *masked: Span) -> Tokens:
    return tokenize([(Part.NEW, text)], masked)


def test_words_are_folded_and_lead_back_to_what_was_written() -> None:
    tokens = words("L’été, une FUITE d'œufs…")
    assert tokens.forms == ["l", "ete", "une", "fuite", "d", "oeufs"]
    assert [tokens.written(place, place) for place in range(len(tokens))] == ["L", "été", "une", "FUITE", "d", "œufs"]


def test_a_sentence_ends_at_a_full_stop_a_blank_line_and_an_item_but_not_behind_an_abbreviation() -> None:
    tokens = words("Voir bat. B. Fuite\n\nsuite\n- un\n- deux")
    assert dict(zip(tokens.forms, tokens.sentences, strict=True)) == {
        "voir": 0, "bat": 0, "b": 0, "fuite": 1, "suite": 2, "un": 3, "deux": 4,
    }  # fmt: skip


def test_questions_and_pauses_are_known() -> None:
    tokens = words("Le feu, mon mari. Quand venez-vous ?")
    assert tokens.asked == {1}
    assert tokens.paused == {2}


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("84 ans", ["#8.", "ans"]),
        ("7 ans", ["#0.", "ans"]),
        ("920 euros", ["#3", "euros"]),
        ("18h30", ["##h##"]),
        ("我家没有水", ["我", "家", "没", "有", "水"]),
    ],
)
def test_numbers_keep_their_kind_and_ideographs_are_words(text: str, forms: list[str]) -> None:
    assert words(text).forms == forms


def test_names_behind_titles_and_of_streets_are_masked() -> None:
    assert words("Bonjour, M. Feu, 12 rue du Four").forms == ["bonjour", "m", MASKED, "#1.", "rue", "du", MASKED]
    assert words("le feu est dans le four").forms == ["le", "feu", "est", "dans", "le", "four"]


def test_what_identity_used_is_masked_only_where_it_is_written_as_a_name() -> None:
    masked = Span(Part.NEW, 0, 100)
    assert words("je suis Odette", masked).forms == ["je", "suis", MASKED]
    assert words("Feu dans la cave, AU FEU", masked).forms == ["feu", "dans", "la", "cave", "au", "feu"]


def test_addresses_and_links_are_no_words() -> None:
    assert words("écrire à gaz@fuite.example ou https://fuite.example/gaz svp").forms == [
        "ecrire", "a", "ou", "https", "svp",
    ]  # fmt: skip


def test_a_huge_text_is_read_up_to_a_limit() -> None:
    assert len(words("mot " * 10_000)) == WORDS_READ
    assert all(end <= CHARACTERS_READ for end in words("long" * 10_000).ends)


@given(st.text(max_size=400))
def test_spans_hold_for_any_text(text: str) -> None:
    tokens = words(text)
    assert all(0 <= start < end <= len(text) for start, end in zip(tokens.starts, tokens.ends, strict=True))
    assert tokens.starts == sorted(tokens.starts)
    assert tokens.sentences == sorted(tokens.sentences)


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("والدخان", ("الدخان", "دخان")),
        ("الدخان", ("دخان",)),
        ("بالمصعد", ("مصعد",)),
        ("للغاز", ("غاز",)),
        ("ودخان", ("دخان",)),
        ("غاز", ()),
        ("ولد", ()),
        ("والد", ("الد",)),
        ("gaz", ()),
        ("", ()),
    ],
)
def test_what_arabic_writes_onto_a_word_is_taken_off_where_a_word_is_left(word: str, bare: tuple[str, ...]) -> None:
    assert without_proclitics(word) == bare


@pytest.mark.parametrize(("word", "bare"), [("الغاز", "غاز"), ("والغاز", "والغاز"), ("الو", "الو"), ("algaz", "algaz")])
def test_the_article_is_taken_off_alone(word: str, bare: str) -> None:
    assert without_article(word) == bare
