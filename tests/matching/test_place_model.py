"""The model of places: what its file holds, and what it says of places that it was taught or knows nothing of."""

import io

import numpy as np
import pytest

from dtm_contact.errors import UnusableModelError
from dtm_contact.matching.place_model import Meaning, PlaceModel, shipped

HERE, ELSEWHERE = ["always", "<chez", "<moi"], ["always", "<au", "~ascenseur"]


def taught() -> PlaceModel:
    weights = np.array([[-1.0, -1.0], [3.0, 4.0], [0.0, 0.0], [2.0, -6.0]], np.float32)
    return PlaceModel.of(["always", "<moi", "<rien", "~ascenseur"], weights, {"letters": 3})


def chosen(model: PlaceModel, *places: list[str]) -> list[Meaning]:
    return model.meanings([model.said(place) for place in places])


def test_a_place_is_chosen_among_all_that_are_named_and_none() -> None:
    home, other = chosen(taught(), HERE, ELSEWHERE)
    assert home.home > 0.9 > other.matter > other.home
    assert home.matter + other.matter < 1.0
    alone = chosen(taught(), ["always"])[0]
    assert alone.matter == pytest.approx(1 / (1 + np.e), abs=0.01)
    assert taught().meanings([]) == []


def test_a_model_that_knows_nothing_takes_all_places_alike() -> None:
    blank = PlaceModel.of([], np.zeros((0, 2), np.float32), {})
    one, other = chosen(PlaceModel.unpacked(blank.packed()), HERE, ELSEWHERE)
    assert one == other
    assert one.matter == pytest.approx(1 / 3)


def test_what_is_packed_is_read_again() -> None:
    model = taught()
    again = PlaceModel.unpacked(model.packed())
    assert dict(again.rows) == {"always": 0, "<moi": 1, "~ascenseur": 2}
    assert chosen(again, HERE) == chosen(model, HERE)
    assert again.about == {"letters": 3}
    assert again.packed() == model.packed()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", taught().packed()[:200], b"x" * 1000])
def test_a_damaged_file_is_told(content: bytes) -> None:
    with pytest.raises(UnusableModelError):
        PlaceModel.unpacked(content)


def test_weights_that_are_not_one_row_a_feature_are_told() -> None:
    with np.load(io.BytesIO(taught().packed())) as file:
        arrays = {name: file[name] for name in file.files}
    content = io.BytesIO()
    np.savez(content, **{**arrays, "weights": arrays["weights"][:-1]})
    with pytest.raises(UnusableModelError, match="one row a feature"):
        PlaceModel.unpacked(content.getvalue())


def test_the_model_of_the_program_says_what_it_was_made_of() -> None:
    model = shipped()
    assert len(model.about["corpus"]) == len("0" * 64)
    assert len(model.packed()) < 300_000
