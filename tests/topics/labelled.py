"""The labelled messages of `fixtures/examples`: what each must be understood as."""

from functools import cache
from pathlib import Path

from dtm_contact.rehearsal import Example, read_examples
from dtm_contact.rules.topics_file import load_lexicon

RULES = Path(__file__).parents[2] / "rules"
FOLDER = Path(__file__).parents[2] / "fixtures" / "examples"


@cache
def labelled() -> tuple[Example, ...]:
    """Return the messages of which the shipped model has learned; later ones show what it does not know yet."""
    lexicon = load_lexicon(RULES, [])
    assert lexicon is not None
    assert lexicon.learned is not None
    batches = lexicon.learned.provenance.partition(": ")[2].split(", ")
    return tuple(example for example in read_examples(FOLDER) if example.batch in batches)
