"""The labelled messages of `fixtures/examples`: what each must be understood as."""

from functools import cache
from pathlib import Path

from dtm_contact.rehearsal import Example, read_examples
from dtm_contact.rehearsal.learning import writer_of
from dtm_contact.rules.topics_file import load_lexicon

RULES = Path(__file__).parents[2] / "rules"
FOLDER = Path(__file__).parents[2] / "fixtures" / "examples"


_EVERY = 19
"""Of the messages every nineteenth is held against its label here; `dtm-contact score fixtures/examples` holds all."""


@cache
def labelled() -> tuple[Example, ...]:
    """Return a fixed spread of the messages that the shipped model has learned."""
    lexicon = load_lexicon(RULES, [])
    assert lexicon is not None
    assert lexicon.learned is not None
    writers = {each.rpartition(" ")[0] for each in lexicon.learned.provenance.partition(": ")[2].split(", ")}
    return tuple(example for example in read_examples(FOLDER) if writer_of(example.batch) in writers)[::_EVERY]
