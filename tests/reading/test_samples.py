"""Whole messages as mail programs send them; the contact expected of each lies beside it."""

import json
from pathlib import Path

import pytest

from tests.reading.reads import contact, plain_values

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.eml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_reads_as_expected(sample: Path) -> None:
    expected = json.loads(sample.with_suffix(".json").read_text(encoding="utf-8"))
    assert plain_values(contact(sample.read_bytes())) == expected
