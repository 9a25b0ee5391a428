"""Held against figures worked out by hand, and against the published example of the interval."""

import pytest

from dtm_contact.rehearsal.score import reliability, wilson


def test_a_band_holds_what_was_said_with_about_that_probability() -> None:
    answers = [(0.91, True), (0.93, False), (0.97, True), (1.0, True), (0.1, False)]
    bands = {(band.low, band.high): band for band in reliability(answers)}
    assert bands.keys() == {(0.0, 0.2), (0.9, 0.95), (0.95, 0.98), (0.99, 1.0)}
    band = bands[0.9, 0.95]
    assert (band.count, band.right) == (2, 0.5)
    assert band.said == pytest.approx(0.92)
    assert band.off == pytest.approx(0.42)
    assert band.interval == wilson(1, 2)


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)]
)
def test_the_interval_is_that_of_newcombe_1998(right: int, of: int, low: float, high: float) -> None:
    found = wilson(right, of)
    assert found[0] == pytest.approx(low, abs=1e-4)
    assert found[1] == pytest.approx(high, abs=1e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert reliability([]) == ()
