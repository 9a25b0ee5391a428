"""Phrases that the admins own: how they are written, where they stand, when they are denied."""

import pytest

from dtm_contact.model import Part
from dtm_contact.text import tokenize
from dtm_contact.topics import Effect, Phrase, PhraseBook, Reader, stands_in


def holds(phrase: str, text: str, reader: Reader) -> bool:
    return stands_in(Phrase.parse(phrase, Effect.POSSIBLE), text, reader.model)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("odeur de gaz", "Une ODEUR du gaz"),
        ("odeur de gaz", "des odeurs de gaz"),
        ("bloqué ... ascenseur", "elle est bloquée dans notre vieil ascenseur"),
        ("bloqué/coincé ... ascenseur", "coincée dans l'ascenseur"),
        ("bloqué ... ascenseur", "bloquee dans lassenceur ascensseur"),
        ("répond plus ... porte", "elle ne répond plus quand on frappe à la porte"),
        ("pas ... chauffage", "il n'y a pas de chauffage"),
        ("90 ans", "ma mère de 94 ans"),
        ("veux =en finir", "je veux en finir"),
        ("煤气", "我家有煤气味"),
        ("запах газа", "сильный запах газа"),
        ("رائحة غاز", "ورائحة الغاز قوية"),
        ("رائحة الغاز", "والرائحة غاز"),
        ("دخان", "والدخان يدخل إلى الغرفة"),
        ("الدخان", "بالدخان، ودخان كثيف"),
        ("اريد ان اموت", "وأريد أن أموت الآن"),
    ],
)
def test_a_phrase_stands_in_any_form_of_its_words(phrase: str, text: str, reader: Reader) -> None:
    assert holds(phrase, text, reader)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("odeur de gaz", "pas d'odeur de gaz"),
        ("odeur de gaz", "il n'y a plus aucune odeur de gaz"),
        ("odeur de gaz", "une odeur. Le gaz est coupé"),
        ("odeur de gaz", "une odeur, le gaz"),
        ("bloqué ... ascenseur", "personne n'est bloqué dans l'ascenseur"),
        ("=rats", "rat"),
        ("90 ans", "depuis 9 ans"),
        ("veux =en finir", "je veux finir"),
        ("رائحة غاز", "ولا توجد رائحة غاز"),
        ("اريد ان اموت", "ولا أريد أن أموت"),
        ("=دخان", "والدخان"),
        ("لد", "ولد"),
    ],
)
def test_a_phrase_does_not_stand_where_it_is_denied_or_its_words_are_apart(
    phrase: str, text: str, reader: Reader
) -> None:
    assert not holds(phrase, text, reader)


@pytest.mark.parametrize("text", ["", "...", "gaz!", "a/", "odeur (gaz)"])
def test_what_is_no_phrase_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Phrase.parse(text, Effect.DANGER)


def test_a_text_of_one_word_costs_little(reader: Reader) -> None:
    book = PhraseBook([Phrase.parse("gaz ... gaz ... gaz", Effect.DANGER)])
    tokens = tokenize([(Part.NEW, "gaz " * 2_000)])
    assert len(book.find(tokens, tokens.forms, reader.model.common)) <= 40
