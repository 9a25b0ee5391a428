"""Labelled mail that teaches words: read as it would be judged, what is passed on left out."""

import shutil
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.rehearsal import read_letters, read_truth

LETTERS = Path(__file__).parents[2] / "fixtures" / "letters"


def test_a_letter_is_read_with_what_it_must_be_understood_as() -> None:
    truth, letters = read_truth(LETTERS), read_letters(LETTERS)
    assert {each.batch for each in letters} >= {"KA", "KB", "LK"}
    assert 0.9 * len(truth) < len(letters) < len(truth)  # some are passed on
    for each in letters:
        right = truth[f"{each.batch}-{each.number:03}.eml"]
        assert (each.topic, each.priority, each.kind) == (right.topic, right.priority, right.kind)
        assert each.text or each.subject


def test_letters_without_their_truth_are_refused(tmp_path: Path) -> None:
    shutil.copy(LETTERS / "KA-001.eml", tmp_path)
    with pytest.raises(InvalidFilesError):
        read_letters(tmp_path)
