"""What a line that says that it is over is worth beside the model's probability, and which lines are learned of."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn (the group training) is not installed")

from dtm_contact.model import Part
from training.settled import LINES, MAILS, PRODUCTS, _marked, _read, _worth


def test_a_line_that_goes_with_harmless_mails_counts_against_danger_and_odds_as_they_are() -> None:
    odds = np.array([1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -2.0])
    scores = np.array([0.0, 0.0, 0.0, 0.1, 2.0, 1.0, 2.0, 0.0])
    worth = _worth(odds, scores[:, np.newaxis], np.array([1, 1, 1, 1, 0, 0, 0, 0], np.bool_))
    assert worth.slopes[0] == 1
    assert worth.slopes[1] < -0.5


def test_what_is_added_to_every_mail_does_not_hang_on_what_products_report() -> None:
    odds = np.array([1.0, -1.0, -1.0, -2.0, 1.0, -1.0, 1.0, -2.0])
    settled = np.array([0.0, 0.0, 0.0, 0.1, 2.0, 1.0, 2.0, 0.0])
    dangers = np.array([1, 1, 1, 1, 0, 0, 0, 0], np.bool_)
    silent, telling = (
        _worth(odds, np.column_stack([settled, raised]), dangers) for raised in (np.zeros(8), 0.5 * dangers)
    )
    assert telling.slopes[2] > 0.1
    assert telling.offset == pytest.approx(silent.offset)


def test_each_marked_line_stands_in_its_mail_and_opposites_stand_beside_them() -> None:
    mails, lines = [*_read(MAILS), *(mail for path in PRODUCTS for mail in _read(path))], list(_read(LINES))
    for mail in mails:
        assert max(mail["settled"], default=0) <= mail["text"].count("\n") + 1
    said = [line["settled"] for line in lines]
    assert 0.4 < np.mean(said) < 0.6
    assert len({line["text"] for line in lines}) == len(lines)


def test_the_subject_is_the_first_line_and_wrappings_say_nothing() -> None:
    mail = {"subject": "Fin d'essai", "text": "Site : cour\nRAS", "settled": [0, 2], "priority": "P4"}
    marked = list(_marked([mail]))
    assert marked[:3] == [
        (0, Part.SUBJECT, "Fin d'essai", True),
        (0, Part.NEW, "Site : cour", False),
        (0, Part.NEW, "RAS", True),
    ]
    assert {owner for owner, *_ in marked[3:]} == {-1}
    assert (-1, Part.NEW, "État : autotest réussi", True) in marked
    assert not any("{text}" in line for _, _, line, _ in marked)
