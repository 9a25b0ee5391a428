"""What a glance says of danger: good enough for an order, cheap, and never taken for an alarm."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dtm_contact.model import Priority
from dtm_contact.reading import texts_at_a_glance
from dtm_contact.rehearsal.truth import read_truth
from dtm_contact.topics import SURE_DANGER, DangerLimits, Effect, Phrase, PhraseBook, Reader, danger_score
from training.corpus import FOLDER, Message, read

MAIL = Path(__file__).parents[2] / "fixtures" / "mail"
CALM = "Pouvez-vous m'envoyer une quittance de loyer pour mon dossier."
GAS = "Il y a une forte odeur de gaz dans tout le hall, les gens ont mal à la tête."


def taught(reader: Reader, **phrases: Effect) -> Reader:
    """Return the reader with these phrases alone, their words joined by `_`."""
    book = PhraseBook([Phrase.parse(text.replace("_", " "), effect) for text, effect in phrases.items()])
    return replace(reader, phrases=book, limits=replace(reader.limits, danger=DangerLimits(0.7, 0.14)))


def test_the_reader_alone_tells_danger_from_the_rest(reader: Reader) -> None:
    bare = taught(reader)
    assert danger_score(["Urgent", GAS], bare) > 900
    assert danger_score(["Quittance", CALM], bare) == 0


@pytest.mark.parametrize(
    ("effect", "least", "most"),
    [
        (Effect.ALWAYS_DANGER, 900, 910),
        (Effect.DANGER, 900, 910),
        (Effect.POSSIBLE, 140, 140),
        (Effect.VIOLENCE_AT_HOME, 140, 140),
        (Effect.NOT_DANGER, 0, 0),
        (Effect.REQUEST, 0, 0),
    ],
)
def test_what_a_phrase_does_to_an_alarm_it_does_to_the_score(
    effect: Effect, least: int, most: int, reader: Reader
) -> None:
    assert least <= danger_score([CALM], taught(reader, quittance_de_loyer=effect)) <= most


def test_a_denied_phrase_and_one_in_a_sentence_of_no_danger_raise_nothing(reader: Reader) -> None:
    denied = ["Je ne veux pas de quittance."]
    assert danger_score(denied, taught(reader, quittance=Effect.DANGER)) == danger_score(denied, taught(reader)) < 140
    silenced = taught(reader, quittance=Effect.DANGER, de_loyer=Effect.NOT_DANGER)
    assert danger_score([CALM], silenced) == 0
    assert danger_score([GAS], taught(reader, forte_odeur=Effect.NOT_DANGER)) == 0


def test_danger_far_behind_is_seen(reader: Reader) -> None:
    long = " ".join(f"{CALM} Cordialement." for _ in range(90))
    assert danger_score([f"{long} {GAS}"], taught(reader)) > 0
    assert danger_score([long], taught(reader)) == 0


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        "\x00" * 40_000,
        "a" * 40_000,
        "gaz " * 40_000,
        "pas " * 20_000,
        "!?\n" * 20_000,
        "\ud800 gaz",
        "煤" * 9_000,
    ],
)
def test_no_text_makes_it_fail_and_every_score_fits_its_bounds(hostile: str, reader: Reader) -> None:
    assert 0 <= danger_score([hostile, hostile], reader) <= SURE_DANGER


def test_every_danger_of_the_sample_mails_comes_before_all_that_is_none(reader: Reader) -> None:
    found = [
        (
            danger_score(texts_at_a_glance((MAIL / file).read_bytes()), reader),
            Priority.P1 in {truth.priority, *truth.priorities},
        )
        for file, truth in read_truth(MAIL).items()
    ]
    dangers = [score for score, danger in found if danger]
    assert len(dangers) >= 9
    assert min(dangers) > max(score for score, danger in found if not danger)


def kept() -> Iterator[Message]:
    """Yield every third message that no model has learned of and of which nobody can argue."""
    names = ("unseen.jsonl.xz", "week.jsonl", "month.jsonl", "emergencies.jsonl", "languages.jsonl")
    messages = (message for name in names for message in read([FOLDER / "kept" / name]))
    return (message for number, message in enumerate(messages) if number % 3 == 0 and not message.arguable)


def test_nearly_all_dangers_are_among_the_first_tenth(reader: Reader) -> None:
    messages = list(kept())
    scores = [danger_score([message.subject, message.text], reader) for message in messages]
    others = sorted(
        (score for score, message in zip(scores, messages, strict=True) if not message.danger), reverse=True
    )
    tenth = others[len(others) // 10]
    dangers = [score for score, message in zip(scores, messages, strict=True) if message.danger]
    assert len(dangers) > 200
    assert sum(score > tenth for score in dangers) >= 0.98 * len(dangers)
    # Most of what is no danger keeps its turn by age.
    assert sum(score == 0 for score in others) > 0.6 * len(others)
