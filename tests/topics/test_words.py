"""How words and phrases are led back to those of the lexicon."""

import re

import pytest

from dtm_contact.model import Part
from dtm_contact.topics import Lexicon, Phrase, Spelling
from dtm_contact.topics.passage import read_passage
from dtm_contact.topics.spelling import slips_allowed
from dtm_contact.topics.stems import sound, stem
from tests.topics.conftest import contact

_SMALL = frozenset(("le", "la", "de", "d", "l", "en", "est"))


@pytest.mark.parametrize(
    "forms",
    [
        ("bloque", "bloquee", "bloquees", "bloquer", "bloquait"),
        ("fuite", "fuites"),
        ("radiateur", "radiateurs"),
        ("tuyau", "tuyaux"),
        ("gardien", "gardienne", "gardiennes"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(("one", "other"), [("loyer", "loi"), ("punaise", "puni"), ("rat", "rate"), ("moisi", "mois")])
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("heard", "written"),
    [("chofage", "chauffage"), ("assenseur", "ascenseur"), ("kafard", "cafard"), ("kittance", "quittance")],
)
def test_words_that_sound_alike_have_one_key(heard: str, written: str) -> None:
    assert sound(heard) == sound(written)


def test_longer_words_may_hold_more_slips() -> None:
    assert [slips_allowed(length) for length in (3, 5, 6, 8, 9, 15)] == [0, 0, 1, 1, 2, 2]


@pytest.fixture
def spelling() -> Spelling:
    return Spelling(frozenset(("chauffage", "ascenseur", "gaz", "referes")), frozenset(("preferes",)), {"pu": "plus"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("chaufage", "chauffage"),
        ("cahuffage", "chauffage"),
        ("chauffagr", "chauffage"),
        ("chofaje", "chauffage"),
        ("lascenseur", "ascenseur"),
        ("lascenceur", "ascenseur"),
    ],
)
def test_a_misspelt_word_is_led_back(written: str, meant: str, spelling: Spelling) -> None:
    assert stem(meant) in spelling.keys(written, False)


def test_a_short_form_is_written_out(spelling: Spelling) -> None:
    assert spelling.keys("pu", False)[0] == "=plus"


def test_an_ordinary_word_is_no_misspelling(spelling: Spelling) -> None:
    assert stem("referes") not in spelling.keys("preferes", False)
    assert stem("referes") in spelling.keys("rreferes", False)


def test_a_short_word_must_be_right(spelling: Spelling) -> None:
    assert "gaz" not in spelling.keys("gar", False)


def test_a_name_is_no_misspelling(spelling: Spelling) -> None:
    assert stem("chauffage") not in spelling.keys("chaufage", True)


def test_names_are_told_by_their_capital_and_their_title(lexicon: Lexicon) -> None:
    seen: dict[str, bool] = {}

    def keys_of(word: str, name: bool) -> tuple[str, ...]:  # noqa: FBT001 (the interface of Spelling.keys)
        seen[word] = name
        return (f"={word}", word)

    text = "Bonjour, ici Karim Morel. Voisin de monsieur chaufage. URGENT svp"
    read_passage(contact(text), (Part.NEW,), keys_of)
    assert {word for word, name in seen.items() if name} == {"karim", "morel", "chaufage"}
    del lexicon


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("fuite de gaz", "une fuite du gaz", False),
        ("fuite de gaz", "une fuite de gaz", True),
        ("fuite de gaz", "fuites de la gaz", True),
        ("fuite ... plafond", "fuite qui tombe droit du plafond", True),
        ("fuite ... plafond", "fuite un deux trois quatre cinq six plafond", False),
        ("fuite ... plafond", "fuite. Le plafond", False),
        ("robinet/mitigeur bouche", "le mitigeur est bouche", True),
        ("=rats", "un rat", False),
        ("=rats", "des rats", True),
        ("en feu", "le feu", False),
        ("en feu", "la cave est en feu", True),
    ],
)
def test_how_a_phrase_is_found(phrase: str, text: str, found: bool) -> None:  # noqa: FBT001 (a row of the table)
    parsed = Phrase.parse(phrase, _SMALL)
    passage = read_passage(contact(text), (Part.NEW,), lambda word, _name: (f"={word}", stem(word)))
    places = [
        parsed.match(passage, place, _SMALL)
        for place, keys in enumerate(passage.keys)
        if not parsed.steps[0].keys.isdisjoint(keys)
    ]
    assert any(places) is found


@pytest.mark.parametrize("text", ["", "...", "?", "a,b", "mot!"])
def test_a_phrase_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Phrase.parse(text, _SMALL)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Un. Deux ! Trois ?", 3),
        ("M. Pereira, bât. B, esc. 3", 1),
        ("Une ligne\nqui continue", 1),
        ("Un paragraphe\n\nun autre", 2),
        ("Liste :\n- un\n- deux", 3),
        ("le 01.23.45 heures", 1),
    ],
)
def test_where_sentences_end(text: str, sentences: int) -> None:
    passage = read_passage(contact(text), (Part.NEW,), lambda word, _name: (f"={word}",))
    assert len(set(passage.sentences)) == sentences
