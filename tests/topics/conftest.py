"""The shipped words, read once; and a contact in one line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.model import Contact, Forwarded, Mailbox, Problem, Understanding
from dtm_contact.rules.topics_file import load_lexicon
from dtm_contact.topics import Lexicon, understand

RULES = Path(__file__).parents[2] / "rules"
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

Understand = Callable[..., Understanding]


def contact(text: str, subject: str = "", forwarded: str = "") -> Contact:
    passed_on = (Forwarded(Mailbox(), "", forwarded),) if forwarded else ()
    return Contact("email", AT, subject=subject, new_text=text, forwarded=passed_on)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    problems: list[Problem] = []
    found = load_lexicon(RULES, problems)
    assert found is not None, problems
    assert not problems
    return found


@pytest.fixture(scope="session")
def read(lexicon: Lexicon) -> Understand:
    """What the words alone say, without what labelled messages have taught."""
    words_alone = replace(lexicon, learned=None)

    def _read(text: str, subject: str = "", forwarded: str = "") -> Understanding:
        return understand(contact(text, subject, forwarded), words_alone)

    return _read


@pytest.fixture(scope="session")
def read_shipped(lexicon: Lexicon) -> Understand:
    def _read(text: str, subject: str = "", forwarded: str = "") -> Understanding:
        return understand(contact(text, subject, forwarded), lexicon)

    return _read
