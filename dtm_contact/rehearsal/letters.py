"""Labelled mail of a folder, read for what it teaches of words: `.eml` files and their truth, as `score` takes them."""

import re
from collections.abc import Iterator
from pathlib import Path

from dtm_contact.model import Contact
from dtm_contact.reading import read
from dtm_contact.rehearsal.at_rest import messages_at_rest
from dtm_contact.rehearsal.examples import READ_AS_OF, Example
from dtm_contact.rehearsal.truth import Truth, read_truth

_WRITER = re.compile(r"\A(.+?)-?(\d+)\.eml\Z")


def read_letters(folder: Path) -> tuple[Example, ...]:
    """Return the labelled mail of a folder in the order of the files' names.

    What is passed on is left out: there the words are those of somebody else, and only part of what decides. Files
    that differ by a number at the end of their names ("KA-001.eml") are of one writer.

    Raises:
        InvalidFilesError: there is no truth, or a line of it is not what it should be.
        UnreadablePathError: the folder holds no message, or one cannot be read.
    """
    return tuple(_read(folder))


def _read(folder: Path) -> Iterator[Example]:
    truth = read_truth(folder)
    for arrival in messages_at_rest([str(folder)], READ_AS_OF):
        contact = read(arrival)
        right = truth.get(arrival.external_id)
        if right is not None and not contact.forwarded and (contact.subject or contact.new_text):
            yield _example(arrival.external_id, contact, right)


def _example(name: str, contact: Contact, right: Truth) -> Example:
    named = _WRITER.match(name)
    return Example(
        batch=named[1] if named else name,
        number=int(named[2]) if named else 1,
        text=contact.new_text,
        subject=contact.subject,
        topic=right.topic,
        topics=right.topics,
        priority=right.priority,
        priorities=right.priorities,
        kind=right.kind,
    )
