"""The training of the model of places: letters label their places, and the same letters make the same model."""

import pytest

pytest.importorskip("scipy", reason="scikit-learn and scipy (the group training) are not installed")

from dtm_contact.matching.place_model import Meaning, PlaceModel
from training import places
from training.places import Example, learn, left_out, mislabelled, right

HOME = ("always", "<chez moi", "known:home")
OTHER = ("always", "<ma sœur", "known:elsewhere")
LIFT = ("always", "~ascenseur", "known:elsewhere")


def examples() -> list[Example]:
    found = []
    for hand in "ABCDEFGH":
        for _ in range(4):
            found.append(Example(hand, (HOME, OTHER), ((True, False), (True, False)), 1.0))
            found.append(Example(hand, (HOME, LIFT), ((False, True), (True, False)), 1.0))
            found.append(Example(hand, (OTHER,), ((False,), None), 1.0))
    return found


def chosen(model: PlaceModel, *places: tuple[str, ...]) -> list[Meaning]:
    return model.meanings([model.said(place) for place in places])


def test_a_model_knows_what_it_learned() -> None:
    model = learn(examples(), {})
    home, lift = chosen(model, HOME, LIFT)
    assert lift.matter > 0.7 > home.matter
    assert home.home > 0.9
    home, other = chosen(model, HOME, OTHER)
    assert home.matter > 0.7 > other.matter
    assert chosen(model, OTHER)[0].matter < 0.5


def test_the_same_letters_make_the_same_model() -> None:
    assert learn(examples(), {"letters": 1}).packed() == learn(examples(), {"letters": 1}).packed()


def test_every_hand_is_left_out_once_and_told_right() -> None:
    found = examples()
    turns = left_out(found)
    assert sorted(hand for out, _model in turns for hand in out) == list("ABCDEFGH")
    told = right(found, turns)
    assert told["letters, matter"] == (96, 96)
    assert told["letters, home"] == (64, 64)


def test_the_corpus_can_be_read() -> None:
    for path in places.mails():
        assert path.read_text("utf-8").count("\n") >= 100
    lines = places.TOLD.read_text("utf-8").splitlines()
    assert len(lines) == len(set(lines))
    assert all(places._SLOT.search(line) for line in lines)


def test_a_mislabelled_letter_is_wrong_in_both_of_its_examples() -> None:
    found = examples()
    wrong = mislabelled(found, 3)
    assert wrong[3].fits == ((False, True), (False, True))
    assert [one != other for one, other in zip(found, wrong, strict=True)].count(True) == 1
    twins = [found[0], found[0], *found]
    assert [one != other for one, other in zip(twins, mislabelled(twins, 0), strict=True)].count(True) == 2
