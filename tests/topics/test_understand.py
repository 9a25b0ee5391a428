"""Which parts are read, what the evidence points at, and what hostile text does."""

import random
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtm_contact.model import Evidence, Part, Understanding
from dtm_contact.topics import Lexicon, understand
from dtm_contact.topics.passage import WORDS_READ, read_passage
from dtm_contact.topics.phrase import ATTEMPTS
from tests.topics.conftest import Understand, contact

_MEGABYTE = 1_000_000


def _evidence(understood: Understanding) -> list[Evidence]:
    found = [evidence for finding in understood.findings for evidence in (*finding.evidence, *finding.defused)]
    return [*found, *understood.raised_by, *understood.scope_evidence]


def test_evidence_points_at_the_words_as_written(lexicon: Lexicon) -> None:
    message = contact("L’œil-de-bœuf va bien… Plus d’EAU CHAUDE chez moi, ﬁn de mois glacée ! Bébé a froid.", "Œuvre")
    understood = understand(message, lexicon)
    assert understood.topic == "heating"
    assert _evidence(understood)
    for evidence in _evidence(understood):
        assert evidence.span is not None
        assert message.text(evidence.span.part)[evidence.span.start : evidence.span.end] == evidence.seen
    assert "Plus d’EAU CHAUDE" in {evidence.seen for evidence in understood.findings[0].evidence}


def test_quoted_text_signature_and_disclaimer_are_not_read(lexicon: Lexicon) -> None:
    message = replace(
        contact("Bien reçu, merci."),
        quoted_text="Il y a une fuite d'eau au plafond",
        signature="Plomberie et dégât des eaux, Sarl Dupont",
        disclaimer="En cas d'incendie n'imprimez pas ce message, odeur de gaz",
    )
    understood = understand(message, lexicon)
    assert understood.topics == ("thanks",)
    assert {evidence.span.part for evidence in _evidence(understood) if evidence.span} <= {Part.SUBJECT, Part.NEW}


def test_a_forwarded_original_counts_where_the_new_text_says_little(read: Understand) -> None:
    assert read("Pour suite à donner, merci.", forwarded="Plus de chauffage chez moi").topic == "heating"
    assert read("Voir ci-dessous.", subject="TR: locataire", forwarded="J'ai des cafards").topic == "pests"


def test_a_forwarded_original_is_not_read_where_the_new_text_says_enough(read: Understand) -> None:
    text = (
        "Bonjour, je vous transmets pour mémoire notre échange ; je voudrais aujourd'hui une quittance de loyer pour la"
        " préfecture, si possible avant vendredi, car mon dossier doit partir."
    )
    assert read(text, forwarded="Plus de chauffage chez moi").topics == ("documents",)


def test_nothing_at_all_is_other(read: Understand) -> None:
    understood = read("")
    assert understood.topics == ("other",)
    assert understood.priority == "P3"
    assert understood.findings == ()


def test_understanding_is_the_same_each_time(read: Understand) -> None:
    text = "Fuite au plafond, plus de chauffage, cafards, ascenseur en panne, quittance, gardien absent"
    assert read(text) == read(text)


def _only_words_of_the_lexicon(lexicon: Lexicon) -> str:
    chance = random.Random(3)  # noqa: S311 (text, not secrets)
    words = sorted(lexicon.spelling.words)
    return " ".join(chance.choices(words, k=_MEGABYTE // 7))


@pytest.mark.parametrize(
    "text",
    [
        "a" * _MEGABYTE,
        " " * _MEGABYTE,
        "ligne\n" * 100_000,
        "fuite d'eau " * 90_000,
        "si il y a pas de fuite " * 45_000,
        "\u0301" * _MEGABYTE,
        ".,!?" * 250_000,
        "\x00\ud800" * 1000,
        "9" * 50_000 + " ans",
        "31 " * 10_000 + "novembre",
    ],
    ids=["one-word", "spaces", "lines", "one-phrase", "markers", "marks", "stops", "broken", "digits", "days"],
)
def test_hostile_text_is_understood_somehow_with_bounded_evidence(text: str, read: Understand) -> None:
    understood = read(text)
    assert understood.topics
    assert len(_evidence(understood)) < 500


def test_a_megabyte_of_words_is_read_up_to_a_limit(lexicon: Lexicon) -> None:
    message = contact(_only_words_of_the_lexicon(lexicon))
    passage = read_passage(message, (Part.NEW,), lexicon.spelling.keys)
    assert len(passage.forms) <= WORDS_READ
    assert understand(message, lexicon).topics


def test_one_phrase_is_tried_a_bounded_number_of_times(lexicon: Lexicon) -> None:
    passage = read_passage(contact("cafards " * 1900), (Part.NEW,), lexicon.spelling.keys)
    found = [entry for entry, _ in lexicon.index.find(passage) if entry.text == "cafard"]
    assert 0 < len(found) <= ATTEMPTS


def test_many_different_words_do_not_fill_the_memory(lexicon: Lexicon) -> None:
    words = ("mot" + "".join(chr(97 + (number // 26**power) % 26) for power in range(4)) for number in range(60_000))
    while chunk := list(islice(words, 1500)):
        read_passage(contact(" ".join(chunk)), (Part.NEW,), lexicon.spelling.keys)
    assert len(lexicon.spelling._cache) <= 20_000


@settings(max_examples=60)
@given(text=st.text(max_size=300), subject=st.text(max_size=60))
def test_any_text_is_understood_and_its_spans_hold(lexicon: Lexicon, text: str, subject: str) -> None:
    message = contact(text, subject)
    for evidence in _evidence(understand(message, lexicon)):
        assert evidence.span is not None
        assert message.text(evidence.span.part)[evidence.span.start : evidence.span.end] == evidence.seen
