"""The model's file: written and read the same, refused where it is none; slips change little."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dtm_contact.errors import UnusableModelError
from dtm_contact.model import Part, Problem
from dtm_contact.rules.reader_files import SHIPPED_MODEL, load_model
from dtm_contact.text import tokenize
from dtm_contact.topics import Model, Reader
from dtm_contact.topics.model import DANGER


def test_a_model_is_read_as_it_was_written(reader: Reader) -> None:
    again = Model.unpacked(reader.model.packed())
    tokens = tokenize([(Part.NEW, "fuite d'eau sous l'évier")])
    assert np.array_equal(again.all_scores(again.read(tokens)), reader.model.all_scores(reader.model.read(tokens)))
    assert again.calibrations == reader.model.calibrations
    assert again.columns == reader.model.columns


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken", SHIPPED_MODEL.read_bytes()[:5_000]])
def test_what_is_no_model_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(UnusableModelError):
        Model.unpacked(content)
    problems: list[Problem] = []
    assert load_model(path, problems) is None
    assert "make model" in problems[0].hint


def test_a_model_without_what_is_asked_of_it_is_refused(reader: Reader) -> None:
    model = reader.model
    with pytest.raises(UnusableModelError, match="calibration"):
        Model.unpacked(replace(model, calibrations={DANGER: model.calibrations[DANGER]}).packed())
    with pytest.raises(UnusableModelError, match="KeyError"):
        Model.unpacked(replace(model, convolution=None).packed())
    with pytest.raises(UnusableModelError, match="urgent"):
        Model.unpacked(replace(model, columns=tuple(name for name in model.columns if name != "urgent")).packed())


def test_a_missing_model_is_told_by_its_path(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_model(tmp_path / "none.npz", problems) is None
    assert "none.npz" in str(problems[0])


def test_accents_capitals_and_a_slip_hardly_change_a_score(reader: Reader) -> None:
    def likeliest(text: str) -> str:
        scores = reader.model.scores(reader.model.read(tokenize([(Part.NEW, text)])))
        return reader.model.columns[int(scores[: reader.model.topics].argmax())]

    usual = "Je n'ai plus de chauffage depuis hier, les radiateurs sont froids"
    assert (
        likeliest(usual)
        == likeliest(usual.upper())
        == likeliest("je n ai plus de chauffage depuis hier les radiateurs sont froids")
        == likeliest("Je n'ai plus de chauffqge depuis hier, les radiateuts sont froids")
        == "heating"
    )


def test_the_words_that_speak_for_a_column_are_told(reader: Reader) -> None:
    tokens = tokenize([(Part.NEW, "bonjour il y a des cafards ici")])
    told = reader.model.by_word(reader.model.read(tokens), "pests")
    assert tokens.forms[int(told.argmax())] == "cafards"
