"""The labelled messages of `fixtures/examples`: what each must be understood as."""

from functools import cache
from pathlib import Path

from dtm_contact.rehearsal import Example, read_examples

FOLDER = Path(__file__).parents[2] / "fixtures" / "examples"


@cache
def labelled() -> tuple[Example, ...]:
    return read_examples(FOLDER)
