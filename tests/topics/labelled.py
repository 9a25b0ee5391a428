"""The labelled messages of `fixtures/examples`: what each must be understood as."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from dtm_contact.rehearsal import Example, read_examples
from dtm_contact.rehearsal.learning import writer_of
from dtm_contact.rules.topics_file import load_lexicon

RULES = Path(__file__).parents[2] / "rules"
FOLDER = Path(__file__).parents[2] / "fixtures" / "examples"


_FILES, _MESSAGES = 5, 4
"""Of the files every fifth is read here, and of its messages every fourth; `score fixtures/examples` holds all."""


@cache
def labelled() -> tuple[Example, ...]:
    """Return a fixed spread of the messages that the shipped model has learned."""
    lexicon = load_lexicon(RULES, [])
    assert lexicon is not None
    assert lexicon.learned is not None
    writers = {each.rpartition(" ")[0] for each in lexicon.learned.provenance.partition(": ")[2].split(", ")}
    with TemporaryDirectory() as some:
        for file in sorted(FOLDER.glob("*.yaml"))[::_FILES]:
            shutil.copyfile(file, Path(some) / file.name)
        return tuple(each for each in read_examples(Path(some)) if writer_of(each.batch) in writers)[::_MESSAGES]
