"""The reader as it is shipped: the program's model, the phrases and topics of `rules/`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.model import Attachment, AutomaticSign, Channel, Contact, Problem, Understanding
from dtm_contact.rules.reader_files import load_model, load_reader
from dtm_contact.topics import Reader, understand

RULES = Path(__file__).parents[2] / "rules"

Read = Callable[..., Understanding]


@pytest.fixture(scope="session")
def reader() -> Reader:
    problems: list[Problem] = []
    model = load_model(None, problems)
    found = load_reader(RULES, model, problems) if model else None
    assert found is not None, problems
    return found


@pytest.fixture
def read(reader: Reader) -> Read:
    def reading(
        text: str,
        subject: str = "",
        *,
        signs: tuple[AutomaticSign, ...] = (),
        attachments: tuple[Attachment, ...] = (),
        undecoded: bool = False,
        answers: tuple[str, ...] = (),
    ) -> Understanding:
        at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        contact = Contact(
            Channel.EMAIL,
            at,
            subject=subject,
            new_text=text,
            automatic_signs=signs,
            attachments=attachments,
            undecoded=undecoded,
            in_reply_to=answers,
        )
        return understand(contact, reader)

    return reading
